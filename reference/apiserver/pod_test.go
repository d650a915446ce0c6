package apiserver_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestBinding(t *testing.T) {
	ns := shared.namespace(t)
	pods := shared.client.CoreV1().Pods(ns)
	bound := shared.boundPod(t, ns, "bound")
	if bound.Spec.NodeName != "node-1" {
		t.Errorf("the Pod is on %q, want node-1", bound.Spec.NodeName)
	}
	if c := bound.Status.Conditions; len(c) != 1 || c[0].Type != corev1.PodScheduled || c[0].Status != corev1.ConditionTrue {
		t.Errorf("conditions are %v, want PodScheduled", c)
	}

	err := pods.Bind(t.Context(), to("bound", "node-2"), metav1.CreateOptions{})
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), `pod bound is already assigned to node "node-1"`) {
		t.Errorf("bind again: %v, want a conflict", err)
	}
	if err := pods.Bind(t.Context(), to("missing", "node-1"), metav1.CreateOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("bind a Pod that is not there: %v, want not found", err)
	}
	if _, err := pods.Create(t.Context(), pod("free"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := pods.Bind(t.Context(), to("free", ""), metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("bind to no node: %v, want it refused", err)
	}
	other := to("free", "node-1")
	other.UID = "another"
	if err := pods.Bind(t.Context(), other, metav1.CreateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("bind a Pod of another UID: %v, want a conflict", err)
	}
	a := shared.request(t, "POST", "/api/v1/namespaces/"+ns+"/bindings", `{"metadata":{"name":"free"},"target":{"kind":"Node","name":"node-1"}}`)
	if a.code != 201 {
		t.Errorf("bind by the older path: %d %s", a.code, a.body)
	}
}

func TestGracefulDelete(t *testing.T) {
	ns := shared.namespace(t)
	pods := shared.client.CoreV1().Pods(ns)
	gone := int64(-1) // the Pod is to be gone
	for _, tt := range []struct {
		name      string
		unbound   bool
		phase     corev1.PodPhase
		own       *int64 // spec.terminationGracePeriodSeconds
		deletions []*int64
		want      int64
	}{
		{name: "default", deletions: []*int64{nil}, want: 30},
		{name: "own", own: ptr.To[int64](7), deletions: []*int64{nil}, want: 7},
		{name: "asked", own: ptr.To[int64](7), deletions: []*int64{ptr.To[int64](60)}, want: 60},
		{name: "asked-0", deletions: []*int64{ptr.To[int64](0)}, want: gone},
		{name: "negative", deletions: []*int64{ptr.To[int64](-5)}, want: 1},
		{name: "own-0", own: ptr.To[int64](0), deletions: []*int64{nil}, want: gone},
		{name: "unbound", unbound: true, deletions: []*int64{nil}, want: gone},
		{name: "unbound-asked", unbound: true, deletions: []*int64{ptr.To[int64](60)}, want: gone},
		{name: "succeeded", phase: corev1.PodSucceeded, deletions: []*int64{ptr.To[int64](60)}, want: gone},
		{name: "failed", phase: corev1.PodFailed, deletions: []*int64{nil}, want: gone},
		{name: "shorter", deletions: []*int64{ptr.To[int64](60), ptr.To[int64](5)}, want: 5},
		{name: "longer", deletions: []*int64{ptr.To[int64](5), ptr.To[int64](60)}, want: 5},
		{name: "then-0", deletions: []*int64{nil, ptr.To[int64](0)}, want: gone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := pod(tt.name)
			p.Spec.TerminationGracePeriodSeconds = tt.own
			if _, err := pods.Create(t.Context(), p, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			if !tt.unbound {
				if err := pods.Bind(t.Context(), to(tt.name, "node-1"), metav1.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			if tt.phase != "" {
				p.Status.Phase = tt.phase
				if _, err := pods.UpdateStatus(t.Context(), p, metav1.UpdateOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			for _, seconds := range tt.deletions {
				if err := pods.Delete(t.Context(), tt.name, metav1.DeleteOptions{GracePeriodSeconds: seconds}); err != nil {
					t.Fatal(err)
				}
			}
			got, err := pods.Get(t.Context(), tt.name, metav1.GetOptions{})
			if tt.want == gone {
				if !apierrors.IsNotFound(err) {
					t.Errorf("got %v, %v; want it gone", got.DeletionGracePeriodSeconds, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.DeletionTimestamp == nil || got.DeletionGracePeriodSeconds == nil || *got.DeletionGracePeriodSeconds != tt.want {
				t.Errorf("deleted at %v with %v seconds, want %d", got.DeletionTimestamp, got.DeletionGracePeriodSeconds, tt.want)
			}
		})
	}
}

func TestDeletePreconditions(t *testing.T) {
	ns := shared.namespace(t)
	shared.boundPod(t, ns, "pod")
	err := shared.client.CoreV1().Pods(ns).Delete(t.Context(), "pod", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: uid("another")}})
	if !apierrors.IsConflict(err) {
		t.Errorf("delete a Pod of another UID: %v, want a conflict", err)
	}
}

func TestEviction(t *testing.T) {
	ns := shared.namespace(t)
	pods := shared.client.CoreV1().Pods(ns)
	shared.boundPod(t, ns, "pod")
	evict := func(name string, options *metav1.DeleteOptions) error {
		return pods.EvictV1(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: name}, DeleteOptions: options})
	}
	if err := evict("missing", nil); !apierrors.IsNotFound(err) {
		t.Errorf("evict a Pod that is not there: %v, want not found", err)
	}
	if err := evict("pod", &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: uid("another")}}); !apierrors.IsConflict(err) {
		t.Errorf("evict a Pod of another UID: %v, want a conflict", err)
	}
	if err := evict("pod", &metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Errorf("a dry run: %v", err)
	}
	if p, err := pods.Get(t.Context(), "pod", metav1.GetOptions{}); err != nil || p.DeletionTimestamp != nil {
		t.Errorf("after a dry run: %v, deleted at %v", err, p.DeletionTimestamp)
	}
	if err := evict("pod", &metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](9)}); err != nil {
		t.Fatal(err)
	}
	got, err := pods.Get(t.Context(), "pod", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.DeletionGracePeriodSeconds == nil || *got.DeletionGracePeriodSeconds != 9 {
		t.Errorf("the Pod has %v seconds left, want 9", got.DeletionGracePeriodSeconds)
	}
	last := got.Status.Conditions[len(got.Status.Conditions)-1]
	if last.Type != corev1.DisruptionTarget || last.Reason != "EvictionByEvictionAPI" {
		t.Errorf("the Pod's last condition is %v, want that it is evicted", last)
	}
}

func TestDefaultTolerations(t *testing.T) {
	ns := shared.namespace(t)
	p := pod("pod")
	p.Spec.Tolerations = []corev1.Toleration{{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, TolerationSeconds: ptr.To[int64](3), Effect: corev1.TaintEffectNoExecute}}
	got, err := shared.client.CoreV1().Pods(ns).Create(t.Context(), p, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	seconds := map[string]int64{}
	for _, toleration := range got.Spec.Tolerations {
		seconds[toleration.Key] = *toleration.TolerationSeconds
	}
	if len(seconds) != 2 || seconds[corev1.TaintNodeNotReady] != 300 || seconds[corev1.TaintNodeUnreachable] != 3 {
		t.Errorf("tolerations are %v", seconds)
	}
}
