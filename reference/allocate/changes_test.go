package allocate

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func mustAddress(t *testing.T, ip string) netip.Addr {
	t.Helper()
	address, ok := canonicalIP(ip)
	if !ok {
		t.Fatalf("%q is no address", ip)
	}
	return address
}

func TestTypeChanges(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/24", "30000-32767")
	svc := create(t, s, store, newService("s", withIP("10.96.0.10")))
	wantTaken(t, s, "10.96.0.10")

	// A node port comes and goes with the type.
	next := newService("s", withType(corev1.ServiceTypeNodePort), withNodePort(0, 30080))
	svc = update(t, s, store, next, svc)
	if svc.Spec.ClusterIP != "10.96.0.10" {
		t.Errorf("a PUT without clusterIP changed it to %q", svc.Spec.ClusterIP)
	}
	wantTaken(t, s, "10.96.0.10", "30080")

	// The same manifest without the node port keeps it.
	svc = update(t, s, store, newService("s", withType(corev1.ServiceTypeNodePort)), svc)
	if port := svc.Spec.Ports[0].NodePort; port != 30080 {
		t.Errorf("a PUT without nodePort changed it to %d", port)
	}

	// Another chosen port replaces it.
	svc = update(t, s, store, newService("s", withType(corev1.ServiceTypeNodePort), withNodePort(0, 30081)), svc)
	wantTaken(t, s, "10.96.0.10", "30081")

	// The strategy clears the port when the type changes; here that has happened.
	svc = update(t, s, store, newService("s"), svc)
	wantTaken(t, s, "10.96.0.10")

	external := newService("s", withType(corev1.ServiceTypeExternalName))
	external.Spec.ExternalName = "example.com"
	svc = update(t, s, store, external, svc)
	wantTaken(t, s)

	svc = update(t, s, store, newService("s", withIP("10.96.0.20")), svc)
	wantTaken(t, s, "10.96.0.20")
	store.remove(svc)
	s.Release(t.Context(), svc)
	wantTaken(t, s)
}

// An update that is not stored neither takes nor gives up.
func TestUpdateReverted(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/24", "30000-32767")
	svc := create(t, s, store, newService("s", withIP("10.96.0.10"), withType(corev1.ServiceTypeNodePort), withNodePort(0, 30080)))
	_, revert, err := s.Allocate(t.Context(), newService("s", withType(corev1.ServiceTypeNodePort), withNodePort(0, 30090)), svc.DeepCopy(), false)
	if err != nil {
		t.Fatal(err)
	}
	wantTaken(t, s, "10.96.0.10", "30080", "30090")
	revert()
	wantTaken(t, s, "10.96.0.10", "30080")
}

// An attempt that lost a race is tried again with what it took already.
func TestUpdateTriedAgain(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/24", "30000-32767")
	svc := create(t, s, store, newService("s", withIP("10.96.0.10")))
	try := func() (commit, revert func()) {
		commit, revert, err := s.Allocate(t.Context(), newService("s", withType(corev1.ServiceTypeNodePort), withNodePort(0, 30080)), svc.DeepCopy(), false)
		if err != nil {
			t.Fatal(err)
		}
		return commit, revert
	}
	_, revertFirst := try()
	commitSecond, _ := try()
	revertFirst()
	commitSecond()
	wantTaken(t, s, "10.96.0.10", "30080")
}

func TestNodePorts(t *testing.T) {
	two := func(first, second corev1.ServicePort) func(*corev1.Service) {
		return func(svc *corev1.Service) {
			svc.Spec.Type = corev1.ServiceTypeNodePort
			svc.Spec.Ports = []corev1.ServicePort{first, second}
		}
	}
	s, store := newServices(t, "10.96.0.0/24", "30000-30019")
	create(t, s, store, newService("there", withType(corev1.ServiceTypeNodePort), withNodePort(0, 30010)))
	for name, test := range map[string]struct {
		svc  *corev1.Service
		want []int32
		err  string
	}{
		"one for TCP and UDP of a port": {
			svc:  newService("x", two(corev1.ServicePort{Name: "t", Port: 53, Protocol: "TCP", NodePort: 30001}, corev1.ServicePort{Name: "u", Port: 53, Protocol: "UDP"})),
			want: []int32{30001, 30001},
		},
		"the later one says which": {
			svc:  newService("x", two(corev1.ServicePort{Name: "t", Port: 53, Protocol: "TCP"}, corev1.ServicePort{Name: "u", Port: 53, Protocol: "UDP", NodePort: 30002})),
			want: []int32{30002, 30002},
		},
		"two of their own": {
			svc:  newService("x", two(corev1.ServicePort{Name: "a", Port: 80, Protocol: "TCP", NodePort: 30003}, corev1.ServicePort{Name: "b", Port: 81, Protocol: "TCP", NodePort: 30004})),
			want: []int32{30003, 30004},
		},
		"another Service's, other protocol": {
			svc: newService("x", two(corev1.ServicePort{Name: "a", Port: 80, Protocol: "TCP"}, corev1.ServicePort{Name: "b", Port: 53, Protocol: "UDP", NodePort: 30010})),
			err: `Service "x" is invalid: spec.ports[1].nodePort: Invalid value: 30010: provided port is already allocated`,
		},
		"outside": {
			svc: newService("x", withType(corev1.ServiceTypeNodePort), withNodePort(0, 30020)),
			err: "spec.ports[0].nodePort: Invalid value: 30020: provided port is not in the valid range. The range of valid ports is 30000-30019",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, revert, err := s.Allocate(t.Context(), test.svc, nil, false)
			checkError(t, err, test.err)
			if err != nil {
				return
			}
			defer revert()
			var got []int32
			for _, port := range test.svc.Spec.Ports {
				got = append(got, port.NodePort)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNodePortsExhausted(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/24", "30000-30001")
	create(t, s, store, newService("a", withType(corev1.ServiceTypeNodePort)))
	b := create(t, s, store, newService("b", withType(corev1.ServiceTypeNodePort)))
	_, _, err := s.Allocate(t.Context(), newService("c", withType(corev1.ServiceTypeNodePort)), nil, false)
	checkError(t, err, "Internal error occurred: failed to allocate a nodePort: range is full")
	store.remove(b)
	s.Release(t.Context(), b)
	if c := create(t, s, store, newService("c", withType(corev1.ServiceTypeNodePort))); c.Spec.Ports[0].NodePort != b.Spec.Ports[0].NodePort {
		t.Errorf("freed %d, allocated %d", b.Spec.Ports[0].NodePort, c.Spec.Ports[0].NodePort)
	}
}

func TestHealthCheckPort(t *testing.T) {
	local := func(port int32) func(*corev1.Service) {
		return func(svc *corev1.Service) {
			svc.Spec.Type, svc.Spec.ExternalTrafficPolicy = corev1.ServiceTypeLoadBalancer, corev1.ServiceExternalTrafficPolicyLocal
			svc.Spec.AllocateLoadBalancerNodePorts, svc.Spec.HealthCheckNodePort = new(false), port
		}
	}
	s, store := newServices(t, "10.96.0.0/24", "30000-30100")
	svc := create(t, s, store, newService("lb", withIP("10.96.0.9"), local(30050)))
	wantTaken(t, s, "10.96.0.9", "30050")
	_, _, err := s.Allocate(t.Context(), newService("x", local(30050)), nil, false)
	checkError(t, err, "spec.healthCheckNodePort: Invalid value: 30050: failed to allocate requested HealthCheck NodePort 30050: provided port is already allocated")
	svc = update(t, s, store, newService("lb", local(0)), svc)
	if svc.Spec.HealthCheckNodePort != 30050 {
		t.Errorf("a PUT without it changed healthCheckNodePort to %d", svc.Spec.HealthCheckNodePort)
	}
	update(t, s, store, newService("lb"), svc)
	wantTaken(t, s, "10.96.0.9")
	if other := create(t, s, store, newService("y", withIP("10.96.0.8"), local(0))); other.Spec.HealthCheckNodePort == 0 {
		t.Error("no health check port")
	}
}

func TestFamilies(t *testing.T) {
	policy := func(p corev1.IPFamilyPolicy) *corev1.IPFamilyPolicy { return &p }
	v4, v6 := corev1.IPv4Protocol, corev1.IPv6Protocol
	single, _ := newServices(t, "10.96.0.0/24", "30000-32767")
	dual, _ := newServices(t, "10.96.0.0/24,fd00::/112", "30000-32767", func(o *Options) { o.Prefix += "dual/" })
	for name, test := range map[string]struct {
		s        *Services
		svc      *corev1.Service
		families []corev1.IPFamily
		policy   corev1.IPFamilyPolicy
		err      string
	}{
		"default":                   {s: single, svc: newService("x"), families: []corev1.IPFamily{v4}, policy: corev1.IPFamilyPolicySingleStack},
		"headless":                  {s: single, svc: newService("x", withIP("None")), families: []corev1.IPFamily{v4}, policy: corev1.IPFamilyPolicySingleStack},
		"headless without selector": {s: single, svc: newService("x", withIP("None"), func(svc *corev1.Service) { svc.Spec.Selector = nil }), families: []corev1.IPFamily{v4, v6}, policy: corev1.IPFamilyPolicyRequireDualStack},
		"preferred but not there":   {s: single, svc: newService("x", func(svc *corev1.Service) { svc.Spec.IPFamilyPolicy = policy(corev1.IPFamilyPolicyPreferDualStack) }), families: []corev1.IPFamily{v4}, policy: corev1.IPFamilyPolicyPreferDualStack},
		"required but not there":    {s: single, svc: newService("x", func(svc *corev1.Service) { svc.Spec.IPFamilyPolicy = policy(corev1.IPFamilyPolicyRequireDualStack) }), err: `spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services`},
		"the other one":             {s: single, svc: newService("x", func(svc *corev1.Service) { svc.Spec.IPFamilies = []corev1.IPFamily{v6} }), err: `spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster`},
		"preferred and there":       {s: dual, svc: newService("x", func(svc *corev1.Service) { svc.Spec.IPFamilyPolicy = policy(corev1.IPFamilyPolicyPreferDualStack) }), families: []corev1.IPFamily{v4, v6}, policy: corev1.IPFamilyPolicyPreferDualStack},
		"IPv6 by address":           {s: dual, svc: newService("x", withIP("fd00::5")), families: []corev1.IPFamily{v6}, policy: corev1.IPFamilyPolicySingleStack},
		"two families, single":      {s: dual, svc: newService("x", func(svc *corev1.Service) { svc.Spec.IPFamilies = []corev1.IPFamily{v4, v6} }), err: "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"},
	} {
		t.Run(name, func(t *testing.T) {
			_, revert, err := test.s.Allocate(t.Context(), test.svc, nil, false)
			checkError(t, err, test.err)
			if err != nil {
				return
			}
			defer revert()
			if diff := cmp.Diff(test.families, test.svc.Spec.IPFamilies); diff != "" || *test.svc.Spec.IPFamilyPolicy != test.policy {
				t.Errorf("policy %s, families %s", *test.svc.Spec.IPFamilyPolicy, diff)
			}
			if ips := test.svc.Spec.ClusterIPs; ips[0] != "None" && len(ips) != len(test.families) {
				t.Errorf("addresses %v", ips)
			}
		})
	}
}
