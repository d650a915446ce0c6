package endpoints

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type podOption func(*corev1.Pod)

func pod(ip string, options ...podOption) *corev1.Pod {
	name := "pod-" + ip
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID(name)},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}}}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
	for _, option := range options {
		option(p)
	}
	return p
}

func unready(p *corev1.Pod)  { p.Status.Conditions[0].Status = corev1.ConditionFalse }
func leaving(p *corev1.Pod)  { p.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }
func finished(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }
func addressless(p *corev1.Pod) {
	p.Status.PodIP, p.Status.PodIPs = "", nil
}
func lost(p *corev1.Pod) { p.Spec.NodeName = "nowhere" }
func httpOn(port int32) podOption {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].ContainerPort = port }
}
func named(hostname, subdomain string) podOption {
	return func(p *corev1.Pod) { p.Spec.Hostname, p.Spec.Subdomain = hostname, subdomain }
}

type serviceOption func(*corev1.Service)

func service(options ...serviceOption) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default", UID: "svc"},
		Spec: corev1.ServiceSpec{
			ClusterIP: "10.96.0.10", IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}, Selector: map[string]string{"app": "web"},
			Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(8080)}},
		},
	}
	for _, option := range options {
		option(s)
	}
	return s
}

func publishing(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true }
func headless(s *corev1.Service)   { s.Spec.ClusterIP = corev1.ClusterIPNone }
func portless(s *corev1.Service)   { s.Spec.Ports = nil }
func byPortName(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromString("http") }
func withMetrics(s *corev1.Service) {
	s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "metrics", Port: 9090, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(9090)})
}

var nodes = map[string]*corev1.Node{"n1": {ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: map[string]string{corev1.LabelTopologyZone: "z1"}}}}

// told retells subsets in one line each.
func told(subsets []corev1.EndpointSubset) []string {
	var lines []string
	for _, subset := range subsets {
		line := ""
		for _, port := range subset.Ports {
			line += fmt.Sprintf("%s:%d ", port.Name, port.Port)
		}
		for _, address := range subset.Addresses {
			line += "ready " + address.IP + " "
			if address.Hostname != "" {
				line += "(" + address.Hostname + ") "
			}
		}
		for _, address := range subset.NotReadyAddresses {
			line += "unready " + address.IP + " "
		}
		lines = append(lines, line)
	}
	return lines
}

func TestTheEndpointsObject(t *testing.T) {
	for name, tc := range map[string]struct {
		service *corev1.Service
		pods    []*corev1.Pod
		want    []string
	}{
		"ready and unready Pods, sorted":              {service(), []*corev1.Pod{pod("10.0.0.2"), pod("10.0.0.1"), pod("10.0.0.3", unready)}, []string{"http:8080 ready 10.0.0.1 ready 10.0.0.2 unready 10.0.0.3 "}},
		"no Pods: it exists, and is empty":            {service(), nil, nil},
		"a terminating Pod has left":                  {service(), []*corev1.Pod{pod("10.0.0.1", leaving)}, nil},
		"finished and addressless Pods are not in it": {service(), []*corev1.Pod{pod("10.0.0.1", finished), pod("10.0.0.2", addressless)}, nil},
		"what is not ready is published on demand":    {service(publishing), []*corev1.Pod{pod("10.0.0.1", unready), pod("10.0.0.2", leaving)}, []string{"http:8080 ready 10.0.0.1 ready 10.0.0.2 "}},
		"several ports share a subset":                {service(withMetrics), []*corev1.Pod{pod("10.0.0.1")}, []string{"http:8080 metrics:9090 ready 10.0.0.1 "}},
		"a named port with two numbers is two subsets": {service(byPortName), []*corev1.Pod{pod("10.0.0.1"), pod("10.0.0.2", httpOn(9000))},
			[]string{"http:8080 ready 10.0.0.1 ", "http:9000 ready 10.0.0.2 "}},
		"headless without ports":             {service(headless, portless), []*corev1.Pod{pod("10.0.0.1")}, []string{"ready 10.0.0.1 "}},
		"a Pod's host name in its subdomain": {service(headless, portless), []*corev1.Pod{pod("10.0.0.1", named("a", "web"))}, []string{"ready 10.0.0.1 (a) "}},
	} {
		t.Run(name, func(t *testing.T) {
			got := decideEndpoints(tc.service, tc.pods, nil, time.Time{})
			if diff := cmp.Diff(tc.want, told(got.Subsets)); diff != "" {
				t.Errorf("endpoints (-want +got):\n%s", diff)
			}
			if again := decideEndpoints(tc.service, tc.pods, got, time.Now()); again != nil {
				t.Errorf("settled endpoints would be written again: %v", again)
			}
		})
	}
}

func TestEndpointsOverCapacityAreCut(t *testing.T) {
	var pods []*corev1.Pod
	for i := range 1100 {
		p := pod(fmt.Sprintf("10.1.%d.%d", i/250, i%250))
		if i >= 900 {
			unready(p)
		}
		pods = append(pods, p)
	}
	got := decideEndpoints(service(), pods, nil, time.Time{})
	if ready, rest := len(got.Subsets[0].Addresses), len(got.Subsets[0].NotReadyAddresses); ready != 900 || rest != 100 || got.Annotations[corev1.EndpointsOverCapacity] != "truncated" {
		t.Errorf("%d ready, %d not ready, annotations %v", ready, rest, got.Annotations)
	}
}

// toldSlices retells slices in one line each.
func toldSlices(slices []*discoveryv1.EndpointSlice) []string {
	var lines []string
	for _, slice := range slices {
		line := string(slice.AddressType)
		for _, port := range slice.Ports {
			line += fmt.Sprintf(" %s:%d", *port.Name, *port.Port)
		}
		for _, endpoint := range slice.Endpoints {
			line += " | " + endpoint.Addresses[0]
			for condition, value := range map[string]*bool{"ready": endpoint.Conditions.Ready} {
				line += fmt.Sprintf(" %s=%t", condition, *value)
			}
			if s := endpoint.Conditions.Serving; s != nil {
				line += fmt.Sprintf(" serving=%t terminating=%t", *s, *endpoint.Conditions.Terminating)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func TestTheSlices(t *testing.T) {
	for name, tc := range map[string]struct {
		service *corev1.Service
		pods    []*corev1.Pod
		want    []string
	}{
		"a ready and an unready Pod": {service(), []*corev1.Pod{pod("10.0.0.1"), pod("10.0.0.2", unready)},
			[]string{"IPv4 http:8080 | 10.0.0.1 ready=true serving=true terminating=false | 10.0.0.2 ready=false serving=false terminating=false"}},
		"a terminating Pod serves on, but is not ready": {service(), []*corev1.Pod{pod("10.0.0.1", leaving)},
			[]string{"IPv4 http:8080 | 10.0.0.1 ready=false serving=true terminating=true"}},
		"published though not ready": {service(publishing), []*corev1.Pod{pod("10.0.0.1", unready)},
			[]string{"IPv4 http:8080 | 10.0.0.1 ready=true serving=false terminating=false"}},
		"a finished Pod is in no slice":                  {service(), []*corev1.Pod{pod("10.0.0.1", finished)}, []string{"IPv4"}},
		"a Pod on a node that does not exist is in none": {service(), []*corev1.Pod{pod("10.0.0.1", lost)}, []string{"IPv4"}},
		"no Pods: one empty slice":                       {service(), nil, []string{"IPv4"}},
		"a named port with two numbers makes two slices": {service(byPortName), []*corev1.Pod{pod("10.0.0.1"), pod("10.0.0.2", httpOn(9000))},
			[]string{"IPv4 http:8080 | 10.0.0.1 ready=true serving=true terminating=false", "IPv4 http:9000 | 10.0.0.2 ready=true serving=true terminating=false"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := decideSlices(tc.service, tc.pods, nodes, nil)
			if diff := cmp.Diff(tc.want, toldSlices(plan.create)); diff != "" {
				t.Errorf("slices (-want +got):\n%s", diff)
			}
			stored := store(plan, nil)
			if again := decideSlices(tc.service, tc.pods, nodes, stored); len(again.create)+len(again.update)+len(again.remove) > 0 {
				t.Errorf("settled slices would be written again: %+v", again)
			}
		})
	}
}

// store is what the API server has after a plan.
func store(plan slicePlan, before []*discoveryv1.EndpointSlice) []*discoveryv1.EndpointSlice {
	byName := map[string]*discoveryv1.EndpointSlice{}
	for _, slice := range before {
		byName[slice.Name] = slice
	}
	for _, slice := range plan.remove {
		delete(byName, slice.Name)
	}
	for _, slice := range plan.update {
		byName[slice.Name] = slice
	}
	for i, slice := range plan.create {
		slice.Name = fmt.Sprintf("%s%d", slice.GenerateName, len(before)+i)
		byName[slice.Name] = slice
	}
	var after []*discoveryv1.EndpointSlice
	for _, slice := range byName {
		after = append(after, slice)
	}
	return after
}

func TestHintsTellForWhomAnEndpointIsMeant(t *testing.T) {
	traffic := func(distribution string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.TrafficDistribution = &distribution }
	}
	byZones := func(s *corev1.Service) { s.Annotations = map[string]string{corev1.AnnotationTopologyMode: "Auto"} }
	unzoned := map[string]*corev1.Node{"n1": {ObjectMeta: metav1.ObjectMeta{Name: "n1"}}}
	const zone, node = `{[{z1}] []}`, `{[{z1}] [{n1}]}`
	for name, tc := range map[string]struct {
		service *corev1.Service
		pod     *corev1.Pod
		nodes   map[string]*corev1.Node
		want    string
	}{
		"nothing is asked for":                     {service(), pod("10.0.0.1"), nodes, ""},
		"its zone":                                 {service(traffic("PreferSameZone")), pod("10.0.0.1"), nodes, zone},
		"its zone, by the older name":              {service(traffic("PreferClose")), pod("10.0.0.1"), nodes, zone},
		"its node, and its zone":                   {service(traffic("PreferSameNode")), pod("10.0.0.1"), nodes, node},
		"nodes without zones have no hints":        {service(traffic("PreferSameZone")), pod("10.0.0.1"), unzoned, ""},
		"but nodes themselves":                     {service(traffic("PreferSameNode")), pod("10.0.0.1"), unzoned, `{[] [{n1}]}`},
		"what is not ready is meant for nobody":    {service(traffic("PreferSameZone")), pod("10.0.0.1", unready), nodes, ""},
		"the annotation goes before the field":     {service(traffic("PreferSameZone"), byZones), pod("10.0.0.1"), nodes, ""},
		"published though not ready, it has hints": {service(traffic("PreferSameZone"), publishing), pod("10.0.0.1", unready), nodes, zone},
	} {
		t.Run(name, func(t *testing.T) {
			plan := decideSlices(tc.service, []*corev1.Pod{tc.pod}, tc.nodes, nil)
			got := ""
			if hints := plan.create[0].Endpoints[0].Hints; hints != nil {
				got = fmt.Sprint(*hints)
			}
			if got != tc.want {
				t.Errorf("the endpoint has the hints %q, not %q", got, tc.want)
			}
		})
	}
	stored := store(decideSlices(service(traffic("PreferSameZone")), []*corev1.Pod{pod("10.0.0.1")}, nodes, nil), nil)
	if plan := decideSlices(service(), []*corev1.Pod{pod("10.0.0.1")}, nodes, stored); len(plan.update) != 1 || plan.update[0].Endpoints[0].Hints != nil {
		t.Errorf("hints that nobody asks for any more stay: %+v", plan)
	}
}

func TestSlicesChangeWithTheFewestWrites(t *testing.T) {
	many := func(from, to int) []*corev1.Pod {
		var pods []*corev1.Pod
		for i := from; i < to; i++ {
			pods = append(pods, pod(fmt.Sprintf("10.%d.0.1", 100+i)))
		}
		return pods
	}
	type writes struct{ Create, Update, Remove int }
	for name, tc := range map[string]struct {
		before, after []*corev1.Pod
		want          writes
	}{
		"a Pod joins":  {many(0, 3), many(0, 4), writes{Update: 1}},
		"a Pod leaves": {many(0, 3), many(1, 3), writes{Update: 1}},
		"the first Pod comes: the empty slice is used":  {nil, many(0, 1), writes{Update: 1}},
		"the last Pod leaves: the slice stays, empty":   {many(0, 1), nil, writes{Update: 1}},
		"the hundred and first Pod needs another slice": {many(0, 100), many(0, 101), writes{Create: 1}},
		"two slices, one emptied":                       {many(0, 150), many(0, 100), writes{Remove: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			stored := store(decideSlices(service(), tc.before, nodes, nil), nil)
			plan := decideSlices(service(), tc.after, nodes, stored)
			if diff := cmp.Diff(tc.want, writes{len(plan.create), len(plan.update), len(plan.remove)}); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
			count := 0
			for _, slice := range store(plan, stored) {
				count += len(slice.Endpoints)
				if len(slice.Endpoints) > maxSliceEndpoints {
					t.Errorf("a slice has %d endpoints", len(slice.Endpoints))
				}
			}
			if count != len(tc.after) {
				t.Errorf("%d endpoints, want %d", count, len(tc.after))
			}
		})
	}
}

func TestSlicesOfAnEarlierServiceOfTheSameNameGo(t *testing.T) {
	old := service(func(s *corev1.Service) { s.UID = "earlier" })
	stored := store(decideSlices(old, []*corev1.Pod{pod("10.0.0.1")}, nodes, nil), nil)
	plan := decideSlices(service(), []*corev1.Pod{pod("10.0.0.1")}, nodes, stored)
	if len(plan.remove) != 1 || len(plan.create) != 1 {
		t.Errorf("plan %+v, want the old slice removed and a new one created", plan)
	}
}

func TestUsersEndpointsAreMirrored(t *testing.T) {
	free := service(func(s *corev1.Service) { s.Spec.Selector = nil })
	users := &corev1.Endpoints{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default", UID: "ep", Labels: map[string]string{"team": "a"},
			Annotations: map[string]string{"note": "x", corev1.LastAppliedConfigAnnotation: "{}"}},
		Subsets: []corev1.EndpointSubset{{
			Addresses: []corev1.EndpointAddress{{IP: "192.0.2.1"}, {IP: "2001:db8::1"}}, NotReadyAddresses: []corev1.EndpointAddress{{IP: "192.0.2.2"}},
			Ports: []corev1.EndpointPort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}},
		}},
	}
	plan := decideMirror(free, users, nil)
	want := []string{"IPv4 http:80 | 192.0.2.1 ready=true | 192.0.2.2 ready=false", "IPv6 http:80 | 2001:db8::1 ready=true"}
	if diff := cmp.Diff(want, toldSlices(plan.create)); diff != "" {
		t.Errorf("mirrored (-want +got):\n%s", diff)
	}
	labels := map[string]string{"team": "a", discoveryv1.LabelServiceName: "web", discoveryv1.LabelManagedBy: mirrorManager}
	if diff := cmp.Diff(labels, plan.create[0].Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	stored := store(plan, nil)
	if again := decideMirror(free, users, stored); len(again.create)+len(again.update)+len(again.remove) > 0 {
		t.Errorf("settled mirror would be written again: %+v", again)
	}
	for name, tc := range map[string]struct {
		service *corev1.Service
		users   *corev1.Endpoints
	}{
		"the Service has a selector now": {service(), users},
		"the Service is gone":            {nil, users},
		"the Endpoints are gone":         {free, nil},
		"mirroring is not wanted": {free, func() *corev1.Endpoints {
			e := users.DeepCopy()
			e.Labels[discoveryv1.LabelSkipMirror] = "true"
			return e
		}()},
	} {
		if plan := decideMirror(tc.service, tc.users, stored); len(plan.remove) != 2 || len(plan.create)+len(plan.update) != 0 {
			t.Errorf("%s: %+v, want both slices removed", name, plan)
		}
	}
}
