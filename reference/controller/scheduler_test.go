package controller_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// testUnschedulable: claim pods/scheduled-where-resources-fit.
func testUnschedulable(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	requesting := func(cpu string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "n1"}
			p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
		}
	}
	scheduled := func(name string) (corev1.PodCondition, string) {
		pod, err := c.client.CoreV1().Pods(ns).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodScheduled {
				return condition, pod.Spec.NodeName
			}
		}
		return corev1.PodCondition{}, pod.Spec.NodeName
	}
	c.createPod(t, ns, "first", requesting("6"))
	eventually(t, "the first is bound", func() (string, bool) {
		_, node := scheduled("first")
		return node, node == "n1"
	})
	c.createPod(t, ns, "second", requesting("3"))
	want := "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector. " +
		"preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
	eventually(t, "the second waits and says why", func() (string, bool) {
		condition, _ := scheduled("second")
		return condition.Message, condition.Status == corev1.ConditionFalse && condition.Reason == "Unschedulable" && condition.Message == want
	})
	eventually(t, "an event says the same", func() (string, bool) {
		events, err := c.client.CoreV1().Events(ns).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=second"})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events.Items {
			if e.Reason == "FailedScheduling" {
				return e.Message, cmp.Equal(e.Message, want) && e.Type == corev1.EventTypeWarning
			}
		}
		return fmt.Sprint(len(events.Items), " events"), false
	})
	if err := c.client.CoreV1().Pods(ns).Delete(t.Context(), "first", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("room appeared: bound after %v", eventually(t, "the second is bound", func() (string, bool) {
		condition, node := scheduled("second")
		return fmt.Sprint(condition, node), node == "n1" && condition.Status == corev1.ConditionTrue
	}))
}

// testOtherScheduler: claim annotations/special-scheduler.
func testOtherScheduler(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	c.createPod(t, ns, "ours", nil)
	c.createPod(t, ns, "theirs", func(p *corev1.Pod) { p.Spec.SchedulerName = "special" })
	c.createPod(t, ns, "later", nil)
	eventually(t, "ours and later are bound", func() (string, bool) {
		bound := 0
		for _, p := range c.pods(t, ns, "") {
			if p.Spec.NodeName != "" {
				if p.Name == "theirs" {
					t.Fatal("a Pod of another scheduler was bound")
				}
				bound++
			}
		}
		return fmt.Sprint(bound), bound == 2
	})
}
