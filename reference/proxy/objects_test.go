package proxy

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var testNode = Node{
	Name: "n1", IP: netip.MustParseAddr("172.30.0.2"), ClusterCIDR: netip.MustParsePrefix("10.244.0.0/16"),
	Features: Features{Recent: true, SCTP: true, RandomFully: true},
}

// testService is a Service ns/web at 10.96.0.10, port 80 TCP, as changed by the options.
func testService(options ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "web"},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.10",
			Ports: []corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolTCP}},
		},
	}
	for _, option := range options {
		option(s)
	}
	return s
}

func nodePort(port int32) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Spec.Type = corev1.ServiceTypeNodePort
		s.Spec.Ports[0].NodePort = port
	}
}

func overUDP(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolUDP }

func internalLocal(s *corev1.Service) {
	local := corev1.ServiceInternalTrafficPolicyLocal
	s.Spec.InternalTrafficPolicy = &local
}

func externalLocal(s *corev1.Service) {
	s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
}

func sticky(seconds int32) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
		s.Spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds}}
	}
}

func balancedAt(ip string, sources ...string) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Spec.Type = corev1.ServiceTypeLoadBalancer
		s.Spec.LoadBalancerSourceRanges = sources
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: ip}}
	}
}

// testSlice is a slice of ns/web with an unnamed TCP port 8080, as changed by the options.
func testSlice(options ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	name, protocol, port := "", corev1.ProtocolTCP, int32(8080)
	s := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "ns", Name: "web-abc", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: &name, Protocol: &protocol, Port: &port}},
	}
	for _, option := range options {
		option(s)
	}
	return s
}

// endpoint adds an endpoint in one of the states ready, unready, draining (terminating, serving) and ending (terminating).
func endpoint(ip, node, state string) func(*discoveryv1.EndpointSlice) {
	return func(s *discoveryv1.EndpointSlice) {
		ready, serving, terminating := state == "ready", state == "ready" || state == "draining", state == "draining" || state == "ending"
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{ip}, NodeName: &node,
			Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating},
		})
	}
}

func sliceProtocol(protocol corev1.Protocol) func(*discoveryv1.EndpointSlice) {
	return func(s *discoveryv1.EndpointSlice) { s.Ports[0].Protocol = &protocol }
}

// manyServices are n Services of two endpoints each.
func manyServices(n int) (services []*corev1.Service, slices []*discoveryv1.EndpointSlice) {
	for i := range n {
		name := fmt.Sprintf("web-%04d", i)
		service := testService(func(s *corev1.Service) {
			s.Name, s.Spec.ClusterIP = name, fmt.Sprintf("10.96.%d.%d", i/250, i%250+1)
		})
		slice := testSlice(endpoint(fmt.Sprintf("10.244.%d.%d", i/250, i%250+1), "n1", "ready"), endpoint(fmt.Sprintf("10.245.%d.%d", i/250, i%250+1), "n2", "ready"))
		slice.Name, slice.Labels[discoveryv1.LabelServiceName] = name+"-x", name
		services, slices = append(services, service), append(slices, slice)
	}
	return services, slices
}
