package endpoints

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"
)

func TestOwnWritesAreAwaited(t *testing.T) {
	clock := testingclock.NewFakePassiveClock(time.Unix(1000, 0))
	slice := func(generation int64) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{UID: "s", Generation: generation}}
	}
	for name, tc := range map[string]struct {
		act   func(*ownWrites)
		shown []*discoveryv1.EndpointSlice
		want  bool
	}{
		"nothing written":                     {func(*ownWrites) {}, nil, true},
		"created and not shown":               {func(w *ownWrites) { w.wrote("k", slice(1)) }, nil, false},
		"created and shown":                   {func(w *ownWrites) { w.wrote("k", slice(1)) }, []*discoveryv1.EndpointSlice{slice(1)}, true},
		"updated, and an older one is shown":  {func(w *ownWrites) { w.wrote("k", slice(2)) }, []*discoveryv1.EndpointSlice{slice(1)}, false},
		"updated, and a newer one is shown":   {func(w *ownWrites) { w.wrote("k", slice(2)) }, []*discoveryv1.EndpointSlice{slice(3)}, true},
		"deleted and still shown":             {func(w *ownWrites) { w.removed("k", slice(1)) }, []*discoveryv1.EndpointSlice{slice(1)}, false},
		"deleted and gone":                    {func(w *ownWrites) { w.removed("k", slice(1)) }, nil, true},
		"created, and deleted by another":     {func(w *ownWrites) { w.wrote("k", slice(1)); w.gone("s") }, nil, true},
		"waited for longer than patience has": {func(w *ownWrites) { w.wrote("k", slice(1)); clock.SetTime(clock.Now().Add(patience + 1)) }, nil, true},
	} {
		w := newOwnWrites(clock)
		tc.act(w)
		if got := w.seen("k", tc.shown); got != tc.want {
			t.Errorf("%s: seen %t, want %t", name, got, tc.want)
		}
	}
}

func TestTheEarliestChangeSinceTheLastSync(t *testing.T) {
	at := func(seconds int64) metav1.Time { return metav1.Time{Time: time.Unix(seconds, 0)} }
	changed := func(name string, seconds int64) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.PodStatus{
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, LastTransitionTime: at(seconds)}}}}
	}
	s := service()
	s.CreationTimestamp = at(10)
	triggers := newTriggers()
	for _, step := range []struct {
		what string
		pods []*corev1.Pod
		want int64
	}{
		{"the Service came", nil, 10},
		{"nothing happened", nil, 0},
		{"two Pods became ready", []*corev1.Pod{changed("a", 30), changed("b", 20)}, 20},
		{"one of them changed", []*corev1.Pod{changed("a", 30), changed("b", 40)}, 40},
	} {
		want := time.Time{}
		if step.want != 0 {
			want = time.Unix(step.want, 0)
		}
		if got := triggers.earliest("k", s, step.pods); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", step.what, got, want)
		}
	}
}
