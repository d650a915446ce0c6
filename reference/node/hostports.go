package node

import (
	"net/netip"
	"strings"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/network"
)

// portMappings is which ports of the node lead to the Pod. One with the node's own network needs none.
func portMappings(pod *v1.Pod) []network.PortMapping {
	if pod.Spec.HostNetwork {
		return nil
	}
	var ports []network.PortMapping
	for i := range pod.Spec.Containers {
		for _, p := range pod.Spec.Containers[i].Ports {
			if p.HostPort <= 0 {
				continue
			}
			address, err := netip.ParseAddr(p.HostIP)
			if err == nil && !address.Is4() {
				continue // the node's Pods have no addresses of the other family
			}
			ports = append(ports, network.PortMapping{
				Protocol: strings.ToLower(string(p.Protocol)), HostIP: address,
				HostPort: uint16(p.HostPort), ContainerPort: uint16(p.ContainerPort),
			})
		}
	}
	return ports
}
