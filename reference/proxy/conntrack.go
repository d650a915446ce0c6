package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// datagramRoute is where datagrams to a UDP portal may go. Conntrack keeps a flow on the way of its first datagram for
// as long as datagrams follow, so flows to an endpoint that went away have to be removed by hand, or they vanish into it.
type datagramRoute struct {
	fronts   []netip.AddrPort // cluster, external and balancer addresses
	nodePort uint16
	targets  []netip.AddrPort // endpoints that serve, ordered
}

// newDatagramRoute takes every serving endpoint: a change of policy or of readiness elsewhere does not cut flows to an
// endpoint that still serves, as it does not cut TCP connections.
func newDatagramRoute(p *portal, all []backend) datagramRoute {
	r := datagramRoute{nodePort: uint16(p.nodePort)}
	for _, addresses := range [][]netip.Addr{{p.clusterIP}, p.externalIPs, p.loadBalancerIPs} {
		for _, a := range addresses {
			r.fronts = append(r.fronts, netip.AddrPortFrom(a, uint16(p.port)))
		}
	}
	for _, b := range all {
		if b.ready || b.serving {
			r.targets = append(r.targets, b.target)
		}
	}
	return r
}

func sameRoutes(a, b []datagramRoute) bool {
	return slices.EqualFunc(a, b, func(x, y datagramRoute) bool {
		return x.nodePort == y.nodePort && slices.Equal(x.fronts, y.fronts) && slices.Equal(x.targets, y.targets)
	})
}

// staleFlows matches UDP flows to a front of ours that lead elsewhere than to one of its targets.
type staleFlows struct {
	fronts    map[netip.AddrPort][]netip.AddrPort
	nodePorts map[uint16][]netip.AddrPort
	node      map[netip.Addr]bool // the node's own addresses: only there are node ports ours
}

// newStaleFlows takes the routes of today, and those of portals that are gone, whose flows lead nowhere.
func newStaleFlows(routes, gone []datagramRoute, nodeAddresses []netip.Addr) *staleFlows {
	s := &staleFlows{fronts: map[netip.AddrPort][]netip.AddrPort{}, nodePorts: map[uint16][]netip.AddrPort{}, node: map[netip.Addr]bool{}}
	for _, a := range nodeAddresses {
		s.node[a] = true
	}
	add := func(r datagramRoute, targets []netip.AddrPort) {
		for _, front := range r.fronts {
			s.fronts[front] = targets
		}
		if r.nodePort != 0 {
			s.nodePorts[r.nodePort] = targets
		}
	}
	for _, r := range gone {
		add(r, nil)
	}
	for _, r := range routes {
		add(r, r.targets)
	}
	return s
}

// MatchConntrackFlow implements netlink.CustomConntrackFilter.
func (s *staleFlows) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	if flow.Forward.Protocol != unix.IPPROTO_UDP {
		return false
	}
	to, ok := flowAddress(flow.Forward.DstIP, flow.Forward.DstPort)
	from, answered := flowAddress(flow.Reverse.SrcIP, flow.Reverse.SrcPort)
	if !ok || !answered {
		return false
	}
	if targets, ours := s.fronts[to]; ours {
		return !slices.Contains(targets, from)
	}
	if targets, ours := s.nodePorts[to.Port()]; ours && s.node[to.Addr()] {
		return !slices.Contains(targets, from)
	}
	return false
}

func flowAddress(ip net.IP, port uint16) (netip.AddrPort, bool) {
	a, ok := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(a.Unmap(), port), ok
}

// removeStaleFlows removes them from the kernel and says how many there were.
func removeStaleFlows(routes, gone []datagramRoute) (uint, error) {
	own, err := nodeAddresses()
	if err != nil {
		return 0, err
	}
	n, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, newStaleFlows(routes, gone, own))
	if err != nil {
		return n, fmt.Errorf("remove UDP flows to endpoints that went away: %w", err)
	}
	return n, nil
}

func nodeAddresses() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list the node's addresses: %w", err)
	}
	var found []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
			found = append(found, p.Addr())
		}
	}
	return found, nil
}
