package endpoints

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// isReady tells whether the Pod's Ready condition is true.
func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// isListed tells whether a Pod can be an endpoint at all: it has an address and has not ended. Terminating ones are
// listed only where asked for.
func isListed(pod *corev1.Pod, withTerminating bool) bool {
	hasAddress := pod.Status.PodIP != "" || len(pod.Status.PodIPs) > 0
	return hasAddress && !hasEnded(pod) && (withTerminating || pod.DeletionTimestamp == nil)
}

// addressesOf are the Pod's addresses of one family, in their canonical form.
func addressesOf(pod *corev1.Pod, family corev1.IPFamily) []string {
	var addresses []string
	for _, ip := range pod.Status.PodIPs {
		address, err := netip.ParseAddr(ip.IP)
		if err == nil && familyOf(address) == family {
			addresses = append(addresses, address.Unmap().String())
		}
	}
	return addresses
}

func familyOf(address netip.Addr) corev1.IPFamily {
	if address.Unmap().Is4() {
		return corev1.IPv4Protocol
	}
	return corev1.IPv6Protocol
}

// familiesOf are the address families of a Service. The API server always sets them; without them its address tells.
func familiesOf(service *corev1.Service) []corev1.IPFamily {
	if len(service.Spec.IPFamilies) > 0 {
		return service.Spec.IPFamilies
	}
	if address, err := netip.ParseAddr(service.Spec.ClusterIP); err == nil {
		return []corev1.IPFamily{familyOf(address)}
	}
	return []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
}

// hostnameOf is the name that the headless Service gives the Pod in DNS, if the Pod asks for one.
func hostnameOf(pod *corev1.Pod, service *corev1.Service) string {
	if pod.Spec.Subdomain == service.Name && pod.Namespace == service.Namespace {
		return pod.Spec.Hostname
	}
	return ""
}

// targetPort is the Pod's port behind a port of the Service; a named one is looked for in its containers and sidecars.
func targetPort(pod *corev1.Pod, port corev1.ServicePort) (int32, bool) {
	if port.TargetPort.Type == intstr.Int {
		return port.TargetPort.IntVal, true
	}
	containers := append([]corev1.Container(nil), pod.Spec.Containers...)
	for _, container := range pod.Spec.InitContainers {
		if container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, container)
		}
	}
	for _, container := range containers {
		for _, declared := range container.Ports {
			if declared.Name == port.TargetPort.StrVal && declared.Protocol == port.Protocol {
				return declared.ContainerPort, true
			}
		}
	}
	return 0, false
}

func referenceTo(pod *corev1.Pod) *corev1.ObjectReference {
	return &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
}

func isHeadless(service *corev1.Service) bool {
	return service.Spec.ClusterIP == corev1.ClusterIPNone || service.Spec.ClusterIP == ""
}

// selects tells whether this package keeps the Service's endpoints: one without a selector has its own, and an ExternalName none.
func selects(service *corev1.Service) bool {
	return service.Spec.Selector != nil && service.Spec.Type != corev1.ServiceTypeExternalName
}
