package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func TestChoose(t *testing.T) {
	type want struct {
		Cluster, Local []string
		Any            bool
	}
	inZone := func(i int, zone string) func(*discoveryv1.EndpointSlice) {
		return func(s *discoveryv1.EndpointSlice) {
			s.Endpoints[i].Hints = &discoveryv1.EndpointHints{ForZones: []discoveryv1.ForZone{{Name: zone}}}
		}
	}
	a, b := "10.244.1.5:8080", "10.244.2.6:8080"
	for _, c := range []struct {
		name    string
		service *corev1.Service
		slice   *discoveryv1.EndpointSlice
		want    want
	}{
		{"nothing", testService(), testSlice(), want{}},
		{"ready ones only", testService(), testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.2.6", "n2", "unready")), want{Cluster: []string{a}, Any: true}},
		{"terminating ones not while a ready one is there", testService(), testSlice(endpoint("10.244.1.5", "n1", "draining"), endpoint("10.244.2.6", "n2", "ready")), want{Cluster: []string{b}, Any: true}},
		{"terminating ones that serve, when they are the last", testService(), testSlice(endpoint("10.244.1.5", "n1", "draining"), endpoint("10.244.2.6", "n2", "ending")), want{Cluster: []string{a}, Any: true}},
		{"terminating ones that do not serve never", testService(), testSlice(endpoint("10.244.1.5", "n1", "ending")), want{}},
		{"internal policy Local", testService(internalLocal), testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.2.6", "n2", "ready")), want{Local: []string{a}, Any: true}},
		{"internal policy Local, all elsewhere", testService(internalLocal), testSlice(endpoint("10.244.2.6", "n2", "ready")), want{Any: true}},
		{"external policy Local, the local one drains", testService(nodePort(30080), externalLocal), testSlice(endpoint("10.244.1.5", "n1", "draining"), endpoint("10.244.2.6", "n2", "ready")), want{Cluster: []string{b}, Local: []string{a}, Any: true}},
		{"hints for our zone", testService(), testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.2.6", "n2", "ready"), inZone(0, "west"), inZone(1, "east")), want{Cluster: []string{a}, Any: true}},
		{"hints on some only", testService(), testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.2.6", "n2", "ready"), inZone(0, "west")), want{Cluster: []string{a, b}, Any: true}},
		{"hints for other zones only", testService(), testSlice(endpoint("10.244.2.6", "n2", "ready"), inZone(0, "east")), want{Cluster: []string{b}, Any: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			node := testNode
			node.Zone = "west"
			p := portals(c.service)[0]
			got := choose(&p, backends(&p, []*discoveryv1.EndpointSlice{c.slice}, node.Name), node)
			if diff := cmp.Diff(c.want, want{targets(got.cluster), targets(got.local), got.any}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(len(targets(union(got.cluster, got.local))), len(got.reached)); diff != "" {
				t.Errorf("reached: %s", diff)
			}
		})
	}
}

func targets(all []backend) []string {
	var found []string
	for _, b := range all {
		found = append(found, b.target.String())
	}
	return found
}

func TestBackends(t *testing.T) {
	p := portals(testService())[0]
	for _, c := range []struct {
		name   string
		slices []*discoveryv1.EndpointSlice
		want   []string
	}{
		{"two slices, one endpoint in both", []*discoveryv1.EndpointSlice{testSlice(endpoint("10.244.1.5", "n1", "unready"), endpoint("10.244.1.6", "n1", "ready")), testSlice(endpoint("10.244.1.5", "n1", "ready"))}, []string{"10.244.1.5:8080", "10.244.1.6:8080"}},
		{"another port name", []*discoveryv1.EndpointSlice{testSlice(endpoint("10.244.1.5", "n1", "ready"), func(s *discoveryv1.EndpointSlice) { other := "metrics"; s.Ports[0].Name = &other })}, nil},
		{"another protocol", []*discoveryv1.EndpointSlice{testSlice(endpoint("10.244.1.5", "n1", "ready"), sliceProtocol(corev1.ProtocolUDP))}, nil},
		{"no port number", []*discoveryv1.EndpointSlice{testSlice(endpoint("10.244.1.5", "n1", "ready"), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Port = nil })}, nil},
		{"IPv6", []*discoveryv1.EndpointSlice{testSlice(endpoint("fd00::1", "n1", "ready"), func(s *discoveryv1.EndpointSlice) { s.AddressType = discoveryv1.AddressTypeIPv6 })}, nil},
		{"nonsense", []*discoveryv1.EndpointSlice{testSlice(endpoint("10.244.1.5 -j ACCEPT", "n1", "ready"), func(s *discoveryv1.EndpointSlice) { s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{}) })}, nil},
		{"conditions that nobody set mean ready", []*discoveryv1.EndpointSlice{testSlice(func(s *discoveryv1.EndpointSlice) {
			s.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{"10.244.1.5", "10.244.1.9"}}}
		})}, []string{"10.244.1.5:8080"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := backends(&p, c.slices, "n1")
			if diff := cmp.Diff(c.want, targets(pick(got, func(b backend) bool { return b.ready }))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPortalsLeaveOutWhatIsNotIPv4(t *testing.T) {
	proxied := corev1.LoadBalancerIPModeProxy
	s := testService(balancedAt("203.0.113.1", "0.0.0.0/0", "10.0.0.0/8"), func(s *corev1.Service) {
		s.Spec.ExternalIPs = []string{"2001:db8::1", "198.51.100.7", "nonsense"}
		s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{Hostname: "lb.example"}, corev1.LoadBalancerIngress{IP: "203.0.113.2", IPMode: &proxied})
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "sip", Port: 5060, Protocol: corev1.ProtocolSCTP})
	})
	got := portals(s)
	if len(got) != 2 || got[1].name != "ns/web:sip" || got[1].protocol != "sctp" || len(got[0].externalIPs) != 1 || len(got[0].loadBalancerIPs) != 1 || got[0].sourceRanges != nil {
		t.Errorf("portals %+v", got)
	}
	if got := portals(testService(func(s *corev1.Service) { s.Spec.ClusterIP = "fd00::10" })); got != nil {
		t.Errorf("an IPv6 Service has portals %+v", got)
	}
}
