package replicaset

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestHowManyPodsToCreateOrDelete(t *testing.T) {
	many := func(n int) []*corev1.Pod {
		var pods []*corev1.Pod
		for i := range n {
			pods = append(pods, pod(fmt.Sprintf("p%04d", i)))
		}
		return pods
	}
	for name, tc := range map[string]struct {
		desired        int32
		current        int
		create, remove int
	}{
		"desired equals current: nothing to do": {desired: 3, current: 3},
		"too few: the rest is created":          {desired: 3, current: 1, create: 2},
		"too many: the surplus is deleted":      {desired: 1, current: 3, remove: 2},
		"none desired: all go":                  {desired: 0, current: 2, remove: 2},
		"a set of one":                          {desired: 1, current: 0, create: 1},
		"a burst is bounded":                    {desired: 1200, current: 0, create: 500},
	} {
		t.Run(name, func(t *testing.T) {
			got := decideChange(set(tc.desired), many(tc.current), nil, now)
			if got.create != tc.create || len(got.remove) != tc.remove {
				t.Errorf("create %d, delete %d; want %d, %d", got.create, len(got.remove), tc.create, tc.remove)
			}
		})
	}
}

func TestWhichPodsGoFirst(t *testing.T) {
	day, hour := 24*time.Hour, time.Hour
	for name, tc := range map[string]struct {
		pods, related []*corev1.Pod
		order         []string
	}{
		"unassigned before assigned": {
			pods: []*corev1.Pod{pod("assigned", inPhase(corev1.PodPending)), pod("unassigned", onNode(""), inPhase(corev1.PodPending))}, order: []string{"unassigned", "assigned"}},
		"pending before unknown before running": {
			pods:  []*corev1.Pod{pod("running"), pod("unknown", inPhase(corev1.PodUnknown)), pod("pending", inPhase(corev1.PodPending))},
			order: []string{"pending", "unknown", "running"}},
		"not ready before ready, whatever it costs": {
			pods: []*corev1.Pod{pod("ready", readyFor(hour), costing("-5")), pod("unready")}, order: []string{"unready", "ready"}},
		"lower deletion cost first": {
			pods: []*corev1.Pod{pod("dear", readyFor(hour), costing("10")), pod("plain", readyFor(hour)), pod("cheap", readyFor(hour), costing("-1"))}, order: []string{"cheap", "plain", "dear"}},
		"a cost that is no number counts as none": {
			pods: []*corev1.Pod{pod("b", readyFor(day), costing("much")), pod("a", readyFor(hour))}, order: []string{"a", "b"}},
		"the fuller node first": {
			pods:    []*corev1.Pod{pod("alone", readyFor(hour), onNode("n1")), pod("crowded", readyFor(day), onNode("n2"))},
			related: []*corev1.Pod{pod("x", onNode("n1")), pod("y", onNode("n2")), pod("z", onNode("n2"))},
			order:   []string{"crowded", "alone"}},
		"ready for a shorter time first": {
			pods: []*corev1.Pod{pod("old", readyFor(day)), pod("new", readyFor(hour))}, order: []string{"new", "old"}},
		"ages of the same magnitude: by UID": {
			pods: []*corev1.Pod{pod("b", readyFor(hour)), pod("a", readyFor(hour+time.Minute))}, order: []string{"a", "b"}},
		"more restarts first": {
			pods: []*corev1.Pod{pod("calm", readyFor(hour)), pod("restless", readyFor(hour), restarted(3))}, order: []string{"restless", "calm"}},
		"younger first": {
			pods: []*corev1.Pod{pod("old", createdBefore(day)), pod("new", createdBefore(hour))}, order: []string{"new", "old"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.order, names(inDeletionOrder(tc.pods, tc.related, now))); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreationsStartSlowly(t *testing.T) {
	var calls atomic.Int32
	if n, err := slowStart(10, func() error { calls.Add(1); return nil }); n != 10 || err != nil || calls.Load() != 10 {
		t.Errorf("all succeed: %d created with %d calls, %v", n, calls.Load(), err)
	}
	calls.Store(0)
	refused := errors.New("quota")
	if n, err := slowStart(500, func() error { calls.Add(1); return refused }); n != 0 || !errors.Is(err, refused) || calls.Load() != 1 {
		t.Errorf("all fail: %d created with %d calls, %v; want a single call", n, calls.Load(), err)
	}
	calls.Store(0)
	if n, err := slowStart(500, func() error {
		if calls.Add(1) > 3 {
			return refused
		}
		return nil
	}); n != 3 || !errors.Is(err, refused) || calls.Load() != 7 {
		t.Errorf("the third batch fails: %d created with %d calls, %v", n, calls.Load(), err)
	}
}
