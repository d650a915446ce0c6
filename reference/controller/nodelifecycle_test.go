package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestLostNode: claim pods/no-rescheduling. A node falls silent: its Pods are not ready, then evicted when their patience ends; what a
// ReplicaSet had there is replaced elsewhere, what was bare is not.
func TestLostNode(t *testing.T) {
	const grace = 2 * time.Second
	c := startCluster(t, grace)
	c.nodes(2)
	done := make(chan struct{})
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		for {
			select {
			case <-done:
				return
			case <-time.After(grace / 4):
				c.beat("n1")
			}
		}
	}()
	defer func() { close(done); <-beating }()
	ns := c.namespace(t)
	seconds := int64(1)
	patient := func(p *corev1.PodSpec) {
		p.Tolerations = []corev1.Toleration{{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds}}
	}
	bare := c.createPod(t, ns, "bare", func(p *corev1.Pod) {
		p.Annotations = map[string]string{"test/lingers": "yes"}
		patient(&p.Spec)
		p.Spec.NodeName = "n2"
	})
	labels := map[string]string{"app": "web"}
	four := int32(4)
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec()}
	patient(&template.Spec)
	if _, err := c.client.AppsV1().ReplicaSets(ns).Create(t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.ReplicaSetSpec{Replicas: &four, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the set has Pods on both nodes", func() (string, bool) {
		byNode := map[string]int{}
		for _, p := range c.pods(t, ns, "app=web") {
			byNode[p.Spec.NodeName]++
		}
		return fmt.Sprint(byNode), byNode["n1"]+byNode["n2"] == 4 && byNode["n2"] > 0
	})
	node := func() *corev1.Node {
		n, err := c.client.CoreV1().Nodes().Get(t.Context(), "n2", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	eventually(t, "the node has a range", func() (string, bool) { cidr := node().Spec.PodCIDR; return cidr, cidr != "" })
	eventually(t, "the node counts as lost", func() (string, bool) {
		n := node()
		told := fmt.Sprint(n.Status.Conditions, n.Spec.Taints)
		drives := slices.ContainsFunc(n.Spec.Taints, func(taint corev1.Taint) bool {
			return taint.Key == corev1.TaintNodeUnreachable && taint.Effect == corev1.TaintEffectNoExecute
		})
		return told, drives && strings.Contains(told, "Kubelet stopped posting node status.")
	})
	eventually(t, "its Pod is not ready, then evicted", func() (string, bool) {
		pod, err := c.client.CoreV1().Pods(ns).Get(t.Context(), "bare", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		told := fmt.Sprint(pod.Status.Conditions, pod.DeletionTimestamp)
		return told, pod.UID == bare.UID && pod.Spec.NodeName == "n2" && pod.DeletionTimestamp != nil && strings.Contains(told, "DeletionByTaintManager")
	})
	eventually(t, "what a set had there is replaced elsewhere", func() (string, bool) {
		var told []string
		elsewhere := 0
		for _, p := range c.pods(t, ns, "app=web") {
			told = append(told, p.Name+" on "+p.Spec.NodeName)
			if p.Spec.NodeName == "n1" && p.DeletionTimestamp == nil {
				elsewhere++
			}
		}
		return fmt.Sprint(told), elsewhere == 4
	})
	c.beat("n2")
	t.Logf("back: %v", eventually(t, "the node is welcome again", func() (string, bool) {
		taints := node().Spec.Taints
		return fmt.Sprint(taints), len(taints) == 0
	}))
}
