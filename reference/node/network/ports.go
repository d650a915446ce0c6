package network

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-iptables/iptables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The chains of the nat table for host ports: what is sent to one, and what leaves by one.
const (
	hostPortChain    = "REFERENCE-HOSTPORTS"
	hostPortOutChain = "REFERENCE-HOSTPORTS-OUT"
)

// portsTimeout bounds iptables-restore, which waits for other writers.
const portsTimeout = 30 * time.Second

// PortMapping leads a port of the node to one of a Pod.
type PortMapping struct {
	Protocol      string     // tcp, udp or sctp
	HostIP        netip.Addr // of the node; zero: all of its addresses
	HostPort      uint16
	ContainerPort uint16
}

// forwarding is all that leads to one Pod.
type forwarding struct {
	address netip.Addr
	ports   []PortMapping
}

// Forward leads ports of the node to the Pod id at an address, until Disconnect. Of a Pod that has been told of before, it replaces the ports.
func (n *Network) Forward(ctx context.Context, id string, address netip.Addr, ports []PortMapping) error {
	if len(ports) == 0 {
		return nil
	}
	if err := acceptLocal(LinkName(id)); err != nil {
		return err
	}
	n.forwarding.Lock()
	defer n.forwarding.Unlock()
	all := n.allForwarded()
	before := all[id]
	all[id] = forwarding{address, ports}
	if err := writePorts(ctx, all); err != nil {
		return err
	}
	n.setForwarded(all)
	return dropFlows(slices.Concat(before.ports, ports))
}

// Remember tells of ports that a former process led to a Pod. Their rules stand, and stay until Configure has all rules say what is known.
func (n *Network) Remember(id string, address netip.Addr, ports []PortMapping) {
	if len(ports) == 0 {
		return
	}
	n.forwarding.Lock()
	defer n.forwarding.Unlock()
	all := n.allForwarded()
	all[id] = forwarding{address, ports}
	n.setForwarded(all)
}

// syncPorts has the rules say what is known: a former process of the agent may have left more.
func (n *Network) syncPorts(ctx context.Context) error {
	n.forwarding.Lock()
	defer n.forwarding.Unlock()
	all := n.allForwarded()
	if len(all) == 0 { // as on most nodes, which need none of it
		tables, err := iptables.New(iptables.IPFamily(iptables.ProtocolIPv4), iptables.Timeout(10))
		if err != nil {
			return fmt.Errorf("find iptables: %w", err)
		}
		if left, err := tables.ChainExists("nat", hostPortChain); err != nil || !left {
			return err
		}
	}
	return writePorts(ctx, all)
}

// unforward has no port lead to the Pod any more. The Pod is not forgotten before all is done, so that a second try does the rest.
func (n *Network) unforward(ctx context.Context, id string) error {
	// Most Pods have no such ports, and do not wait for those that have.
	if _, known := n.allForwarded()[id]; !known {
		return nil
	}
	n.forwarding.Lock()
	defer n.forwarding.Unlock()
	all := n.allForwarded()
	before := all[id]
	delete(all, id)
	if err := writePorts(ctx, all); err != nil {
		return err
	}
	if err := dropFlows(before.ports); err != nil {
		return err
	}
	n.setForwarded(all)
	return nil
}

// allForwarded is a copy.
func (n *Network) allForwarded() map[string]forwarding {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := map[string]forwarding{}
	maps.Copy(all, n.forwarded)
	return all
}

func (n *Network) setForwarded(all map[string]forwarding) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forwarded = all
}

// acceptLocal lets the answers to what the node itself sends from its loopback come back over a link. The rules keep a Pod from
// sending to the node's loopback on its own account.
func acceptLocal(link string) error {
	err := os.WriteFile("/proc/sys/net/ipv4/conf/"+link+"/route_localnet", []byte("1"), 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // without a link nothing comes at all
		return fmt.Errorf("let %s answer the node's loopback: %w", link, err)
	}
	return nil
}

// portRules is the rules of all Pods in iptables-restore's form. A port of one address goes before one of all addresses.
func portRules(all map[string]forwarding) string {
	var in, out []string
	for _, id := range slices.Sorted(maps.Keys(all)) {
		f := all[id]
		for _, p := range f.ports {
			to := ""
			if p.HostIP.IsValid() && !p.HostIP.IsUnspecified() {
				to = " -d " + p.HostIP.String() + "/32"
			}
			in = append(in, fmt.Sprintf("-A %s%s -p %s -m %s --dport %d -j DNAT --to-destination %s:%d\n",
				hostPortChain, to, p.Protocol, p.Protocol, p.HostPort, f.address, p.ContainerPort))
			// A Pod that comes back to itself, and the node's own loopback, which no Pod can answer.
			for _, from := range []string{f.address.String() + "/32", "127.0.0.0/8"} {
				out = append(out, fmt.Sprintf("-A %s -s %s -d %s/32 -p %s -m %s --dport %d -m conntrack --ctstate DNAT -j MASQUERADE\n",
					hostPortOutChain, from, f.address, p.Protocol, p.Protocol, p.ContainerPort))
			}
		}
	}
	slices.SortStableFunc(in, func(a, b string) int { return strings.Count(b, " -d ") - strings.Count(a, " -d ") })
	return fmt.Sprintf("*nat\n:%s - [0:0]\n:%s - [0:0]\n%s%sCOMMIT\n", hostPortChain, hostPortOutChain, strings.Join(in, ""), strings.Join(out, ""))
}

// writePorts replaces all rules at once, and makes sure that packets come by them.
func writePorts(ctx context.Context, all map[string]forwarding) error {
	ctx, cancel := context.WithTimeout(ctx, portsTimeout)
	defer cancel()
	if err := restoreRules(ctx, portRules(all)); err != nil {
		return fmt.Errorf("write the rules for host ports: %w", err)
	}
	tables, err := iptables.New(iptables.IPFamily(iptables.ProtocolIPv4), iptables.Timeout(10))
	if err != nil {
		return fmt.Errorf("find iptables: %w", err)
	}
	for _, jump := range []struct {
		table, chain string
		rule         []string
	}{
		{"nat", "PREROUTING", []string{"-m", "addrtype", "--dst-type", "LOCAL", "-j", hostPortChain}},
		{"nat", "OUTPUT", []string{"-m", "addrtype", "--dst-type", "LOCAL", "-j", hostPortChain}},
		{"nat", "POSTROUTING", []string{"-j", hostPortOutChain}},
		{"mangle", "PREROUTING", []string{"-i", linkPrefix + "+", "-d", "127.0.0.0/8", "-j", "DROP"}},
	} {
		if err := tables.AppendUnique(jump.table, jump.chain, jump.rule...); err != nil {
			return fmt.Errorf("send packets through the rules for host ports: %w", err)
		}
	}
	return nil
}

// flowsTo matches UDP flows to host ports: what was sent before the rule came, or after it went, is on a way that the kernel keeps
// for as long as datagrams follow.
type flowsTo []PortMapping

// MatchConntrackFlow implements netlink.CustomConntrackFilter.
func (f flowsTo) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	return flow.Forward.Protocol == unix.IPPROTO_UDP &&
		slices.ContainsFunc(f, func(p PortMapping) bool { return p.HostPort == flow.Forward.DstPort })
}

func dropFlows(ports []PortMapping) error {
	datagrams := slices.DeleteFunc(slices.Clone(ports), func(p PortMapping) bool { return p.Protocol != "udp" })
	if len(datagrams) == 0 {
		return nil
	}
	for {
		_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, flowsTo(datagrams))
		if errors.Is(err, netlink.ErrDumpInterrupted) {
			continue // the table changed while it was read, so that a flow may not have been seen
		}
		if err != nil {
			return fmt.Errorf("remove UDP flows to host ports: %w", err)
		}
		return nil
	}
}
