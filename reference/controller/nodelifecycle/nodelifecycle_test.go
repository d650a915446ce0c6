package nodelifecycle

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var now = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestEachNodeGetsARangeOfItsOwn(t *testing.T) {
	p := netip.MustParsePrefix
	for name, tc := range map[string]struct {
		cluster string
		bits    int
		used    []netip.Prefix
		want    string
		err     bool
	}{
		"the first":              {"10.244.0.0/16", 24, nil, "10.244.0.0/24", false},
		"the first that is free": {"10.244.0.0/16", 24, []netip.Prefix{p("10.244.0.0/24"), p("10.244.2.0/24")}, "10.244.1.0/24", false},
		"one that a node had by hand, with another length": {"10.244.0.0/16", 24, []netip.Prefix{p("10.244.0.0/23")}, "10.244.2.0/24", false},
		"none is left":                  {"10.244.0.0/23", 24, []netip.Prefix{p("10.244.0.0/24"), p("10.244.1.0/24")}, "", true},
		"a range smaller than a node's": {"10.244.0.0/25", 24, nil, "", true},
		"addresses of 128 bits":         {"fd00:10::/56", 64, []netip.Prefix{p("fd00:10::/64")}, "fd00:10:0:1::/64", false},
		"a base that is not masked":     {"10.244.7.9/16", 24, nil, "10.244.0.0/24", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := nextCIDR(p(tc.cluster), tc.bits, tc.used)
			if (err != nil) != tc.err || (err == nil && got.String() != tc.want) {
				t.Errorf("got %v, %v; want %q", got, err, tc.want)
			}
		})
	}
	if _, err := nextCIDR(p("10.0.0.0/24"), 24, []netip.Prefix{p("10.0.0.0/24")}); !errors.Is(err, errNoCIDR) {
		t.Errorf("a full range is reported as %v", err)
	}
}

func node(conditions ...corev1.NodeCondition) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", CreationTimestamp: metav1.Time{Time: now}}, Status: corev1.NodeStatus{Conditions: conditions}}
}
func is(kind corev1.NodeConditionType, status corev1.ConditionStatus) corev1.NodeCondition {
	return corev1.NodeCondition{Type: kind, Status: status}
}
func with(n *corev1.Node, taints ...string) *corev1.Node {
	for i := 0; i < len(taints); i += 2 {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: taints[i], Effect: corev1.TaintEffect(taints[i+1])})
	}
	return n
}

const (
	notReady    = corev1.TaintNodeNotReady
	unreachable = corev1.TaintNodeUnreachable
	noSchedule  = string(corev1.TaintEffectNoSchedule)
	noExecute   = string(corev1.TaintEffectNoExecute)
)

func TestWhichTaintsANodeHas(t *testing.T) {
	for name, tc := range map[string]struct {
		node    *corev1.Node
		allLost bool
		want    []string
	}{
		"a ready node has none":                                  {node: node(is(corev1.NodeReady, corev1.ConditionTrue))},
		"a new node loses its first taint when it becomes ready": {node: with(node(is(corev1.NodeReady, corev1.ConditionTrue)), notReady, noSchedule)},
		"a node that is not ready":                               {node: node(is(corev1.NodeReady, corev1.ConditionFalse)), want: []string{notReady, noSchedule, notReady, noExecute}},
		"a node that fell silent":                                {node: with(node(is(corev1.NodeReady, corev1.ConditionUnknown)), notReady, noSchedule, notReady, noExecute), want: []string{unreachable, noSchedule, unreachable, noExecute}},
		"a node that came back":                                  {node: with(node(is(corev1.NodeReady, corev1.ConditionTrue)), unreachable, noSchedule, unreachable, noExecute)},
		"every node is silent: nobody is driven out":             {node: with(node(is(corev1.NodeReady, corev1.ConditionUnknown)), unreachable, noExecute), allLost: true, want: []string{unreachable, noSchedule}},
		"memory is short":                                        {node: node(is(corev1.NodeReady, corev1.ConditionTrue), is(corev1.NodeMemoryPressure, corev1.ConditionTrue)), want: []string{corev1.TaintNodeMemoryPressure, noSchedule}},
		"a cordoned node": {node: func() *corev1.Node {
			n := node(is(corev1.NodeReady, corev1.ConditionTrue))
			n.Spec.Unschedulable = true
			return n
		}(), want: []string{corev1.TaintNodeUnschedulable, noSchedule}},
		"what a user set stays": {node: with(node(is(corev1.NodeReady, corev1.ConditionTrue)), "dedicated", noExecute), want: []string{"dedicated", noExecute}},
	} {
		t.Run(name, func(t *testing.T) {
			taints, changed := decideTaints(tc.node, !tc.allLost, now)
			var got []string
			for _, taint := range taints {
				got = append(got, taint.Key, string(taint.Effect))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("taints (-want +got):\n%s", diff)
			}
			if same := cmp.Equal(taints, tc.node.Spec.Taints) || len(taints)+len(tc.node.Spec.Taints) == 0; changed == same {
				t.Errorf("changed is %t for %v after %v", changed, taints, tc.node.Spec.Taints)
			}
			tc.node.Spec.Taints = taints
			if _, again := decideTaints(tc.node, !tc.allLost, now); again {
				t.Error("settled taints would be written again")
			}
		})
	}
}

func TestHowLongAPodStays(t *testing.T) {
	for300, for5, none := int64(300), int64(5), int64(0)
	tolerates := func(key string, seconds *int64) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: seconds}
	}
	for name, tc := range map[string]struct {
		taints      []string
		tolerations []corev1.Toleration
		want        time.Duration
	}{
		"no taint: for ever":                  {want: never},
		"a taint for new Pods only: for ever": {taints: []string{unreachable, noSchedule}, want: never},
		"not tolerated: not at all":           {taints: []string{unreachable, noExecute}},
		"tolerated for five minutes":          {taints: []string{unreachable, noExecute}, tolerations: []corev1.Toleration{tolerates(unreachable, &for300)}, want: 300 * time.Second},
		"tolerated for ever":                  {taints: []string{unreachable, noExecute}, tolerations: []corev1.Toleration{tolerates(unreachable, nil)}, want: never},
		"the shortest of two":                 {taints: []string{unreachable, noExecute, notReady, noExecute}, tolerations: []corev1.Toleration{tolerates(unreachable, &for300), tolerates(notReady, &for5)}, want: 5 * time.Second},
		"one of two not tolerated":            {taints: []string{unreachable, noExecute, notReady, noExecute}, tolerations: []corev1.Toleration{tolerates(unreachable, &for300)}},
		"tolerated for no time":               {taints: []string{unreachable, noExecute}, tolerations: []corev1.Toleration{tolerates(unreachable, &none)}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stay(with(node(), tc.taints...).Spec.Taints, tc.tolerations); got != tc.want {
				t.Errorf("stays %v, want %v", got, tc.want)
			}
		})
	}
}

func TestWhenANodeCountsAsLost(t *testing.T) {
	const grace = 40 * time.Second
	beat := func(at time.Time) *corev1.Node {
		condition := is(corev1.NodeReady, corev1.ConditionTrue)
		condition.LastHeartbeatTime = metav1.Time{Time: at}
		return node(condition)
	}
	renew := func(at time.Time) *metav1.MicroTime { return &metav1.MicroTime{Time: at} }
	var h health
	expect := func(what string, at time.Duration, want time.Duration) {
		t.Helper()
		if got := h.silentIn(grace, now.Add(at)); got != want {
			t.Errorf("%s: lost in %v, want %v", what, got, want)
		}
	}
	h.listen(node(), nil, now)
	expect("a node that has not said how it is gets longer", 0, startupGrace)
	h.listen(beat(now), nil, now.Add(5*time.Second))
	expect("its first word", 5*time.Second, grace)
	h.listen(beat(now), renew(now), now.Add(10*time.Second))
	expect("a lease is a sign of life", 10*time.Second, grace)
	h.listen(beat(now), renew(now), now.Add(30*time.Second))
	expect("the same lease again is none", 30*time.Second, 20*time.Second)
	h.listen(beat(now.Add(-time.Hour)), renew(now), now.Add(45*time.Second))
	expect("a heartbeat by a clock that is behind", 45*time.Second, grace)
	expect("silence", 90*time.Second, -5*time.Second)
}

func TestWhatALostNodeSays(t *testing.T) {
	heartbeat := metav1.Time{Time: now.Add(-time.Minute)}
	before := node(corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: heartbeat, LastTransitionTime: heartbeat})
	conditions, changed := decideLost(before, now)
	transition := metav1.Time{Time: now}
	never := func(kind corev1.NodeConditionType) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: corev1.ConditionUnknown, Reason: "NodeStatusNeverUpdated", Message: "Kubelet never posted node status.",
			LastHeartbeatTime: before.CreationTimestamp, LastTransitionTime: transition}
	}
	want := []corev1.NodeCondition{
		{Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown", Message: "Kubelet stopped posting node status.", LastHeartbeatTime: heartbeat, LastTransitionTime: transition},
		never(corev1.NodeMemoryPressure), never(corev1.NodeDiskPressure), never(corev1.NodePIDPressure),
	}
	if diff := cmp.Diff(want, conditions); diff != "" || !changed {
		t.Errorf("changed %t, conditions (-want +got):\n%s", changed, diff)
	}
	before.Status.Conditions = conditions
	if _, again := decideLost(before, now.Add(time.Hour)); again {
		t.Error("a node known to be lost would be written again")
	}
}

func TestPodsOfALostNodeAreNotReady(t *testing.T) {
	pod := &corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}}
	status := unready(pod, now)
	if status == nil || status.Conditions[0].Status != corev1.ConditionFalse || pod.Status.Conditions[0].Status != corev1.ConditionTrue {
		t.Fatalf("status %+v of pod %+v", status, pod)
	}
	pod.Status = *status
	if unready(pod, now) != nil {
		t.Error("a Pod that is not ready would be written again")
	}
}
