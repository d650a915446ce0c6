package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func testScale(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	start := time.Now()
	c.createSet(t, ns, "web", 50)
	eventually(t, "fifty Pods are bound", func() (string, bool) {
		bound := slices.DeleteFunc(c.pods(t, ns, "app=web"), func(p corev1.Pod) bool { return p.Spec.NodeName == "" })
		return fmt.Sprint(len(bound)), len(bound) == 50
	})
	t.Logf("0 to 50 bound in %v", time.Since(start))
	c.ready(t, ns, "web", 50)
	t.Logf("0 to 50 ready in %v", time.Since(start))
	byNode := map[string]int{}
	for _, pod := range c.pods(t, ns, "app=web") {
		byNode[pod.Spec.NodeName]++
	}
	for node, count := range byNode {
		if len(byNode) != 3 || count < 13 || count > 20 {
			t.Errorf("%d Pods on %s of %v", count, node, byNode)
		}
	}
	if _, err := c.client.AppsV1().ReplicaSets(ns).Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"replicas":3}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("50 to 3 in %v", c.ready(t, ns, "web", 3))
	var victim corev1.Pod // one that stays, of those still going away
	for _, pod := range c.pods(t, ns, "app=web") {
		if pod.DeletionTimestamp == nil {
			victim = pod
		}
	}
	if err := c.client.CoreV1().Pods(ns).Delete(t.Context(), victim.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the deleted Pod is replaced", func() (string, bool) {
		pods := c.pods(t, ns, "app=web")
		return fmt.Sprint(len(pods)), len(pods) == 3 && !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.UID == victim.UID })
	})
}

// testSettled: claim replicasets/reconcile. Once all is as desired, nothing is written.
func testSettled(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	c.createSet(t, ns, "web", 3)
	c.createService(t, ns, "web", nil)
	c.ready(t, ns, "web", 3)
	eventually(t, "the slice has three ready endpoints", func() (string, bool) {
		told := c.slices(t, ns, "web")
		return told, strings.Count(told, "ready=true") == 3
	})
	versions := func() string {
		var b strings.Builder
		for _, p := range c.pods(t, ns, "") {
			fmt.Fprintf(&b, "%s %s\n", p.Name, p.ResourceVersion)
		}
		fmt.Fprintf(&b, "set %s\n", c.set(t, ns, "web").ResourceVersion)
		slices, err := c.client.DiscoveryV1().EndpointSlices(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range slices.Items {
			fmt.Fprintf(&b, "%s %s\n", s.Name, s.ResourceVersion)
		}
		endpoints, err := c.client.CoreV1().Endpoints(ns).Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "endpoints %s\n", endpoints.ResourceVersion)
		return b.String()
	}
	// Settling may take a few more syncs; from then on two seconds must pass without a write.
	before := versions()
	quiet := time.Now()
	eventually(t, "two seconds without a write", func() (string, bool) {
		if now := versions(); now != before {
			before, quiet = now, time.Now()
		}
		return before, time.Since(quiet) > 2*time.Second
	})
}

// testAdoptAndQuarantine: claims replicasets/adopt and replicasets/quarantine.
func testAdoptAndQuarantine(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	orphan := c.createPod(t, ns, "orphan", func(p *corev1.Pod) { p.Labels = map[string]string{"app": "web"} })
	foreign := c.createPod(t, ns, "foreign", func(p *corev1.Pod) {
		yes := true
		p.Labels = map[string]string{"app": "web"}
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "orphan", UID: orphan.UID, Controller: &yes}}
	})
	failed := c.createPod(t, ns, "failed", func(p *corev1.Pod) {
		p.Labels, p.Annotations = map[string]string{"app": "web"}, map[string]string{"test/silent": "yes"}
	})
	if _, err := c.client.CoreV1().Pods(ns).Patch(t.Context(), "failed", types.MergePatchType, []byte(`{"status":{"phase":"Failed"}}`), metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}
	set := c.createSet(t, ns, "web", 2)
	c.ready(t, ns, "web", 2)
	adopted, err := c.client.CoreV1().Pods(ns).Get(t.Context(), "orphan", metav1.GetOptions{})
	if err != nil || !metav1.IsControlledBy(adopted, set) || adopted.UID != orphan.UID {
		t.Errorf("the orphan was not adopted: %v, %v", adopted.OwnerReferences, err)
	}
	if left, err := c.client.CoreV1().Pods(ns).Get(t.Context(), "foreign", metav1.GetOptions{}); err != nil || metav1.IsControlledBy(left, set) || left.UID != foreign.UID {
		t.Errorf("what another controller owns was taken: %v", err)
	}

	c.label(t, ns, "orphan", `{"app":"quarantine"}`)
	eventually(t, "the relabelled Pod is released and replaced", func() (string, bool) {
		pod, err := c.client.CoreV1().Pods(ns).Get(t.Context(), "orphan", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		owned := 0
		for _, p := range c.pods(t, ns, "app=web") {
			if metav1.IsControlledBy(&p, set) {
				owned++
			}
		}
		return fmt.Sprint(pod.OwnerReferences, owned), metav1.GetControllerOf(pod) == nil && owned == 2
	})
	c.label(t, ns, "orphan", `{"app":"web"}`)
	eventually(t, "relabelled back, the surplus goes", func() (string, bool) {
		owned := 0
		for _, p := range c.pods(t, ns, "app=web") {
			if metav1.IsControlledBy(&p, set) && p.DeletionTimestamp == nil {
				owned++
			}
		}
		status := c.set(t, ns, "web").Status
		return fmt.Sprintf("%d owned, %+v", owned, status), owned == 2 && status.Replicas == 2 && len(c.pods(t, ns, "app=web")) == 4
	})
	if left, err := c.client.CoreV1().Pods(ns).Get(t.Context(), "failed", metav1.GetOptions{}); err != nil || left.UID != failed.UID || len(left.OwnerReferences) != 0 {
		t.Errorf("a failed orphan was adopted or removed: %v, %v", left.OwnerReferences, err)
	}
}

// TestCrash: controllers and scheduler are stopped and started in the middle of a scale-up. Nothing is doubled.
func TestCrash(t *testing.T) {
	c := startCluster(t, time.Hour)
	c.nodes(2)
	ns := c.namespace(t)
	c.createSet(t, ns, "web", 50)
	for range 3 {
		eventually(t, "some more Pods", func() (string, bool) { n := len(c.pods(t, ns, "app=web")); return fmt.Sprint(n), n > 0 })
		c.stop()
		c.start()
	}
	c.ready(t, ns, "web", 50)
	created, err := c.client.CoreV1().Events(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range created.Items {
		if event.Reason == "SuccessfulDelete" {
			t.Errorf("a surplus was created and removed: %s", event.Message)
		}
	}
	if n := len(c.pods(t, ns, "app=web")); n != 50 {
		t.Errorf("%d Pods, want 50", n)
	}
}
