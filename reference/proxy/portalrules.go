package proxy

import (
	"fmt"
	"net/netip"
	"strconv"
)

// portalWriter writes one portal's rules into its Service's fragment.
type portalWriter struct {
	*fragment
	portal *portal
	node   Node
	choice choice

	internal, outer bool   // the traffic has a backend on this node or, with policy Cluster, on any
	balancing       string // chain over all backends
	localBalancing  string // chain over this node's backends
	outerChain      string // chain for what comes to external addresses
}

func (w *portalWriter) write() {
	p := w.portal
	w.balancing = chainName(prefixCluster, p.name, p.protocol)
	w.localBalancing = chainName(prefixLocal, p.name, p.protocol)
	w.outerChain = chainName(prefixExternal, p.name, p.protocol)
	w.internal, w.outer = w.choice.any, w.choice.any
	if p.internalLocal {
		w.internal = len(w.choice.local) > 0
	}
	if p.externalLocal {
		w.outer = len(w.choice.local) > 0
	}
	w.writeClusterIP()
	w.writeExternalAddresses()
	if w.choice.any && p.external() {
		w.writeOuterChain()
	}
	if len(w.choice.cluster) > 0 {
		w.writeBalancing(w.balancing, w.choice.cluster)
	}
	if len(w.choice.local) > 0 {
		w.writeBalancing(w.localBalancing, w.choice.local)
	}
	for _, b := range w.choice.reached {
		w.writeBackend(b)
	}
}

// at matches the portal at one of its addresses.
func (w *portalWriter) at(address netip.Addr) string {
	return fmt.Sprintf("-p %s -m %s -d %s/32 --dport %d", w.portal.protocol, w.portal.protocol, address, w.portal.port)
}

func (w *portalWriter) comment(format string, args ...any) string {
	return `-m comment --comment "` + fmt.Sprintf(format, args...) + `" `
}

// refusal is what happens to traffic without a backend. With none on any node it is refused at once (claim
// services/proxy-follows-endpoints): TCP by a reset, because the kernel limits the rate of ICMP, the others by ICMP port
// unreachable. With backends on other nodes only, a Local policy drops it, as upstream does, so that a balancer outside
// tries another node.
func (w *portalWriter) refusal() (comment, target string) {
	switch {
	case w.choice.any:
		return w.comment("%s has no local endpoints", w.portal.name), "DROP"
	case w.portal.protocol == "tcp":
		return w.comment("%s has no endpoints", w.portal.name), "REJECT --reject-with tcp-reset"
	}
	return w.comment("%s has no endpoints", w.portal.name), "REJECT --reject-with icmp-port-unreachable"
}

func (w *portalWriter) writeClusterIP() {
	p := w.portal
	if !w.internal {
		comment, target := w.refusal()
		w.refusals = append(w.refusals, comment+w.at(p.clusterIP)+" -j "+target)
		return
	}
	chain := w.balancing
	if p.internalLocal {
		chain = w.localBalancing
	}
	at := w.comment("%s cluster IP", p.name) + w.at(p.clusterIP)
	w.services = append(w.services, at+" -j "+chain)
	// Nodes and machines outside may use the cluster IP too; the backend, on whichever node, must answer through here.
	if cidr := w.node.ClusterCIDR; cidr.IsValid() {
		w.chains[chain] = append(w.chains[chain], fmt.Sprintf("%s ! -s %s -j %s", at, cidr, chainMarkMasquerade))
	}
}

func (w *portalWriter) writeExternalAddresses() {
	p := w.portal
	refusedAs, target := w.refusal()
	address := func(kind string, a netip.Addr, chain string) {
		if w.choice.any {
			w.services = append(w.services, w.comment("%s %s IP", p.name, kind)+w.at(a)+" -j "+chain)
		}
		if !w.outer {
			w.outerRefusals = append(w.outerRefusals, refusedAs+w.at(a)+" -j "+target)
		}
	}
	for _, a := range p.externalIPs {
		address("external", a, w.outerChain)
	}
	balancerChain := w.outerChain
	if len(p.sourceRanges) > 0 && len(p.loadBalancerIPs) > 0 && w.choice.any {
		balancerChain = w.writeFirewall()
	}
	for _, a := range p.loadBalancerIPs {
		address("loadbalancer", a, balancerChain)
	}
	if p.nodePort == 0 {
		return
	}
	match := fmt.Sprintf("-p %s -m %s --dport %d", p.protocol, p.protocol, p.nodePort)
	if w.choice.any {
		w.nodePorts = append(w.nodePorts, w.comment("%s", p.name)+match+" -j "+w.outerChain)
	}
	if !w.outer {
		w.outerRefusals = append(w.outerRefusals, refusedAs+"-m addrtype --dst-type LOCAL "+match+" -j "+target)
	}
}

// writeFirewall lets the source ranges of a balancer's portal in; what it does not send on is dropped by the filter table.
func (w *portalWriter) writeFirewall() (chain string) {
	p := w.portal
	chain = chainName(prefixFirewall, p.name, p.protocol)
	comment := w.comment("%s loadbalancer IP", p.name)
	fromNode := false
	for _, sources := range p.sourceRanges {
		w.chains[chain] = append(w.chains[chain], fmt.Sprintf("%s-s %s -j %s", comment, sources, w.outerChain))
		fromNode = fromNode || sources.Contains(w.node.IP)
	}
	for _, a := range p.loadBalancerIPs {
		if fromNode { // where the node has the balancer's address, its own connections come from it
			w.chains[chain] = append(w.chains[chain], fmt.Sprintf("%s-s %s/32 -j %s", comment, a, w.outerChain))
		}
		w.firewall = append(w.firewall, w.comment("%s traffic not accepted by %s", p.name, chain)+w.at(a)+" -j DROP")
	}
	return chain
}

func (w *portalWriter) writeOuterChain() {
	p := w.portal
	var lines []string
	if !p.externalLocal {
		lines = append(lines, // the backend may be on another node, and must answer through here
			w.comment("masquerade traffic for %s external destinations", p.name)+"-j "+chainMarkMasquerade,
			"-j "+w.balancing)
		w.chains[w.outerChain] = lines
		return
	}
	// Policy Local keeps the client's address, and holds for clients outside: Pods and the node itself reach all
	// backends, as if they had gone out to a balancer and come back.
	if cidr := w.node.ClusterCIDR; cidr.IsValid() {
		lines = append(lines, w.comment("pod traffic for %s external destinations", p.name)+fmt.Sprintf("-s %s -j %s", cidr, w.balancing))
	}
	lines = append(lines,
		w.comment("masquerade LOCAL traffic for %s external destinations", p.name)+"-m addrtype --src-type LOCAL -j "+chainMarkMasquerade,
		w.comment("route LOCAL traffic for %s external destinations", p.name)+"-m addrtype --src-type LOCAL -j "+w.balancing)
	if w.outer {
		lines = append(lines, "-j "+w.localBalancing)
	}
	w.chains[w.outerChain] = lines
}

// writeBalancing spreads connections evenly: of n backends the first gets one in n, the second one in n-1 of the rest, …
// A client with affinity goes where it went before.
func (w *portalWriter) writeBalancing(chain string, over []backend) {
	p := w.portal
	lines := w.chains[chain]
	if w.affinity() {
		for _, b := range over {
			lines = append(lines, fmt.Sprintf("%s-m recent --name %s --rcheck --seconds %d --reap -j %s", w.towards(b), w.backendChain(b), p.affinitySeconds, w.backendChain(b)))
		}
	}
	for i, b := range over {
		random := ""
		if left := len(over) - i; left > 1 {
			random = "-m statistic --mode random --probability " + strconv.FormatFloat(1/float64(left), 'f', 10, 64) + " "
		}
		lines = append(lines, w.towards(b)+random+"-j "+w.backendChain(b))
	}
	w.chains[chain] = lines
}

func (w *portalWriter) writeBackend(b backend) {
	p := w.portal
	comment := w.comment("%s", p.name)
	remember := ""
	chain := w.backendChain(b)
	if w.affinity() {
		remember = "-m recent --name " + chain + " --set "
	}
	w.chains[chain] = []string{
		// A Pod that reaches itself would drop an answer from its own address.
		fmt.Sprintf("%s-s %s/32 -j %s", comment, b.target.Addr(), chainMarkMasquerade),
		fmt.Sprintf("%s%s-p %s -m %s -j DNAT --to-destination %s", comment, remember, p.protocol, p.protocol, b.target),
	}
}

func (w *portalWriter) affinity() bool {
	return w.portal.affinitySeconds > 0 && w.node.Features.Recent
}

func (w *portalWriter) towards(b backend) string {
	return w.comment("%s -> %s", w.portal.name, b.target)
}

func (w *portalWriter) backendChain(b backend) string {
	return chainName(prefixBackend, w.portal.name, w.portal.protocol, b.target.String())
}
