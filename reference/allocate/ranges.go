// Package allocate gives Services their cluster IPs and node ports.
//
// What is taken is one etcd key an address and one a port, created only where there is none: two servers, or two requests,
// can never take the same. A server that dies between taking and storing leaves a key without a Service, which the repair
// loop removes.
package allocate

import (
	"fmt"
	"net/netip"
	"strings"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	netutils "k8s.io/utils/net"
)

// The flags that package users parse with this package, as messages name them.
const (
	clusterIPFlag = "--service-cluster-ip-range"
	nodePortFlag  = "--service-node-port-range"
)

// minimumRange is the least number of addresses of a range, the network's own and the broadcast address included.
const minimumRange = 8

// ParseClusterIPRanges reads the value of --service-cluster-ip-range: one range, or one of each IP family separated by a
// comma, the first of which is the family of Services that ask for none. Errors name the flag.
func ParseClusterIPRanges(value string) ([]netip.Prefix, error) {
	parts := strings.Split(value, ",")
	if len(parts) > 2 {
		return nil, fmt.Errorf("%s=%q: %s must not contain more than two entries", clusterIPFlag, value, clusterIPFlag)
	}
	var ranges []netip.Prefix
	for i, part := range parts {
		prefix, err := parseRange(part)
		if err != nil {
			return nil, fmt.Errorf("%s=%q: service-cluster-ip-range[%d] is not a valid cidr: %w", clusterIPFlag, value, i, err)
		}
		if prefix.Addr().BitLen()-prefix.Bits() < 3 {
			return nil, fmt.Errorf("%s=%q: the service cluster IP range must be at least %d IP addresses, and %s is smaller",
				clusterIPFlag, value, minimumRange, prefix)
		}
		if prefix.Addr().Is6() && prefix.Bits() < 64 {
			return nil, fmt.Errorf("%s=%q: shortest allowed prefix length for service CIDR is 64, got %d", clusterIPFlag, value, prefix.Bits())
		}
		ranges = append(ranges, prefix)
	}
	if len(ranges) == 2 && ranges[0].Addr().Is6() == ranges[1].Addr().Is6() {
		return nil, fmt.Errorf("%s=%q: %s[0] and %s[1] must be of different IP family", clusterIPFlag, value, clusterIPFlag, clusterIPFlag)
	}
	return ranges, nil
}

// parseRange accepts what Kubernetes accepts: leading zeros in octets, and an address inside of the range for its first.
func parseRange(value string) (netip.Prefix, error) {
	_, network, err := netutils.ParseCIDRSloppy(value)
	if err != nil {
		return netip.Prefix{}, err
	}
	prefix, err := netip.ParsePrefix(network.String())
	if err != nil {
		return netip.Prefix{}, err
	}
	return prefix.Masked(), nil
}

// ParseNodePorts reads the value of --service-node-port-range: "30000-32767", "30000+2767" or a single port. Errors name
// the flag.
func ParseNodePorts(value string) (utilnet.PortRange, error) {
	ports, err := utilnet.ParsePortRange(value)
	if err != nil {
		return utilnet.PortRange{}, fmt.Errorf("%s=%q is not a valid port range: %w", nodePortFlag, value, err)
	}
	if ports.Size == 0 {
		return utilnet.PortRange{}, fmt.Errorf("%s=%q is not a valid port range: it contains no port", nodePortFlag, value)
	}
	if ports.Base < 1 {
		return utilnet.PortRange{}, fmt.Errorf("%s=%q is not a valid port range: ports start at 1", nodePortFlag, value)
	}
	return *ports, nil
}

// CheckOverlap refuses a range of cluster IPs that shares addresses with the Pods' range (--cluster-cidr) or with a network
// that the machine is in, where the other nodes are. networks are the machine's addresses with the length of their
// network. The error names the flag and both ranges.
func CheckOverlap(ranges []netip.Prefix, pods netip.Prefix, networks []netip.Prefix) error {
	for _, services := range ranges {
		if pods.IsValid() && services.Overlaps(pods) {
			return fmt.Errorf("%s %s overlaps --cluster-cidr %s: a Pod could get a Service's address", clusterIPFlag, services, pods)
		}
		for _, network := range networks {
			if services.Overlaps(network) {
				return fmt.Errorf("%s %s overlaps this node's network %s, where its address is %s: a Service could get a node's address",
					clusterIPFlag, services, network.Masked(), network.Addr())
			}
		}
	}
	return nil
}

// APIServerIP is the first address of a range, which the Service of the API server itself gets.
func APIServerIP(services netip.Prefix) netip.Addr { return services.Masked().Addr().Next() }

// DNSIP is the tenth address of a range, which by custom is that of the cluster's DNS; the zero value where the range has no tenth.
func DNSIP(services netip.Prefix) netip.Addr {
	ip := services.Masked().Addr()
	for range 10 {
		ip = ip.Next()
	}
	// The last address of a range of IPv4 is no address of a Service.
	if next := ip.Next(); services.Contains(ip) && (ip.Is6() || services.Contains(next)) {
		return ip
	}
	return netip.Addr{}
}
