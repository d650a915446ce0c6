// Package balancer is what the controller that gives Services of type LoadBalancer their addresses and the node agents that
// answer for these have in common.
package balancer

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// NodeAnnotation names on a Service the node that answers for its addresses on the nodes' network. The controller writes
// it, and the node obeys.
const NodeAnnotation = "reference/load-balancer-node"

// Finalizer keeps a Service until its load balancer is gone; the name is upstream's (k8s.io/cloud-provider/service/helpers).
const Finalizer = "service.kubernetes.io/load-balancer-cleanup"

// Wanted says whether a Service asks for a load balancer of the cluster's own provider: one with a class asks another.
func Wanted(service *corev1.Service) bool {
	return service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.Spec.LoadBalancerClass == nil
}

// Held are the addresses, in order, that a node answers for: those of the Services that name it.
func Held(node string, services []*corev1.Service) []netip.Addr {
	var held []netip.Addr
	for _, service := range services {
		if !Wanted(service) || service.Annotations[NodeAnnotation] != node {
			continue
		}
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			if address, err := netip.ParseAddr(ingress.IP); err == nil && address.Is4() {
				held = append(held, address)
			}
		}
	}
	slices.SortFunc(held, netip.Addr.Compare)
	return slices.Compact(held)
}

// Pool is the range of addresses that load balancers get. The zero value has none.
type Pool struct{ prefix netip.Prefix }

// ParsePool reads a range of IPv4 addresses such as 172.18.255.224/28; all of them may be given.
func ParsePool(text string) (Pool, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil || !prefix.Addr().Is4() {
		return Pool{}, fmt.Errorf("%q is not a range of IPv4 addresses such as 172.18.255.224/28", text)
	}
	return Pool{prefix.Masked()}, nil
}

// IsZero says that there is no pool.
func (p Pool) IsZero() bool { return !p.prefix.IsValid() }

// Range is the pool as one range; invalid where there is none.
func (p Pool) Range() netip.Prefix { return p.prefix }

func (p Pool) String() string { return p.prefix.String() }

// Contains says whether an address is of the pool.
func (p Pool) Contains(address netip.Addr) bool { return !p.IsZero() && p.prefix.Contains(address) }

// All are the pool's addresses, the lowest first.
func (p Pool) All() iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for address := p.prefix.Addr(); p.Contains(address); address = address.Next() {
			if !yield(address) {
				return
			}
		}
	}
}
