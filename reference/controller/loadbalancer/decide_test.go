package loadbalancer

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/balancer"
)

func named(name, wish string, ingress ...string) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name)},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, LoadBalancerIP: wish}}
	for _, ip := range ingress {
		s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: ip})
	}
	return s
}

// TestAddresses gives, recalls and frees one after the other, and tells what each got.
func TestAddresses(t *testing.T) {
	type do func(b *book) string
	take := func(name, wish string) do {
		return func(b *book) string {
			address, err := b.take(named(name, wish))
			if err != nil {
				return fmt.Sprintf("%v, has %t", err, address.IsValid())
			}
			return address.String()
		}
	}
	free := func(name string) do {
		return func(b *book) string { return fmt.Sprint(b.free(cache.NewObjectName("default", name))) }
	}
	recall := func(name, ip string) do {
		return func(b *book) string { b.recall(named(name, "", ip)); return "recalled" }
	}
	for _, tt := range []struct {
		name  string
		steps []do
		want  []string
	}{
		{"the lowest that is free, and kept", []do{take("a", ""), take("b", ""), take("a", "")}, []string{"192.0.2.8", "192.0.2.9", "192.0.2.8"}},
		{"used up, then freed", []do{take("a", ""), take("b", ""), take("c", ""), free("a"), take("c", "")},
			[]string{"192.0.2.8", "192.0.2.9", "no address of the pool 192.0.2.8/31 is free, has false", "true", "192.0.2.8"}},
		{"chosen", []do{take("a", "192.0.2.9"), take("b", "192.0.2.9"), take("b", "")},
			[]string{"192.0.2.9", "the address 192.0.2.9 belongs to another Service, has false", "192.0.2.8"}},
		{"chosen from elsewhere", []do{take("a", "192.0.2.10"), take("a", "frob")},
			[]string{"the address 192.0.2.10 is not of the pool 192.0.2.8/31, has false", "the address frob is not of the pool 192.0.2.8/31, has false"}},
		{"changed", []do{take("a", ""), take("a", "192.0.2.9"), take("b", "")}, []string{"192.0.2.8", "192.0.2.9", "192.0.2.8"}},
		{"changed in vain", []do{take("a", ""), take("b", ""), take("a", "192.0.2.9"), take("a", "")},
			[]string{"192.0.2.8", "192.0.2.9", "the address 192.0.2.9 belongs to another Service, has true", "192.0.2.8"}},
		{"recalled", []do{recall("a", "192.0.2.8"), recall("b", "192.0.2.8"), take("b", ""), take("a", "")}, []string{"recalled", "recalled", "192.0.2.9", "192.0.2.8"}},
		{"of another pool", []do{recall("a", "192.0.2.77"), take("a", "")}, []string{"recalled", "192.0.2.8"}},
		{"nothing to free", []do{free("a")}, []string{"false"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pool, err := balancer.ParsePool("192.0.2.8/31")
			if err != nil {
				t.Fatal(err)
			}
			b := newBook(pool)
			var got []string
			for _, step := range tt.steps {
				got = append(got, step(b))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		})
	}
}

func node(name string, ready corev1.ConditionStatus, change func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}
	if change != nil {
		change(n)
	}
	return n
}

func TestAbleNodes(t *testing.T) {
	excluded := func(n *corev1.Node) { n.Labels = map[string]string{corev1.LabelNodeExcludeBalancers: ""} }
	going := func(n *corev1.Node) { n.DeletionTimestamp = &metav1.Time{} }
	nodes := []*corev1.Node{
		node("d", corev1.ConditionTrue, nil), node("a", corev1.ConditionTrue, nil), node("lost", corev1.ConditionUnknown, nil),
		node("excluded", corev1.ConditionTrue, excluded), node("going", corev1.ConditionTrue, going),
	}
	at := func(name string, ready bool) []*discoveryv1.EndpointSlice {
		return []*discoveryv1.EndpointSlice{{Endpoints: []discoveryv1.Endpoint{{NodeName: &name, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}}}}
	}
	for _, tt := range []struct {
		name   string
		policy corev1.ServiceExternalTrafficPolicy
		slices []*discoveryv1.EndpointSlice
		want   []string
	}{
		{"any", corev1.ServiceExternalTrafficPolicyCluster, at("d", true), []string{"a", "d"}},
		{"with a Pod", corev1.ServiceExternalTrafficPolicyLocal, at("d", true), []string{"d"}},
		{"with a Pod that is not ready", corev1.ServiceExternalTrafficPolicyLocal, at("d", false), []string{"a", "d"}},
		{"with a Pod on a lost node", corev1.ServiceExternalTrafficPolicyLocal, at("lost", true), []string{"a", "d"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			service := &corev1.Service{Spec: corev1.ServiceSpec{ExternalTrafficPolicy: tt.policy}}
			if diff := cmp.Diff(tt.want, able(service, nodes, tt.slices)); diff != "" {
				t.Errorf("nodes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAddressStaysWhereItIsAndSpreads(t *testing.T) {
	nodes := []string{"a", "b", "c"}
	used := map[string]bool{}
	for i := range 64 {
		address := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		first := holder(address, "", nodes)
		used[first] = true
		for _, other := range nodes {
			if got := holder(address, other, nodes); got != other {
				t.Errorf("%s moved from %s to %s", address, other, got)
			}
		}
		left := slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return n == first })
		if got := holder(address, first, left); !slices.Contains(left, got) {
			t.Errorf("%s is at %q, which is not among %v", address, got, left)
		}
	}
	if len(used) != len(nodes) {
		t.Errorf("64 addresses are at %v only", used)
	}
	if got := holder(netip.Addr{}, "a", nil); got != "" {
		t.Errorf("without a node, %q answers", got)
	}
}

func TestNeedsCleanup(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*corev1.Service)
		want   bool
	}{
		{"in use", func(*corev1.Service) {}, false},
		{"of another type", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP }, true},
		{"deleted", func(s *corev1.Service) { s.DeletionTimestamp = &metav1.Time{} }, true},
		{"another provider's", func(s *corev1.Service) {
			s.DeletionTimestamp, s.Spec.LoadBalancerClass = &metav1.Time{}, new("example.com/other")
		}, false},
		{"without the finalizer", func(s *corev1.Service) { s.DeletionTimestamp, s.Finalizers = &metav1.Time{}, nil }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			service := named("a", "")
			service.Finalizers = []string{balancer.Finalizer}
			tt.change(service)
			if got := needsCleanup(service); got != tt.want {
				t.Errorf("needs cleanup: %t, want %t", got, tt.want)
			}
		})
	}
}
