package controller_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// testCascade: claims replicasets/delete-cascades and replicasets/delete-orphans.
func testCascade(t *testing.T, c *cluster) {
	for _, policy := range []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground, metav1.DeletePropagationOrphan} {
		ns := c.namespace(t)
		c.createSet(t, ns, "web", 5)
		c.ready(t, ns, "web", 5)
		if err := c.client.AppsV1().ReplicaSets(ns).Delete(t.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &policy}); err != nil {
			t.Fatal(err)
		}
		took := eventually(t, "the set is gone: "+string(policy), func() (string, bool) {
			_, err := c.client.AppsV1().ReplicaSets(ns).Get(t.Context(), "web", metav1.GetOptions{})
			return fmt.Sprint(err), apierrors.IsNotFound(err)
		})
		if policy == metav1.DeletePropagationForeground {
			if left := len(c.pods(t, ns, "app=web")); left != 0 {
				t.Errorf("the set went while %d Pods were there", left)
			}
		}
		if policy == metav1.DeletePropagationOrphan {
			pods := c.pods(t, ns, "app=web")
			for _, pod := range pods {
				if len(pod.OwnerReferences) != 0 || pod.DeletionTimestamp != nil {
					t.Errorf("orphan %s has owners %v", pod.Name, pod.OwnerReferences)
				}
			}
			if len(pods) != 5 {
				t.Errorf("%d Pods are left, want all 5", len(pods))
			}
			c.createSet(t, ns, "web", 5)
			c.ready(t, ns, "web", 5)
			if again := c.pods(t, ns, "app=web"); len(again) != 5 || again[0].UID != pods[0].UID {
				t.Errorf("a new set did not adopt them: %d Pods", len(again))
			}
			continue
		}
		took += eventually(t, "the Pods are gone: "+string(policy), func() (string, bool) {
			left := len(c.pods(t, ns, "app=web"))
			return fmt.Sprint(left, " Pods"), left == 0
		})
		t.Logf("%s: set and Pods gone in %v", policy, took)
	}
}

func testTwoOwners(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	config := func(name string, owners ...metav1.OwnerReference) *corev1.ConfigMap {
		m, err := c.client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owners}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	by := func(name string, uid types.UID) metav1.OwnerReference {
		return metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: uid}
	}
	a, b := config("a"), config("b")
	config("child", by("a", a.UID), by("b", b.UID))
	config("bastard", by("nobody", "00000000-0000-0000-0000-000000000000"))
	gone := func(name string) {
		t.Helper()
		eventually(t, name+" is gone", func() (string, bool) {
			_, err := c.client.CoreV1().ConfigMaps(ns).Get(t.Context(), name, metav1.GetOptions{})
			return fmt.Sprint(err), apierrors.IsNotFound(err)
		})
	}
	gone("bastard")
	if err := c.client.CoreV1().ConfigMaps(ns).Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the dangling reference is dropped", func() (string, bool) {
		child, err := c.client.CoreV1().ConfigMaps(ns).Get(t.Context(), "child", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(child.OwnerReferences), len(child.OwnerReferences) == 1 && child.OwnerReferences[0].UID == b.UID
	})
	if err := c.client.CoreV1().ConfigMaps(ns).Delete(t.Context(), "b", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	gone("child")
}
