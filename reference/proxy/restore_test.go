package proxy

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestRestoreInput(t *testing.T) {
	one, two, three := []string{"-j ONE"}, []string{"-j ONE", "-j TWO"}, []string{"-j TWO", "-j THREE"}
	for _, c := range []struct {
		name      string
		from, to  Rules
		wantInput string
	}{
		{"nothing changed", Rules{"nat": {"A": one}, "filter": {"F": two}}, Rules{"nat": {"A": {"-j ONE"}}, "filter": {"F": two}}, ""},
		{"a changed chain and no other", Rules{"nat": {"A": one, "B": one}}, Rules{"nat": {"A": one, "B": two}}, "*nat\n:B - [0:0]\n-A B -j ONE\n-A B -j TWO\nCOMMIT\n"},
		{"a chain that goes is emptied first", Rules{"nat": {"A": one, "B": one}}, Rules{"nat": {"A": one}}, "*nat\n:B - [0:0]\n-X B\nCOMMIT\n"},
		{"an empty chain is made", Rules{}, Rules{"nat": {"A": nil}}, "*nat\n:A - [0:0]\nCOMMIT\n"},
		{"another order", Rules{"filter": {"F": two}}, Rules{"filter": {"F": {"-j TWO", "-j ONE"}}}, "*filter\n:F - [0:0]\n-A F -j TWO\n-A F -j ONE\nCOMMIT\n"},
		{"new refusals come before", Rules{"nat": {"A": one}, "filter": {"F": one}}, Rules{"nat": {"A": nil}, "filter": {"F": two}},
			"*filter\n:F - [0:0]\n-A F -j ONE\n-A F -j TWO\nCOMMIT\n*nat\n:A - [0:0]\nCOMMIT\n"},
		{"old refusals go after", Rules{"nat": {"A": nil}, "filter": {"F": two}}, Rules{"nat": {"A": one}, "filter": {"F": one}},
			"*nat\n:A - [0:0]\n-A A -j ONE\nCOMMIT\n*filter\n:F - [0:0]\n-A F -j ONE\nCOMMIT\n"},
		{"both at once overlap", Rules{"nat": {"A": nil}, "filter": {"F": two}}, Rules{"nat": {"A": one}, "filter": {"F": three}},
			"*filter\n:F - [0:0]\n-A F -j TWO\n-A F -j THREE\n-A F -j ONE\nCOMMIT\n*nat\n:A - [0:0]\n-A A -j ONE\nCOMMIT\n*filter\n:F - [0:0]\n-A F -j TWO\n-A F -j THREE\nCOMMIT\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.wantInput, string(restoreInput(c.from, c.to, 0))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// In blocks no chain comes before those that it leads to, and none goes before those that lead to it.
func TestRestoreInputInBlocks(t *testing.T) {
	services, slices := manyServices(3)
	full := Compute(services, slices, testNode)
	for _, c := range []struct {
		name     string
		from, to Rules
	}{
		{"all are made", Rules{}, full},
		{"all but the fixed ones go", full, Compute(nil, nil, testNode)},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := map[string]int{} // the block of each chain of the nat table
			table, block := "", 0
			for line := range strings.Lines(string(restoreInput(c.from, c.to, 2))) {
				name, isTable := strings.CutPrefix(strings.TrimSpace(line), "*")
				if isTable {
					table, block = name, block+1
				}
				if name, ok := strings.CutPrefix(line, ":"); ok && table == "nat" {
					name, _, _ = strings.Cut(name, " ")
					if _, twice := at[name]; twice {
						t.Errorf("%s is written twice", name)
					}
					at[name] = block
				}
			}
			inBlock := map[int]int{}
			for name, chain := range c.from["nat"] {
				for _, line := range chain {
					checkOrder(t, at, name, line, c.to["nat"], func(upper, lower int) bool { return upper <= lower })
				}
			}
			for name, chain := range c.to["nat"] {
				for _, line := range chain {
					checkOrder(t, at, name, line, nil, func(upper, lower int) bool { return upper >= lower })
				}
			}
			for name, block := range at {
				if inBlock[block]++; inBlock[block] > 2 {
					t.Errorf("block %d has too many chains, %s among them", block, name)
				}
			}
			if len(at) < 7 {
				t.Errorf("only %d chains were written", len(at))
			}
		})
	}
}

// checkOrder compares the blocks of a chain and of the one that its line leads to, if both change and neither stays.
func checkOrder(t *testing.T, at map[string]int, name, line string, stays Table, inOrder func(upper, lower int) bool) {
	t.Helper()
	_, target, ok := strings.Cut(line, "-j ")
	if !ok {
		return
	}
	target, _, _ = strings.Cut(target, " ")
	upper, lower := at[name], at[target]
	_, nameStays := stays[name]
	if upper == 0 || lower == 0 || nameStays {
		return
	}
	if !inOrder(upper, lower) {
		t.Errorf("%s is in block %d and leads to %s of block %d", name, upper, target, lower)
	}
}

func TestHeld(t *testing.T) {
	rules := Rules{"nat": {"KUBE-SERVICES": {"x"}, "KUBE-SVC-AAAA": {"x", "y"}}, "filter": {}}
	var nat, filter strings.Builder
	nat.WriteString("# Generated\n*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-AAAA - [0:0]\n:KUBE-SEP-OLD - [0:0]\n:OTHER - [0:0]\n-A KUBE-SERVICES -j RETURN\n-A KUBE-SVC-AAAA -j X\n-A KUBE-SVC-AAAA -j DNAT --to-destination 1.2.3.4:5\n")
	for _, j := range jumps {
		line := "-A " + j.from + " " + strings.Join(j.rule(), " ") + "\n"
		if j.table == "nat" {
			nat.WriteString(line)
		} else {
			filter.WriteString(line)
		}
	}
	look := func(nat string) held {
		h := held{rules: map[string]map[string]int{}, jumps: map[string]bool{}}
		h.read("nat", []byte(nat))
		h.read("filter", []byte(filter.String()))
		return h
	}
	h := look(nat.String())
	if d := h.difference(rules); d != "" {
		t.Errorf("complete rules: %s", d)
	}
	if diff := cmp.Diff(Rules{"nat": {"KUBE-SEP-OLD": nil}}, h.leftover(rules)); diff != "" {
		t.Errorf("leftover (-want +got):\n%s", diff)
	}
	if d := look(strings.Replace(nat.String(), "-A KUBE-SVC-AAAA -j X\n", "", 1)).difference(rules); d == "" {
		t.Error("a missing rule is not seen")
	}
	if d := look(strings.Replace(nat.String(), "-A PREROUTING", "-A OTHER", 1)).difference(rules); d == "" {
		t.Error("a missing jump is not seen")
	}
}

func TestStaleFlows(t *testing.T) {
	address := func(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
	route := datagramRoute{fronts: []netip.AddrPort{address("10.96.0.10:53")}, nodePort: 30053, targets: []netip.AddrPort{address("10.244.1.5:5353")}}
	gone := datagramRoute{fronts: []netip.AddrPort{address("10.96.0.11:53"), address("10.96.0.10:53")}, targets: []netip.AddrPort{address("10.244.1.6:5353")}}
	stale := newStaleFlows([]datagramRoute{route}, []datagramRoute{gone}, []netip.Addr{netip.MustParseAddr("172.30.0.2")})
	for _, c := range []struct {
		name, to, from string
		protocol       uint8
		want           bool
	}{
		{"to an endpoint that serves", "10.96.0.10:53", "10.244.1.5:5353", unix.IPPROTO_UDP, false},
		{"to an endpoint that went", "10.96.0.10:53", "10.244.1.9:5353", unix.IPPROTO_UDP, true},
		{"begun before the Service had rules", "10.96.0.10:53", "10.96.0.10:53", unix.IPPROTO_UDP, true},
		{"TCP", "10.96.0.10:53", "10.244.1.9:5353", unix.IPPROTO_TCP, false},
		{"to a Service that is gone", "10.96.0.11:53", "10.244.1.6:5353", unix.IPPROTO_UDP, true},
		{"a node port here", "172.30.0.2:30053", "10.244.1.9:5353", unix.IPPROTO_UDP, true},
		{"the same port of a stranger", "192.0.2.1:30053", "192.0.2.1:30053", unix.IPPROTO_UDP, false},
		{"another address", "192.0.2.1:53", "192.0.2.1:53", unix.IPPROTO_UDP, false},
	} {
		to, from := address(c.to), address(c.from)
		flow := &netlink.ConntrackFlow{
			Forward: netlink.IPTuple{Protocol: c.protocol, DstIP: net.IP(to.Addr().AsSlice()), DstPort: to.Port()},
			Reverse: netlink.IPTuple{Protocol: c.protocol, SrcIP: net.IP(from.Addr().AsSlice()), SrcPort: from.Port()},
		}
		if got := stale.MatchConntrackFlow(flow); got != c.want {
			t.Errorf("a flow %s: stale is %v", c.name, got)
		}
	}
}
