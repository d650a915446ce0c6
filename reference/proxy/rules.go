package proxy

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Node is what the rules depend on besides Services and EndpointSlices.
type Node struct {
	Name        string
	IP          netip.Addr
	Zone        string       // label topology.kubernetes.io/zone
	ClusterCIDR netip.Prefix // of Pods; traffic to Services from elsewhere is masqueraded. Invalid: nobody knows
	Features    Features
}

// Features are abilities of the kernel that some rules need.
type Features struct {
	Recent      bool // the match behind sessionAffinity
	SCTP        bool
	RandomFully bool // masquerading with random source ports, which avoids collisions
}

// Rules is the content of every chain of ours: by table, chain and line (a line is what follows "-A CHAIN ").
type Rules map[string]Table

// Table is one table's chains.
type Table map[string][]string

// Compute is the whole decision: which rules let these Services reach these endpoints on this node.
func Compute(services []*corev1.Service, endpointSlices []*discoveryv1.EndpointSlice, node Node) Rules {
	byService := map[string][]*discoveryv1.EndpointSlice{}
	for _, slice := range endpointSlices {
		key := slice.Namespace + "/" + slice.Labels[discoveryv1.LabelServiceName]
		byService[key] = append(byService[key], slice)
	}
	fragments := map[string]*fragment{}
	for _, service := range services {
		key := service.Namespace + "/" + service.Name
		fragments[key] = newFragment(service, byService[key], node)
	}
	return assemble(fragments, node)
}

// fragment is what one Service adds to the rules. Fragments do not depend on one another, so a change of one Service
// recomputes one fragment.
type fragment struct {
	chains         map[string][]string // nat chains of its own
	services       []string            // lines of nat KUBE-SERVICES
	nodePorts      []string            // of nat KUBE-NODEPORTS
	refusals       []string            // of filter KUBE-SERVICES
	outerRefusals  []string            // of filter KUBE-EXTERNAL-SERVICES
	firewall       []string            // of filter KUBE-PROXY-FIREWALL
	healthChecks   []healthCheck       // whose ports filter KUBE-NODEPORTS accepts
	datagramRoutes []datagramRoute     // for stale UDP flows
}

func newFragment(service *corev1.Service, slices []*discoveryv1.EndpointSlice, node Node) *fragment {
	f := &fragment{chains: map[string][]string{}}
	local := map[netip.Addr]bool{} // addresses of ready endpoints here
	for _, p := range portals(service) {
		if p.protocol == "sctp" && !node.Features.SCTP {
			continue
		}
		all := backends(&p, slices, node.Name)
		for _, b := range all {
			if b.local && b.ready {
				local[b.target.Addr()] = true
			}
		}
		w := portalWriter{fragment: f, portal: &p, node: node, choice: choose(&p, all, node)}
		w.write()
		if p.protocol == "udp" {
			f.datagramRoutes = append(f.datagramRoutes, newDatagramRoute(&p, all))
		}
	}
	if port := service.Spec.HealthCheckNodePort; port > 0 && service.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
		f.healthChecks = []healthCheck{{service.Namespace, service.Name, port, len(local)}}
	}
	return f
}

// assemble joins the fragments in the order of their names.
func assemble(fragments map[string]*fragment, node Node) Rules {
	keys := make([]string, 0, len(fragments))
	chains := 0
	for key, f := range fragments {
		keys = append(keys, key)
		chains += len(f.chains)
	}
	sort.Strings(keys)
	nat := make(Table, chains+8)
	filter := Table{chainServices: nil, chainExternalServices: nil, chainFirewall: nil, chainNodePorts: nil}
	var services, nodePorts []string
	for _, key := range keys {
		f := fragments[key]
		for name, lines := range f.chains {
			nat[name] = lines
		}
		services = append(services, f.services...)
		nodePorts = append(nodePorts, f.nodePorts...)
		filter[chainServices] = append(filter[chainServices], f.refusals...)
		filter[chainExternalServices] = append(filter[chainExternalServices], f.outerRefusals...)
		filter[chainFirewall] = append(filter[chainFirewall], f.firewall...)
		for _, check := range f.healthChecks {
			filter[chainNodePorts] = append(filter[chainNodePorts], fmt.Sprintf(`-m comment --comment "%s/%s health check node port" -p tcp -m tcp --dport %d -j ACCEPT`, check.namespace, check.name, check.port))
		}
	}
	// Loopback is left out: an answer to 127.0.0.1 from a Pod needs route_localnet, which opens the node's own
	// loopback services to its neighbours (kubernetes issue 90259).
	nat[chainServices] = append(services, `-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL ! -d 127.0.0.0/8 -j `+chainNodePorts)
	nat[chainNodePorts] = nodePorts
	nat[chainMarkMasquerade] = []string{"-j MARK --or-mark " + markMasquerade}
	nat[chainPostrouting] = postrouting(node)
	filter[chainForward] = []string{
		// A packet that conntrack does not understand would leave with the Pod's address, and make the client reset
		// the connection (kubernetes issue 74839).
		"-m conntrack --ctstate INVALID -j DROP",
		fmt.Sprintf(`-m comment --comment "kubernetes forwarding rules" -m mark --mark %s/%s -j ACCEPT`, markMasquerade, markMasquerade),
		`-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
	}
	return Rules{"nat": nat, "filter": filter}
}

func postrouting(node Node) []string {
	masquerade := `-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE`
	if node.Features.RandomFully {
		masquerade += " --random-fully"
	}
	return []string{
		fmt.Sprintf("-m mark ! --mark %s/%s -j RETURN", markMasquerade, markMasquerade),
		// Without the mark, a packet that passes here a second time (through a tunnel) is left alone.
		"-j MARK --xor-mark " + markMasquerade,
		masquerade,
	}
}

// String prints the rules as iptables-save would, for people and tests.
func (r Rules) String() string {
	var b strings.Builder
	for _, table := range []string{"filter", "nat"} {
		fmt.Fprintf(&b, "*%s\n", table)
		for _, name := range sortedChains(r[table]) {
			fmt.Fprintf(&b, ":%s\n", name)
			for _, line := range r[table][name] {
				fmt.Fprintf(&b, "-A %s %s\n", name, line)
			}
		}
	}
	return b.String()
}

func sortedChains(t Table) []string {
	names := make([]string, 0, len(t))
	for name := range t {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
