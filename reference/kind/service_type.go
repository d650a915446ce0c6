package kind

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
)

// NeedsClusterIP says whether the type of svc has a cluster IP ("None" counts as one).
func NeedsClusterIP(svc *corev1.Service) bool {
	return svc.Spec.Type != corev1.ServiceTypeExternalName
}

// IsHeadless says whether svc asks for no cluster IP, in which case its name stands for the Pods' own addresses.
func IsHeadless(svc *corev1.Service) bool {
	return len(svc.Spec.ClusterIPs) == 1 && svc.Spec.ClusterIPs[0] == corev1.ClusterIPNone
}

// HasNodePorts says whether the type of svc can have node ports.
func HasNodePorts(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeNodePort || svc.Spec.Type == corev1.ServiceTypeLoadBalancer
}

// NeedsHealthCheckPort says whether svc needs a port on which each node tells a load balancer if it has endpoints.
func NeedsHealthCheckPort(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer &&
		svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}

// SameClusterIPs says whether a and b have equal lists of cluster IPs.
func SameClusterIPs(a, b *corev1.Service) bool {
	return slices.Equal(a.Spec.ClusterIPs, b.Spec.ClusterIPs)
}

// hasProxiedType says whether svc is of a type that a node's proxy serves.
func hasProxiedType(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeClusterIP || HasNodePorts(svc)
}

// externallyAccessible says whether traffic from outside the cluster can reach svc.
func externallyAccessible(svc *corev1.Service) bool {
	return HasNodePorts(svc) || (svc.Spec.Type == corev1.ServiceTypeClusterIP && len(svc.Spec.ExternalIPs) > 0)
}

func isLoadBalancer(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer
}

// dropTypeDependentFields clears what a changed type makes meaningless, provided that the client did not touch it: what
// was filled in for the client must not stand in the client's way. What the client changed too is left for validation to
// refuse. (pkg/registry/core/service/strategy.go in Kubernetes)
func dropTypeDependentFields(svc, old *corev1.Service) {
	spec, was := &svc.Spec, &old.Spec
	if NeedsClusterIP(old) && !NeedsClusterIP(svc) {
		if spec.ClusterIP == was.ClusterIP && SameClusterIPs(svc, old) {
			spec.ClusterIP, spec.ClusterIPs = "", nil
		}
		if apiequality.Semantic.DeepEqual(spec.IPFamilies, was.IPFamilies) {
			spec.IPFamilies = nil
		}
		if apiequality.Semantic.DeepEqual(spec.IPFamilyPolicy, was.IPFamilyPolicy) {
			spec.IPFamilyPolicy = nil
		}
	}
	if HasNodePorts(old) && !HasNodePorts(svc) && addsNoNodePort(svc, old) {
		for i := range spec.Ports {
			spec.Ports[i].NodePort = 0
		}
	}
	if NeedsHealthCheckPort(old) && !NeedsHealthCheckPort(svc) && spec.HealthCheckNodePort == was.HealthCheckNodePort {
		spec.HealthCheckNodePort = 0
	}
	if isLoadBalancer(old) && !isLoadBalancer(svc) {
		if apiequality.Semantic.DeepEqual(spec.AllocateLoadBalancerNodePorts, was.AllocateLoadBalancerNodePorts) {
			spec.AllocateLoadBalancerNodePorts = nil
		}
		if apiequality.Semantic.DeepEqual(spec.LoadBalancerClass, was.LoadBalancerClass) {
			spec.LoadBalancerClass = nil
		}
	}
	if externallyAccessible(old) && !externallyAccessible(svc) && spec.ExternalTrafficPolicy == was.ExternalTrafficPolicy {
		spec.ExternalTrafficPolicy = ""
	}
	if !isLoadBalancer(svc) {
		svc.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	}
}

// addsNoNodePort says whether every node port of svc is one of old's.
func addsNoNodePort(svc, old *corev1.Service) bool {
	for _, port := range svc.Spec.Ports {
		if port.NodePort == 0 {
			continue
		}
		if !slices.ContainsFunc(old.Spec.Ports, func(p corev1.ServicePort) bool { return p.NodePort == port.NodePort }) {
			return false
		}
	}
	return true
}
