package replicaset

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var now = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// a changes a Pod in one respect, so that cases read as sentences.
type a func(*corev1.Pod)

func pod(name string, changes ...a) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID(name), Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{NodeName: "n1"},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
	for _, change := range changes {
		change(p)
	}
	return p
}

func ownedBy(uid types.UID) a {
	return func(p *corev1.Pod) {
		yes := true
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: uid, Controller: &yes}}
	}
}

func labelled(app string) a { return func(p *corev1.Pod) { p.Labels = map[string]string{"app": app} } }
func inPhase(phase corev1.PodPhase) a {
	return func(p *corev1.Pod) { p.Status.Phase = phase }
}
func onNode(name string) a  { return func(p *corev1.Pod) { p.Spec.NodeName = name } }
func leaving(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} }
func readyFor(age time.Duration) a {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Time{Time: now.Add(-age)}}}
	}
}
func createdBefore(age time.Duration) a {
	return func(p *corev1.Pod) { p.CreationTimestamp = metav1.Time{Time: now.Add(-age)} }
}
func costing(cost string) a {
	return func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.PodDeletionCost: cost} }
}
func restarted(times int32) a {
	return func(p *corev1.Pod) { p.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: times}} }
}

func set(replicas int32) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default", UID: "set", Generation: 2},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}}},
		},
	}
}

func names(pods []*corev1.Pod) []string {
	var result []string
	for _, p := range pods {
		result = append(result, p.Name)
	}
	return result
}

func TestPodsThatEndedDoNotCount(t *testing.T) {
	pods := []*corev1.Pod{pod("running"), pod("failed", inPhase(corev1.PodFailed)), pod("done", inPhase(corev1.PodSucceeded)), pod("leaving", leaving)}
	if diff := cmp.Diff([]string{"running"}, names(active(pods))); diff != "" {
		t.Errorf("active (-want +got):\n%s", diff)
	}
}
