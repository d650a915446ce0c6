package allocate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/kind"
)

// keepAllocated fills in what was allocated before where a client left it out, so that the manifest that made a Service
// can be sent again.
func keepAllocated(svc, old *corev1.Service) {
	spec, was := &svc.Spec, &old.Spec
	if kind.NeedsClusterIP(old) && kind.NeedsClusterIP(svc) {
		if spec.ClusterIP == "" {
			spec.ClusterIP = was.ClusterIP
		}
		if len(spec.ClusterIPs) == 0 && len(was.ClusterIPs) > 0 {
			spec.ClusterIPs = slices.Clone(was.ClusterIPs)
		}
	}
	if getsNodePorts(old) && getsNodePorts(svc) {
		keepNodePorts(spec.Ports, was.Ports)
	}
	if kind.NeedsHealthCheckPort(old) && kind.NeedsHealthCheckPort(svc) && spec.HealthCheckNodePort == 0 {
		spec.HealthCheckNodePort = was.HealthCheckNodePort
	}
}

// keepNodePorts gives ports without a node port the one that the port of the same name had, unless another port has it
// now.
func keepNodePorts(ports, old []corev1.ServicePort) {
	has := func(ports []corev1.ServicePort, nodePort int32) bool {
		return slices.ContainsFunc(ports, func(p corev1.ServicePort) bool { return p.NodePort == nodePort })
	}
	requested := slices.Clone(ports)
	byName := map[string]int32{}
	for _, port := range old {
		byName[port.Name] = port.NodePort
	}
	for i := range ports {
		if former := byName[ports[i].Name]; ports[i].NodePort == 0 && former != 0 && !has(requested, former) {
			ports[i].NodePort = former
		}
	}
}

// syncClusterIPs makes clusterIPs follow clusterIP for clients that know only the latter. old is nil for a new Service.
func syncClusterIPs(svc, old *corev1.Service) {
	spec := &svc.Spec
	if old == nil {
		if spec.ClusterIP != "" && len(spec.ClusterIPs) == 0 {
			spec.ClusterIPs = []string{spec.ClusterIP}
		}
		return
	}
	was := &old.Spec
	if spec.ClusterIP == was.ClusterIP {
		if len(spec.ClusterIPs) == 0 && len(was.ClusterIPs) > 0 {
			spec.ClusterIPs = slices.Clone(was.ClusterIPs)
		}
		return
	}
	if !kind.SameClusterIPs(svc, old) {
		return
	}
	spec.ClusterIPs = nil
	if spec.ClusterIP != "" || was.ClusterIP == "" {
		spec.ClusterIPs = []string{spec.ClusterIP}
	}
}

// getsNodePorts says whether svc gets a node port for each port that has none.
func getsNodePorts(svc *corev1.Service) bool {
	switch svc.Spec.Type {
	case corev1.ServiceTypeNodePort:
		return true
	case corev1.ServiceTypeLoadBalancer:
		return svc.Spec.AllocateLoadBalancerNodePorts == nil || *svc.Spec.AllocateLoadBalancerNodePorts
	default:
		return false
	}
}

// nodePorts are the node ports of svc, without the health check's.
func nodePorts(svc *corev1.Service) []int {
	var ports []int
	for _, port := range svc.Spec.Ports {
		if port.NodePort != 0 {
			ports = append(ports, int(port.NodePort))
		}
	}
	return ports
}
