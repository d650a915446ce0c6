package controller_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

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
