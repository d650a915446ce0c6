package controller_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func testNamespace(t *testing.T, c *cluster) {
	deleteAndWait := func(ns string) time.Duration {
		t.Helper()
		if err := c.client.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		return eventually(t, "namespace "+ns+" is gone", func() (string, bool) {
			namespace, err := c.client.CoreV1().Namespaces().Get(t.Context(), ns, metav1.GetOptions{})
			return fmt.Sprintf("%+v", namespace.Status), apierrors.IsNotFound(err)
		})
	}
	t.Logf("an empty namespace went in %v", deleteAndWait(c.namespace(t)))
	ns := c.namespace(t)
	c.createSet(t, ns, "web", 10)
	c.createService(t, ns, "web", nil)
	c.ready(t, ns, "web", 10)
	t.Logf("a namespace with ten Pods went in %v", deleteAndWait(ns))
}

// testHeldNamespace: a finalizer holds an object, and so the namespace, which says so.
func testHeldNamespace(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	if _, err := c.client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Finalizers: []string{"example.com/hold"}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.client.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace says what holds it", func() (string, bool) {
		namespace, err := c.client.CoreV1().Namespaces().Get(t.Context(), ns, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		told := fmt.Sprint(namespace.Status.Conditions)
		return told, strings.Contains(told, "configmaps. has 1 resource instances") && strings.Contains(told, "example.com/hold in 1 resource instances")
	})
	if _, err := c.client.CoreV1().ConfigMaps(ns).Patch(t.Context(), "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("released, it went in %v", eventually(t, "the namespace goes", func() (string, bool) {
		_, err := c.client.CoreV1().Namespaces().Get(t.Context(), ns, metav1.GetOptions{})
		return fmt.Sprint(err), apierrors.IsNotFound(err)
	}))
}
