package steps

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestServerOf: the Service has the address that Pods are told, and answers for names there.
func TestServerOf(t *testing.T) {
	service := func(name string, protocol corev1.Protocol, port int32, addresses ...string) corev1.Service {
		return corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{
			ClusterIPs: addresses, Ports: []corev1.ServicePort{{Port: port, Protocol: protocol}},
		}}
	}
	services := []corev1.Service{
		service("web", corev1.ProtocolTCP, 80, "10.96.0.80"),
		service("headless", corev1.ProtocolUDP, 53, "None"),
		service("over-tcp", corev1.ProtocolTCP, 53, "10.96.0.53"),
		service("names", corev1.ProtocolUDP, 53, "10.96.0.10", "fd00::a"),
	}
	for name, c := range map[string]struct {
		servers []string
		want    string
	}{
		"its address":               {[]string{"10.96.0.10"}, "names"},
		"behind another":            {[]string{"192.0.2.53", "10.96.0.10"}, "names"},
		"its second, written out":   {[]string{"fd00:0:0:0:0:0:0:a"}, "names"},
		"a Pod's":                   {[]string{"10.244.0.7"}, ""},
		"a Service's with no names": {[]string{"10.96.0.80", "10.96.0.53"}, ""},
		"no address":                {[]string{"None"}, ""},
		"none":                      {nil, ""},
	} {
		got := ""
		if found := serverOf(c.servers, services); found != nil {
			got = found.Name
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if !isLinkLocal("169.254.20.10") || !isLinkLocal("fe80::a") || isLinkLocal("10.96.0.10") || isLinkLocal("names") {
		t.Error("169.254.20.10 and fe80::a, and they alone, are of the link")
	}
}
