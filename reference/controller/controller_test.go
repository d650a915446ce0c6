package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestControllers runs every loop against a real API server.
func TestControllers(t *testing.T) {
	c := startCluster(t, time.Hour)
	c.nodes(3)
	for name, test := range map[string]func(*testing.T, *cluster){
		"scale":      testScale,
		"settled":    testSettled,
		"adopt":      testAdoptAndQuarantine,
		"cascade":    testCascade,
		"two owners": testTwoOwners,
		"endpoints":  testEndpoints,
		"namespace":  testNamespace,
		"held":       testHeldNamespace,
		"unfit":      testUnschedulable,
		"mirror":     testMirror,
		"other":      testOtherScheduler,
	} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

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
	victim := c.pods(t, ns, "app=web")[0]
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

func (c *cluster) createService(t *testing.T, ns, name string, change func(*corev1.Service)) {
	t.Helper()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Name: "http", Port: 80}},
	}}
	if change != nil {
		change(service)
	}
	if _, err := c.client.CoreV1().Services(ns).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// slices retells the slices of a Service, from the server's watch cache: a list that must be the newest waits up to a tenth of a second for it.
func (c *cluster) slices(t *testing.T, ns, service string) string {
	t.Helper()
	list, err := c.client.DiscoveryV1().EndpointSlices(ns).List(t.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service, ResourceVersion: "0"})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			line := fmt.Sprintf("ready=%t", *e.Conditions.Ready)
			if e.Conditions.Serving != nil {
				line += fmt.Sprintf(" serving=%t terminating=%t", *e.Conditions.Serving, *e.Conditions.Terminating)
			}
			told = append(told, line)
		}
		told = append(told, "in "+slice.Labels[discoveryv1.LabelManagedBy])
	}
	return strings.Join(told, ", ")
}

// testEndpoints: claim services/endpoints-object.
func testEndpoints(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	c.createService(t, ns, "web", nil)
	const manager = "in endpointslice-controller.k8s.io"
	expect := func(what, slices string, ready, unready int) {
		t.Helper()
		took := eventually(t, what, func() (string, bool) {
			told := c.slices(t, ns, "web")
			object, err := c.client.CoreV1().Endpoints(ns).Get(t.Context(), "web", metav1.GetOptions{})
			if err != nil {
				return err.Error(), false
			}
			addresses, notReady := 0, 0
			for _, subset := range object.Subsets {
				addresses, notReady = addresses+len(subset.Addresses), notReady+len(subset.NotReadyAddresses)
			}
			return fmt.Sprintf("%s; %d ready, %d not ready", told, addresses, notReady), told == slices && addresses == ready && notReady == unready
		})
		t.Logf("%s: %v", what, took)
	}
	expect("no Pods: an empty slice and an empty object", manager, 0, 0)
	pod := c.createPod(t, ns, "a", func(p *corev1.Pod) {
		p.Labels, p.Annotations = map[string]string{"app": "web"}, map[string]string{"test/lingers": "yes"}
	})
	expect("a Pod came", "ready=true serving=true terminating=false, "+manager, 1, 0)
	readiness := func(status corev1.ConditionStatus) {
		patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":"%s"}]}}`, status)
		if _, err := c.client.CoreV1().Pods(ns).Patch(t.Context(), pod.Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status"); err != nil {
			t.Fatal(err)
		}
	}
	readiness(corev1.ConditionFalse)
	expect("it is not ready", "ready=false serving=false terminating=false, "+manager, 0, 1)
	readiness(corev1.ConditionTrue)
	expect("it is ready again", "ready=true serving=true terminating=false, "+manager, 1, 0)
	c.label(t, ns, "a", `{"app":"db"}`)
	expect("it was relabelled", manager, 0, 0)
	c.label(t, ns, "a", `{"app":"web"}`)
	expect("and back", "ready=true serving=true terminating=false, "+manager, 1, 0)
	if err := c.client.CoreV1().Pods(ns).Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	expect("it terminates", "ready=false serving=true terminating=true, "+manager, 0, 0)
	if err := c.client.CoreV1().Pods(ns).Delete(t.Context(), "a", *metav1.NewDeleteOptions(0)); err != nil {
		t.Fatal(err)
	}
	expect("it is gone", manager, 0, 0)
	if err := c.client.CoreV1().Services(ns).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all goes with the Service", func() (string, bool) {
		_, err := c.client.CoreV1().Endpoints(ns).Get(t.Context(), "web", metav1.GetOptions{})
		told := c.slices(t, ns, "web")
		return fmt.Sprint(err, told), apierrors.IsNotFound(err) && told == ""
	})
}

// testMirror: claim services/without-selector.
func testMirror(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	c.createService(t, ns, "free", func(s *corev1.Service) { s.Spec.Selector = nil })
	if _, err := c.client.CoreV1().Endpoints(ns).Create(t.Context(), &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "free"},
		Subsets: []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: "192.0.2.7"}}, Ports: []corev1.EndpointPort{{Name: "http", Port: 80}}}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	expect := func(want string) {
		t.Helper()
		eventually(t, "slices "+want, func() (string, bool) { told := c.slices(t, ns, "free"); return told, told == want })
	}
	expect("ready=true, in endpointslicemirroring-controller.k8s.io")
	if err := c.client.CoreV1().Endpoints(ns).Delete(t.Context(), "free", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	expect("")
}

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
