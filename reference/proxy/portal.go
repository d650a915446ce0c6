package proxy

import (
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// portal is one port of a Service, with every address at which it can be reached (upstream: ServicePort).
type portal struct {
	name            string // namespace/name, and :port where the port has a name
	protocol        string // tcp, udp or sctp
	portName        string
	clusterIP       netip.Addr
	port            int32
	nodePort        int32
	externalIPs     []netip.Addr
	loadBalancerIPs []netip.Addr
	sourceRanges    []netip.Prefix // of clients that may use loadBalancerIPs; none is all
	affinitySeconds int32          // 0 is no affinity
	internalLocal   bool
	externalLocal   bool
}

// portals reads a Service. A Service without a cluster IP (headless, ExternalName) has none; addresses that are not IPv4
// are left out, because the data plane is.
func portals(service *corev1.Service) []portal {
	spec := &service.Spec
	clusterIP, err := netip.ParseAddr(spec.ClusterIP)
	if err != nil || !clusterIP.Is4() || spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	common := portal{
		clusterIP:     clusterIP,
		externalIPs:   addresses(spec.ExternalIPs),
		sourceRanges:  sourceRanges(spec.LoadBalancerSourceRanges),
		internalLocal: spec.InternalTrafficPolicy != nil && *spec.InternalTrafficPolicy == corev1.ServiceInternalTrafficPolicyLocal,
		externalLocal: spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal,
	}
	if spec.SessionAffinity == corev1.ServiceAffinityClientIP {
		common.affinitySeconds = corev1.DefaultClientIPServiceAffinitySeconds
		if c := spec.SessionAffinityConfig; c != nil && c.ClientIP != nil && c.ClientIP.TimeoutSeconds != nil {
			common.affinitySeconds = *c.ClientIP.TimeoutSeconds
		}
	}
	if spec.Type == corev1.ServiceTypeLoadBalancer {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			// With mode Proxy the balancer sends to node ports, and its address must not be short-circuited.
			if ingress.IPMode == nil || *ingress.IPMode == corev1.LoadBalancerIPModeVIP {
				common.loadBalancerIPs = append(common.loadBalancerIPs, addresses([]string{ingress.IP})...)
			}
		}
	}
	found := make([]portal, 0, len(spec.Ports))
	for _, port := range spec.Ports {
		p := common
		p.name = service.Namespace + "/" + service.Name
		if port.Name != "" {
			p.name += ":" + port.Name
		}
		p.portName, p.port, p.nodePort = port.Name, port.Port, port.NodePort
		p.protocol = protocolName(port.Protocol)
		if p.protocol != "" && port.Port > 0 {
			found = append(found, p)
		}
	}
	return found
}

// protocolName is what iptables calls the protocol; it is empty for one that iptables cannot forward.
func protocolName(p corev1.Protocol) string {
	switch p {
	case corev1.ProtocolTCP, "":
		return "tcp"
	case corev1.ProtocolUDP:
		return "udp"
	case corev1.ProtocolSCTP:
		return "sctp"
	}
	return ""
}

// addresses keeps the IPv4 addresses of a list.
func addresses(texts []string) []netip.Addr {
	var found []netip.Addr
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
			found = append(found, a)
		}
	}
	return found
}

// sourceRanges keeps the IPv4 ranges of a list. One that holds every address is the same as no list.
func sourceRanges(texts []string) []netip.Prefix {
	var found []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(strings.TrimSpace(text)) // validation has always let spaces through
		if err != nil || !p.Addr().Is4() {
			continue
		}
		if p.Bits() == 0 {
			return nil
		}
		found = append(found, p.Masked())
	}
	return found
}

// external says whether the portal has addresses besides its cluster IP.
func (p *portal) external() bool {
	return p.nodePort != 0 || len(p.externalIPs) > 0 || len(p.loadBalancerIPs) > 0
}

// usesCluster says whether any traffic of the portal may go to endpoints on all nodes. External traffic always may:
// with policy Local, what comes from Pods and from the node itself is still spread over all.
func (p *portal) usesCluster() bool { return !p.internalLocal || p.external() }

// usesLocal says whether any traffic of the portal is for endpoints on this node alone.
func (p *portal) usesLocal() bool { return p.internalLocal || p.externalLocal && p.external() }
