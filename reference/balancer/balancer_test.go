package balancer

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func service(node string, change func(*corev1.Service), ips ...string) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{NodeAnnotation: node}}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}}
	for _, ip := range ips {
		s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: ip})
	}
	if change != nil {
		change(s)
	}
	return s
}

func TestNodesAnswerForWhatNamesThem(t *testing.T) {
	for _, tt := range []struct {
		name     string
		services []*corev1.Service
		want     []string
	}{
		{"nothing", nil, nil},
		{"in order, and once", []*corev1.Service{service("one", nil, "192.0.2.10"), service("one", nil, "192.0.2.9", "192.0.2.10")}, []string{"192.0.2.9", "192.0.2.10"}},
		{"another node's", []*corev1.Service{service("two", nil, "192.0.2.9")}, nil},
		{"host names and IPv6", []*corev1.Service{service("one", nil, "", "2001:db8::1")}, nil},
		{"another type", []*corev1.Service{service("one", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort }, "192.0.2.9")}, nil},
		{"another provider's", []*corev1.Service{service("one", func(s *corev1.Service) { s.Spec.LoadBalancerClass = new("example.com/other") }, "192.0.2.9")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, address := range Held("one", tt.services) {
				got = append(got, address.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPools(t *testing.T) {
	pool, err := ParsePool("192.0.2.6/30")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for address := range pool.All() {
		all = append(all, address.String())
	}
	if diff := cmp.Diff([]string{"192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7"}, all); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if pool.Contains(netip.MustParseAddr("192.0.2.8")) || !pool.Contains(netip.MustParseAddr("192.0.2.7")) {
		t.Error("the pool contains other addresses than its own")
	}
	if (Pool{}).Contains(netip.MustParseAddr("0.0.0.0")) || len(slices.Collect(Pool{}.All())) != 0 {
		t.Error("no pool has addresses")
	}
	for _, bad := range []string{"", "192.0.2.4", "192.0.2.4/33", "2001:db8::/120"} {
		if _, err := ParsePool(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
