package kind

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestNamespace(t *testing.T) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{"example.com/x"}}}
	namespace.Status.Phase = corev1.NamespaceTerminating
	defaultNamespace(namespace)
	Namespace.PrepareCreate(namespace)
	want := &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"kubernetes.io/metadata.name": "shop"}},
		Spec:       corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{"example.com/x", "kubernetes"}},
		Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
	if diff := cmp.Diff(want, namespace); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	namespace.ResourceVersion = "1"
	// An ordinary update changes neither finalizers nor phase; the finalize subresource changes the finalizers only.
	update := namespace.DeepCopy()
	update.Spec.Finalizers, update.Status.Phase = nil, corev1.NamespaceTerminating
	finalize := update.DeepCopy()
	Namespace.PrepareUpdate(update, namespace)
	if diff := cmp.Diff(namespace, update); diff != "" {
		t.Errorf("updated (-want +got):\n%s", diff)
	}
	NamespaceFinalize.PrepareUpdate(finalize, namespace)
	if len(finalize.Spec.Finalizers) != 0 || finalize.Status.Phase != corev1.NamespaceActive {
		t.Errorf("finalized: %+v", finalize)
	}
}

func TestNamespaceRules(t *testing.T) {
	now := metav1.Now()
	namespace := func(phase corev1.NamespacePhase, deleted *metav1.Time, finalizers ...corev1.FinalizerName) *corev1.Namespace {
		return &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: "shop", ResourceVersion: "1", DeletionTimestamp: deleted},
			Spec:       corev1.NamespaceSpec{Finalizers: finalizers}, Status: corev1.NamespaceStatus{Phase: phase},
		}
	}
	for name, test := range map[string]struct {
		errs func() field.ErrorList
		want []string
	}{
		"finalizers": {errs: func() field.ErrorList {
			return Namespace.Validate(namespace("Active", nil, "kubernetes", "example.com/x"))
		}},
		"short finalizer": {func() field.ErrorList { return Namespace.Validate(namespace("Active", nil, "x")) }, []string{`spec.finalizers: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified`}},
		"finalize": {func() field.ErrorList {
			n := namespace("Active", nil, "x")
			return NamespaceFinalize.ValidateUpdate(n, n)
		}, []string{`spec.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified`}},
		"active": {errs: func() field.ErrorList { n := namespace("Active", nil); return Namespace.Status.ValidateUpdate(n, n) }},
		"terminating": {errs: func() field.ErrorList {
			n := namespace("Terminating", &now)
			return Namespace.Status.ValidateUpdate(n, n)
		}},
		"terminating only": {func() field.ErrorList {
			n := namespace("Terminating", nil)
			return Namespace.Status.ValidateUpdate(n, n)
		}, []string{"status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"}},
		"active though": {func() field.ErrorList { n := namespace("Active", &now); return Namespace.Status.ValidateUpdate(n, n) }, []string{"status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(test.errs())); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}
