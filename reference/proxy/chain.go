package proxy

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// Chains have the names that kube-proxy gives them, so that people who know its rules can read ours. See
// k8s.io/kubernetes/pkg/proxy/iptables/proxier.go.
const (
	chainServices         = "KUBE-SERVICES"          // nat: cluster, external and balancer addresses to their chains; filter: refusals
	chainNodePorts        = "KUBE-NODEPORTS"         // nat: node ports to their chains
	chainPostrouting      = "KUBE-POSTROUTING"       // nat: masquerades what is marked
	chainMarkMasquerade   = "KUBE-MARK-MASQ"         // nat: marks
	chainExternalServices = "KUBE-EXTERNAL-SERVICES" // filter: refusals at external addresses and node ports
	chainForward          = "KUBE-FORWARD"           // filter: accepts what is ours
	chainFirewall         = "KUBE-PROXY-FIREWALL"    // filter: drops what loadBalancerSourceRanges leave out

	prefixCluster  = "KUBE-SVC-" // balances over all backends of a portal
	prefixLocal    = "KUBE-SVL-" // balances over the backends on this node
	prefixExternal = "KUBE-EXT-" // decides what external traffic may reach
	prefixFirewall = "KUBE-FW-"  // lets loadBalancerSourceRanges in
	prefixBackend  = "KUBE-SEP-" // sends to one backend
)

// markMasquerade is the packet mark, and mask, of what shall leave with the node's address as its source.
const markMasquerade = "0x4000"

var portalPrefixes = []string{prefixCluster, prefixLocal, prefixExternal, prefixFirewall, prefixBackend}

// isPortalChain says whether a chain is one that we make for a portal, and may delete.
func isPortalChain(name string) bool {
	for _, prefix := range portalPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// height orders chains: each leads to lower ones only.
func height(name string) int {
	switch {
	case name == chainMarkMasquerade:
		return 0
	case strings.HasPrefix(name, prefixBackend):
		return 1
	case strings.HasPrefix(name, prefixCluster), strings.HasPrefix(name, prefixLocal):
		return 2
	case strings.HasPrefix(name, prefixExternal):
		return 3
	case strings.HasPrefix(name, prefixFirewall):
		return 4
	}
	return 5
}

// chainName hashes what does not fit the kernel's 28 characters.
func chainName(prefix string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "")))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:16]
}

// jump leads from a chain of the kernel's into one of ours.
type jump struct {
	table, from, to, comment string
	onlyNew                  bool // for the first packet of a connection
}

var jumps = []jump{
	{"nat", "PREROUTING", chainServices, "kubernetes service portals", false},
	{"nat", "OUTPUT", chainServices, "kubernetes service portals", false},
	{"nat", "POSTROUTING", chainPostrouting, "kubernetes postrouting rules", false},
	{"filter", "INPUT", chainNodePorts, "kubernetes health check service ports", false},
	{"filter", "FORWARD", chainForward, "kubernetes forwarding rules", false},
	{"filter", "FORWARD", chainServices, "kubernetes service portals", true},
	{"filter", "OUTPUT", chainServices, "kubernetes service portals", true},
	{"filter", "INPUT", chainExternalServices, "kubernetes externally-visible service portals", true},
	{"filter", "FORWARD", chainExternalServices, "kubernetes externally-visible service portals", true},
	{"filter", "OUTPUT", chainExternalServices, "kubernetes externally-visible service portals", true},
	{"filter", "INPUT", chainFirewall, "kubernetes load balancer firewall", true},
	{"filter", "FORWARD", chainFirewall, "kubernetes load balancer firewall", true},
	{"filter", "OUTPUT", chainFirewall, "kubernetes load balancer firewall", true},
}

func (j jump) rule() []string {
	var rule []string
	if j.onlyNew {
		rule = append(rule, "-m", "conntrack", "--ctstate", "NEW")
	}
	return append(rule, "-m", "comment", "--comment", j.comment, "-j", j.to)
}
