package network

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPortRules(t *testing.T) {
	got := portRules(map[string]forwarding{
		"one": {netip.MustParseAddr("10.244.1.2"), []PortMapping{{Protocol: "tcp", HostPort: 80, ContainerPort: 8080}}},
		"two": {netip.MustParseAddr("10.244.1.3"), []PortMapping{{Protocol: "tcp", HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: 80, ContainerPort: 8081}}},
	})
	want := `*nat
:REFERENCE-HOSTPORTS - [0:0]
:REFERENCE-HOSTPORTS-OUT - [0:0]
-A REFERENCE-HOSTPORTS -d 127.0.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.1.3:8081
-A REFERENCE-HOSTPORTS -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.1.2:8080
-A REFERENCE-HOSTPORTS-OUT -s 10.244.1.2/32 -d 10.244.1.2/32 -p tcp -m tcp --dport 8080 -m conntrack --ctstate DNAT -j MASQUERADE
-A REFERENCE-HOSTPORTS-OUT -s 127.0.0.0/8 -d 10.244.1.2/32 -p tcp -m tcp --dport 8080 -m conntrack --ctstate DNAT -j MASQUERADE
-A REFERENCE-HOSTPORTS-OUT -s 10.244.1.3/32 -d 10.244.1.3/32 -p tcp -m tcp --dport 8081 -m conntrack --ctstate DNAT -j MASQUERADE
-A REFERENCE-HOSTPORTS-OUT -s 127.0.0.0/8 -d 10.244.1.3/32 -p tcp -m tcp --dport 8081 -m conntrack --ctstate DNAT -j MASQUERADE
COMMIT
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}
