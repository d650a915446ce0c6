package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// loadBalancers is the pool of the tests' controllers: two addresses.
const loadBalancers = "192.0.2.8/31"

// testLoadBalancers: claim services/load-balancer-provider, and what upstream's service controller does besides.
func testLoadBalancers(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	client := c.client.CoreV1().Services(ns)
	create := func(name string) {
		c.createService(t, ns, name, func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer })
	}
	// told is a Service's address, whether the finalizer is there, and the reasons of its events.
	expect := func(what, name, want string, reasons ...string) {
		t.Helper()
		eventually(t, what, func() (string, bool) {
			told := "gone"
			service, err := client.Get(t.Context(), name, metav1.GetOptions{})
			if err == nil {
				told = "none"
				if ingress := service.Status.LoadBalancer.Ingress; len(ingress) == 1 && *ingress[0].IPMode == corev1.LoadBalancerIPModeVIP {
					told = ingress[0].IP
				}
				if slices.Contains(service.Finalizers, "service.kubernetes.io/load-balancer-cleanup") {
					told += ", held"
				}
				if service.Annotations["reference/load-balancer-node"] != "" {
					told += ", at a node"
				}
			} else if !apierrors.IsNotFound(err) {
				told = err.Error()
			}
			list, err := c.client.CoreV1().Events(ns).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + name})
			if err != nil {
				return err.Error(), false
			}
			var seen []string
			for _, event := range list.Items {
				seen = append(seen, fmt.Sprintf("%s×%d", event.Reason, max(event.Count, 1)))
			}
			slices.Sort(seen)
			return fmt.Sprintf("%s; %v", told, seen), told == want && slices.Equal(seen, reasons)
		})
	}
	typeOf := func(name, kind string) {
		t.Helper()
		if _, err := client.Patch(t.Context(), name, types.MergePatchType, []byte(`{"spec":{"type":"`+kind+`"}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	create("a")
	expect("the first gets the first address", "a", "192.0.2.8, held, at a node", "EnsuredLoadBalancer×1", "EnsuringLoadBalancer×1")
	create("b")
	expect("the second the second", "b", "192.0.2.9, held, at a node", "EnsuredLoadBalancer×1", "EnsuringLoadBalancer×1")
	create("c")
	expect("the third waits", "c", "none", "SyncLoadBalancerFailed×1")
	typeOf("a", "ClusterIP")
	expect("another type has no load balancer", "a", "none", "DeletedLoadBalancer×1", "DeletingLoadBalancer×1", "EnsuredLoadBalancer×1", "EnsuringLoadBalancer×1")
	expect("its address goes to the third", "c", "192.0.2.8, held, at a node", "EnsuredLoadBalancer×1", "EnsuringLoadBalancer×1", "SyncLoadBalancerFailed×1")

	// Another process knows who has what.
	c.stop()
	c.start()
	typeOf("a", "LoadBalancer")
	expect("none is free after a restart either", "a", "none",
		strings.Fields("DeletedLoadBalancer×1 DeletingLoadBalancer×1 EnsuredLoadBalancer×1 EnsuringLoadBalancer×1 SyncLoadBalancerFailed×1")...)
	if err := client.Delete(t.Context(), "b", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	expect("a deleted one is let go", "b", "gone", "DeletedLoadBalancer×1", "DeletingLoadBalancer×1", "EnsuredLoadBalancer×1", "EnsuringLoadBalancer×1")
	eventually(t, "its address goes to the one that waits", func() (string, bool) {
		service, err := client.Get(t.Context(), "a", metav1.GetOptions{})
		if err != nil {
			return err.Error(), false
		}
		return fmt.Sprint(service.Status.LoadBalancer), len(service.Status.LoadBalancer.Ingress) == 1 && service.Status.LoadBalancer.Ingress[0].IP == "192.0.2.9"
	})
}
