package proxy

import (
	"net/netip"
	"slices"

	discoveryv1 "k8s.io/api/discovery/v1"
)

// backend is one endpoint of a portal: an address and port that connections may be sent to.
type backend struct {
	target      netip.AddrPort
	ready       bool
	serving     bool
	terminating bool
	local       bool     // on this node
	zones       []string // hints: the zones and nodes that should use it
	nodes       []string
}

// backends collects a portal's endpoints from the slices of its Service, ordered by address. An endpoint that is listed
// twice, as may be while slices are rearranged, counts once, with the better of its conditions.
func backends(p *portal, all []*discoveryv1.EndpointSlice, nodeName string) []backend {
	byTarget := map[netip.AddrPort]backend{}
	for _, slice := range all {
		if slice.AddressType != discoveryv1.AddressTypeIPv4 {
			continue
		}
		port, ok := slicePort(p, slice)
		if !ok {
			continue
		}
		for i := range slice.Endpoints {
			b, ok := readBackend(&slice.Endpoints[i], port, nodeName)
			if !ok {
				continue
			}
			if other, twice := byTarget[b.target]; twice {
				b.ready, b.serving, b.local = b.ready || other.ready, b.serving || other.serving, b.local || other.local
				b.terminating = b.terminating && other.terminating
			}
			byTarget[b.target] = b
		}
	}
	found := make([]backend, 0, len(byTarget))
	for _, b := range byTarget {
		found = append(found, b)
	}
	slices.SortFunc(found, func(a, b backend) int { return a.target.Compare(b.target) })
	return found
}

// slicePort finds the portal's port in a slice: it has the same name and protocol. The number is the slice's own, since
// a named target port differs between Pods.
func slicePort(p *portal, slice *discoveryv1.EndpointSlice) (uint16, bool) {
	for _, port := range slice.Ports {
		name, protocol := "", "tcp"
		if port.Name != nil {
			name = *port.Name
		}
		if port.Protocol != nil {
			protocol = protocolName(*port.Protocol)
		}
		if name == p.portName && protocol == p.protocol && port.Port != nil && *port.Port > 0 && *port.Port < 1<<16 {
			return uint16(*port.Port), true
		}
	}
	return 0, false
}

func readBackend(endpoint *discoveryv1.Endpoint, port uint16, nodeName string) (backend, bool) {
	if len(endpoint.Addresses) == 0 {
		return backend{}, false
	}
	// Further addresses of an endpoint are for consumers that know what to do with them; upstream's proxies do not.
	address, err := netip.ParseAddr(endpoint.Addresses[0])
	if err != nil || !address.Is4() {
		return backend{}, false
	}
	c := endpoint.Conditions
	b := backend{
		target:      netip.AddrPortFrom(address, port),
		ready:       c.Ready == nil || *c.Ready,
		serving:     c.Serving == nil || *c.Serving,
		terminating: c.Terminating != nil && *c.Terminating,
		local:       endpoint.NodeName != nil && *endpoint.NodeName == nodeName,
	}
	if endpoint.Hints != nil {
		for _, zone := range endpoint.Hints.ForZones {
			b.zones = append(b.zones, zone.Name)
		}
		for _, node := range endpoint.Hints.ForNodes {
			b.nodes = append(b.nodes, node.Name)
		}
	}
	return b, true
}

// choice is which backends a portal uses on this node (upstream: CategorizeEndpoints).
type choice struct {
	cluster []backend // for traffic that may go to any node
	local   []backend // for traffic that may go to this node alone
	reached []backend // both, each backend once
	any     bool      // the portal has a usable backend on some node
}

// choose picks the ready backends; when there are none, those that terminate and still serve, so that the last Pod of a
// rolling change goes on answering (claim services/proxy-follows-endpoints).
func choose(p *portal, all []backend, node Node) choice {
	var c choice
	if p.usesCluster() {
		c.cluster = hinted(pick(all, func(b backend) bool { return b.ready }), node)
		if len(c.cluster) == 0 {
			c.cluster = pick(all, func(b backend) bool { return b.serving && b.terminating })
		}
		c.any = len(c.cluster) > 0
	}
	if !p.usesLocal() {
		c.reached = c.cluster
		return c
	}
	c.any = c.any || slices.ContainsFunc(all, func(b backend) bool { return b.ready || b.serving && b.terminating })
	c.local = pick(all, func(b backend) bool { return b.local && b.ready })
	if len(c.local) == 0 {
		c.local = pick(all, func(b backend) bool { return b.local && b.serving && b.terminating })
	}
	c.reached = union(c.cluster, c.local)
	return c
}

// hinted narrows ready backends to those that hints name for this node, else for its zone. Hints count only where every
// backend has them and one of them is meant for us, so that a zone without a backend is still served.
func hinted(ready []backend, node Node) []backend {
	for _, by := range []struct {
		hints func(b backend) []string
		us    string
	}{
		{func(b backend) []string { return b.nodes }, node.Name},
		{func(b backend) []string { return b.zones }, node.Zone},
	} {
		if slices.ContainsFunc(ready, func(b backend) bool { return len(by.hints(b)) == 0 }) {
			continue
		}
		ours := pick(ready, func(b backend) bool { return slices.Contains(by.hints(b), by.us) })
		if len(ours) > 0 {
			return ours
		}
	}
	return ready
}

func pick(all []backend, wanted func(backend) bool) []backend {
	var found []backend
	for _, b := range all {
		if wanted(b) {
			found = append(found, b)
		}
	}
	return found
}

// union keeps the order by address of both lists.
func union(a, b []backend) []backend {
	if len(b) == 0 {
		return a
	}
	all := append(slices.Clone(a), b...)
	slices.SortStableFunc(all, func(x, y backend) int { return x.target.Compare(y.target) })
	return slices.CompactFunc(all, func(x, y backend) bool { return x.target == y.target })
}
