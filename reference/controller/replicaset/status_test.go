package replicaset

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"
)

func TestWhatTheStatusSays(t *testing.T) {
	one, none := int32(1), int32(0)
	failed := appsv1.ReplicaSetCondition{Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "quota", LastTransitionTime: metav1.Time{Time: now}}
	for name, tc := range map[string]struct {
		minReady      int32
		pods, leaving []*corev1.Pod
		before        []appsv1.ReplicaSetCondition
		failure       error
		want          appsv1.ReplicaSetStatus
	}{
		"counts": {
			pods:    []*corev1.Pod{pod("a", readyFor(time.Minute)), pod("b"), pod("c", labelled("db"))},
			leaving: []*corev1.Pod{pod("d", leaving)},
			want:    appsv1.ReplicaSetStatus{Replicas: 3, FullyLabeledReplicas: 2, ReadyReplicas: 1, AvailableReplicas: 1, TerminatingReplicas: &one, ObservedGeneration: 2},
		},
		"ready is available only after minReadySeconds": {
			minReady: 30,
			pods:     []*corev1.Pod{pod("a", readyFor(30*time.Second)), pod("b", readyFor(29*time.Second))},
			want:     appsv1.ReplicaSetStatus{Replicas: 2, FullyLabeledReplicas: 2, ReadyReplicas: 2, AvailableReplicas: 1, TerminatingReplicas: &none, ObservedGeneration: 2},
		},
		"a failure to create is a condition": {
			failure: errors.New("quota"),
			want:    appsv1.ReplicaSetStatus{TerminatingReplicas: &none, ObservedGeneration: 2, Conditions: []appsv1.ReplicaSetCondition{failed}},
		},
		"a failure that goes on does not touch the condition": {
			failure: errors.New("another message"), before: []appsv1.ReplicaSetCondition{failed},
			want: appsv1.ReplicaSetStatus{TerminatingReplicas: &none, ObservedGeneration: 2, Conditions: []appsv1.ReplicaSetCondition{failed}},
		},
		"success takes the condition away": {
			before: []appsv1.ReplicaSetCondition{failed},
			want:   appsv1.ReplicaSetStatus{TerminatingReplicas: &none, ObservedGeneration: 2, Conditions: []appsv1.ReplicaSetCondition{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := set(2)
			s.Spec.MinReadySeconds, s.Status.Conditions = tc.minReady, tc.before
			got := decideStatus(s, tc.pods, tc.leaving, tc.failure, now)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			s.Status = got
			if again := decideStatus(s, tc.pods, tc.leaving, tc.failure, now); !sameStatus(got, again) {
				t.Error("a settled set would be written again")
			}
		})
	}
}

func TestNextAvailability(t *testing.T) {
	s := set(2)
	s.Spec.MinReadySeconds = 10
	pods := []*corev1.Pod{pod("a", readyFor(3*time.Second)), pod("b", readyFor(time.Second)), pod("c", readyFor(time.Hour)), pod("d")}
	if got, want := nextAvailability(s, pods, now), 7*time.Second; got != want {
		t.Errorf("next availability in %v, want %v", got, want)
	}
}

func TestExpectationsHoldBackWhatWouldBeDoubled(t *testing.T) {
	clock := testingclock.NewFakePassiveClock(now)
	e := newExpectations(clock)
	if !e.satisfied("web") {
		t.Error("a set that did nothing waits for something")
	}
	e.expect("web", 2, nil)
	e.created("web")
	if e.satisfied("web") {
		t.Error("one of two creations seen, and the set goes on")
	}
	e.created("web")
	if !e.satisfied("web") {
		t.Error("both creations seen, and the set still waits")
	}
	e.expect("web", 0, []types.UID{"a"})
	e.deleted("web", "b")
	e.deleted("web", "b")
	if e.satisfied("web") {
		t.Error("another Pod's end was counted")
	}
	e.deleted("web", "a")
	if !e.satisfied("web") {
		t.Error("the deletion was seen, and the set still waits")
	}
	e.expect("web", 1, nil)
	clock.SetTime(now.Add(expectationTimeout + time.Second))
	if !e.satisfied("web") {
		t.Error("the set waits for ever for an event that was lost")
	}
}

func TestPodFromTemplate(t *testing.T) {
	s := set(1)
	s.Spec.Template.Annotations = map[string]string{"note": "x"}
	s.Spec.Template.Spec.Containers = []corev1.Container{{Name: "c"}}
	yes := true
	want := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "web-", Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"note": "x"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "set", Controller: &yes, BlockOwnerDeletion: &yes}},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c"}}},
	}
	if diff := cmp.Diff(want, podFor(s)); diff != "" {
		t.Errorf("pod (-want +got):\n%s", diff)
	}
}
