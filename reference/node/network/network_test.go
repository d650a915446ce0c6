package network

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func peer(ip, cidr string) Peer {
	return Peer{NodeIP: netip.MustParseAddr(ip), PodCIDR: netip.MustParsePrefix(cidr)}
}

func TestMasqueradeRules(t *testing.T) {
	own := netip.MustParsePrefix("10.244.1.0/24")
	for _, test := range []struct {
		name   string
		config Config
		want   []string
	}{{
		"with the cluster's range", Config{PodCIDR: own, ClusterCIDR: netip.MustParsePrefix("10.244.0.0/16")},
		[]string{"-d 10.244.0.0/16 -j RETURN", "-d 224.0.0.0/4 -j RETURN", "-s 10.244.1.0/24 -j MASQUERADE"},
	}, {
		"without it, every node's", Config{PodCIDR: own, Peers: []Peer{peer("172.18.0.3", "10.244.2.0/24")}},
		[]string{"-d 10.244.1.0/24 -j RETURN", "-d 10.244.2.0/24 -j RETURN", "-d 224.0.0.0/4 -j RETURN", "-s 10.244.1.0/24 -j MASQUERADE"},
	}} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for line := range strings.Lines(masqueradeRules(test.config)) {
				if rule, ok := strings.CutPrefix(strings.TrimSpace(line), "-A "+masqueradeChain+" "); ok {
					got = append(got, rule)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{PodCIDR: netip.MustParsePrefix("10.244.1.0/24"), NodeIP: netip.MustParseAddr("172.18.0.2")}
	for _, test := range []struct {
		name   string
		change func(*Config)
		valid  bool
	}{
		{"as it should be", func(*Config) {}, true},
		{"no range", func(c *Config) { c.PodCIDR = netip.Prefix{} }, false},
		{"a range without addresses", func(c *Config) { c.PodCIDR = netip.MustParsePrefix("10.244.1.0/31") }, false},
		{"an IPv6 range", func(c *Config) { c.PodCIDR = netip.MustParsePrefix("fd00::/64") }, false},
		{"no address", func(c *Config) { c.NodeIP = netip.Addr{} }, false},
		{"a peer", func(c *Config) { c.Peers = []Peer{peer("172.18.0.3", "10.244.2.0/24")} }, true},
		{"a peer with the own range", func(c *Config) { c.Peers = []Peer{peer("172.18.0.3", "10.244.1.0/24")} }, false},
		{"a peer without a range", func(c *Config) { c.Peers = []Peer{{NodeIP: c.NodeIP}} }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := good
			test.change(&config)
			if err := config.validate(); (err == nil) != test.valid {
				t.Errorf("validate() = %v, want valid: %v", err, test.valid)
			}
		})
	}
}

func TestLinkNamesFit(t *testing.T) {
	name := LinkName("3b2c9a52-9f0a-4b5e-8d5e-6a0f2e9d7c11")
	if len(name) > 15 || name == LinkName("another") {
		t.Errorf("LinkName = %q, want at most 15 characters, one of its own for each Pod", name)
	}
}

func TestAnAnnouncementIsARequestForTheOwnAddress(t *testing.T) {
	got := announcement(net.HardwareAddr{2, 3, 4, 5, 6, 7}, netip.MustParseAddr("192.0.2.9"))
	want := []byte{0, 1, 8, 0, 6, 4, 0, 1, 2, 3, 4, 5, 6, 7, 192, 0, 2, 9, 0, 0, 0, 0, 0, 0, 192, 0, 2, 9}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packet (-want +got):\n%s", diff)
	}
}
