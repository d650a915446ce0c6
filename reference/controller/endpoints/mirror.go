package endpoints

import (
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

const (
	// mirrorManager marks the slices made from Endpoints that a user wrote.
	mirrorManager = "endpointslicemirroring-controller.k8s.io"
	// maxMirrored is how many addresses of one subset are mirrored, as upstream's default.
	maxMirrored = 1000
)

// decideMirror is the plan for Endpoints that a user keeps for a Service without a selector (claim services/without-selector): the proxy
// reads slices only. Either of the two may be nil; then, and when the user asks not to mirror, no slice is left.
func decideMirror(service *corev1.Service, endpoints *corev1.Endpoints, existing []*discoveryv1.EndpointSlice) slicePlan {
	if service == nil || service.Spec.Selector != nil || endpoints == nil || !isMirrored(endpoints) {
		return slicePlan{remove: existing}
	}
	labels := map[string]string{}
	maps.Copy(labels, endpoints.Labels)
	labels[discoveryv1.LabelServiceName] = endpoints.Name
	labels[discoveryv1.LabelManagedBy] = mirrorManager
	annotations := map[string]string{}
	maps.Copy(annotations, endpoints.Annotations)
	delete(annotations, corev1.EndpointsLastChangeTriggerTime)
	delete(annotations, corev1.LastAppliedConfigAnnotation)
	template := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{
		Namespace:       endpoints.Namespace,
		GenerateName:    namePrefix(endpoints.Name),
		Labels:          labels,
		Annotations:     annotations,
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(endpoints, corev1.SchemeGroupVersion.WithKind("Endpoints"))},
	}}
	plan := settle(mirroredGroups(endpoints), existing, template, maxMirrored)
	if endpoints.DeletionTimestamp != nil {
		plan.create = nil
	}
	return plan
}

func isMirrored(endpoints *corev1.Endpoints) bool {
	_, elects := endpoints.Annotations[resourcelock.LeaderElectionRecordAnnotationKey]
	return endpoints.Labels[discoveryv1.LabelSkipMirror] != "true" && !elects
}

func mirroredGroups(endpoints *corev1.Endpoints) []group {
	var groups []group
	for _, subset := range repack(endpoints.Subsets) {
		byType := map[discoveryv1.AddressType]*group{}
		add := func(addresses []corev1.EndpointAddress, ready bool) {
			for _, address := range addresses {
				ip, err := netip.ParseAddr(address.IP)
				if err != nil {
					continue
				}
				addressType := discoveryv1.AddressType(familyOf(ip))
				if byType[addressType] == nil {
					byType[addressType] = &group{addressType: addressType, ports: mirroredPorts(subset.Ports)}
				}
				if g := byType[addressType]; len(g.endpoints) < maxMirrored {
					g.endpoints = append(g.endpoints, mirrored(address, ip, ready))
				}
			}
		}
		add(subset.Addresses, true)
		add(subset.NotReadyAddresses, false)
		for _, addressType := range slices.Sorted(maps.Keys(byType)) {
			groups = append(groups, *byType[addressType])
		}
	}
	return groups
}

func mirrored(address corev1.EndpointAddress, ip netip.Addr, ready bool) discoveryv1.Endpoint {
	endpoint := discoveryv1.Endpoint{
		Addresses:  []string{ip.Unmap().String()},
		Conditions: discoveryv1.EndpointConditions{Ready: &ready},
		TargetRef:  address.TargetRef,
		NodeName:   address.NodeName,
	}
	if address.Hostname != "" {
		endpoint.Hostname = &address.Hostname
	}
	return endpoint
}

func mirroredPorts(ports []corev1.EndpointPort) []discoveryv1.EndpointPort {
	mirrored := []discoveryv1.EndpointPort{}
	for _, port := range ports {
		mirrored = append(mirrored, discoveryv1.EndpointPort{Name: &port.Name, Port: &port.Port, Protocol: &port.Protocol, AppProtocol: port.AppProtocol})
	}
	return mirrored
}
