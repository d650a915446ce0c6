package node

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPodsAskTheRelayInsteadOfLoopback(t *testing.T) {
	for _, test := range []struct {
		name    string
		file    string
		pods    []string
		relayed []string
	}{
		{"Docker's own", "nameserver 127.0.0.11\noptions ndots:0\n", []string{"169.254.1.53"}, []string{"127.0.0.11:53"}},
		{"a host's", "nameserver 192.0.2.1\nnameserver 192.0.2.2\n", []string{"192.0.2.1", "192.0.2.2"}, nil},
		{"some of each, in their order", "nameserver 192.0.2.1\nnameserver 127.0.0.53\nnameserver ::1\n", []string{"192.0.2.1", "169.254.1.53"}, []string{"127.0.0.53:53", "[::1]:53"}},
		{"none", "search example.com\n", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			own := parseResolver([]byte(test.file))
			pods := own.forPods()
			if diff := cmp.Diff(test.pods, pods.servers); diff != "" {
				t.Errorf("servers of Pods: %s", diff)
			}
			if diff := cmp.Diff(own.options, pods.options); diff != "" {
				t.Errorf("options of Pods: %s", diff)
			}
			var relayed []netip.AddrPort
			for _, text := range test.relayed {
				relayed = append(relayed, netip.MustParseAddrPort(text))
			}
			if diff := cmp.Diff(relayed, own.onLoopback(), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
				t.Errorf("servers of the relay: %s", diff)
			}
		})
	}
}
