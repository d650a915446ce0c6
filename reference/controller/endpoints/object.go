package endpoints

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// labelEndpointsManagedBy and endpointsManager mark the Endpoints objects that are kept here.
	labelEndpointsManagedBy = "endpoints.kubernetes.io/managed-by"
	endpointsManager        = "endpoint-controller"
	// maxObjectAddresses is how many addresses an Endpoints object holds; the rest is only in slices.
	maxObjectAddresses = 1000
	overCapacity       = "truncated"
)

// decideEndpoints returns the Endpoints object that the Service should have (claim services/endpoints-object), or nil when current, which
// may be nil, is already right. A terminating Pod is not in it, unless the Service publishes what is not ready.
func decideEndpoints(service *corev1.Service, pods []*corev1.Pod, current *corev1.Endpoints, trigger time.Time) *corev1.Endpoints {
	desired := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: service.Namespace, Name: service.Name}}
	if current != nil {
		desired = current.DeepCopy()
	}
	subsets := repack(subsetsOf(service, pods))
	truncated := truncate(subsets)
	desired.Subsets = subsets
	desired.Labels = endpointsLabels(service)
	setAnnotation(&desired.ObjectMeta, corev1.EndpointsOverCapacity, overCapacity, truncated)
	if current != nil && equality.Semantic.DeepEqual(repack(current.Subsets), desired.Subsets) &&
		maps.Equal(current.Labels, desired.Labels) &&
		current.Annotations[corev1.EndpointsOverCapacity] == desired.Annotations[corev1.EndpointsOverCapacity] {
		return nil
	}
	setAnnotation(&desired.ObjectMeta, corev1.EndpointsLastChangeTriggerTime, trigger.UTC().Format(time.RFC3339Nano), !trigger.IsZero())
	return desired
}

func setAnnotation(meta *metav1.ObjectMeta, key, value string, set bool) {
	if !set {
		delete(meta.Annotations, key)
		return
	}
	if meta.Annotations == nil {
		meta.Annotations = map[string]string{}
	}
	meta.Annotations[key] = value
}

func endpointsLabels(service *corev1.Service) map[string]string {
	labels := maps.Clone(service.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	delete(labels, corev1.IsHeadlessService)
	if isHeadless(service) {
		labels[corev1.IsHeadlessService] = ""
	}
	labels[labelEndpointsManagedBy] = endpointsManager
	return labels
}

// subsetsOf is one subset for each Pod and port; repack brings those with the same Pods together.
func subsetsOf(service *corev1.Service, pods []*corev1.Pod) []corev1.EndpointSubset {
	var subsets []corev1.EndpointSubset
	for _, pod := range pods {
		if !isListed(pod, service.Spec.PublishNotReadyAddresses) {
			continue
		}
		addresses := addressesOf(pod, familiesOf(service)[0])
		if len(addresses) == 0 {
			continue
		}
		address := corev1.EndpointAddress{IP: addresses[0], NodeName: &pod.Spec.NodeName, TargetRef: referenceTo(pod), Hostname: hostnameOf(pod, service)}
		ready := service.Spec.PublishNotReadyAddresses || isReady(pod)
		if len(service.Spec.Ports) == 0 && service.Spec.ClusterIP == corev1.ClusterIPNone {
			subsets = append(subsets, subsetOf(address, ready))
		}
		for _, port := range service.Spec.Ports {
			if number, ok := targetPort(pod, port); ok {
				subsets = append(subsets, subsetOf(address, ready, corev1.EndpointPort{
					Name: port.Name, Port: number, Protocol: port.Protocol, AppProtocol: port.AppProtocol,
				}))
			}
		}
	}
	return subsets
}

func subsetOf(address corev1.EndpointAddress, ready bool, ports ...corev1.EndpointPort) corev1.EndpointSubset {
	if ready {
		return corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{address}, Ports: ports}
	}
	return corev1.EndpointSubset{NotReadyAddresses: []corev1.EndpointAddress{address}, Ports: ports}
}

// repack brings subsets into their one canonical form: ports that the same addresses serve share a subset, and all is sorted. An
// address that is both ready and not ready at a port counts as not ready.
func repack(subsets []corev1.EndpointSubset) []corev1.EndpointSubset {
	type reachable struct {
		address corev1.EndpointAddress
		ready   bool
	}
	ports := map[string]*corev1.EndpointPort{} // nil for no port at all
	byPort := map[string]map[string]reachable{}
	for _, subset := range subsets {
		keys := map[string]*corev1.EndpointPort{}
		for _, port := range subset.Ports {
			keys[portKey(port)] = &port
		}
		if len(keys) == 0 {
			keys[""] = nil
		}
		for key, port := range keys {
			ports[key] = port
			if byPort[key] == nil {
				byPort[key] = map[string]reachable{}
			}
			for _, address := range subset.NotReadyAddresses {
				byPort[key][addressKey(address)] = reachable{address, false}
			}
			for _, address := range subset.Addresses {
				if known, ok := byPort[key][addressKey(address)]; !ok || known.ready {
					byPort[key][addressKey(address)] = reachable{address, true}
				}
			}
		}
	}

	byAddresses := map[string]*corev1.EndpointSubset{}
	for key, addresses := range byPort {
		var id strings.Builder
		for _, name := range slices.Sorted(maps.Keys(addresses)) {
			fmt.Fprintf(&id, "%s/%t ", name, addresses[name].ready)
		}
		subset := byAddresses[id.String()]
		if subset == nil {
			subset = &corev1.EndpointSubset{}
			byAddresses[id.String()] = subset
			for _, name := range slices.SortedFunc(maps.Keys(addresses), strings.Compare) {
				if addresses[name].ready {
					subset.Addresses = append(subset.Addresses, addresses[name].address)
				} else {
					subset.NotReadyAddresses = append(subset.NotReadyAddresses, addresses[name].address)
				}
			}
		}
		if ports[key] != nil {
			subset.Ports = append(subset.Ports, *ports[key])
		}
	}

	repacked := make([]corev1.EndpointSubset, 0, len(byAddresses))
	for _, subset := range byAddresses {
		slices.SortFunc(subset.Addresses, compareAddresses)
		slices.SortFunc(subset.NotReadyAddresses, compareAddresses)
		slices.SortFunc(subset.Ports, func(a, b corev1.EndpointPort) int { return cmp.Compare(portKey(a), portKey(b)) })
		repacked = append(repacked, *subset)
	}
	slices.SortFunc(repacked, func(a, b corev1.EndpointSubset) int { return cmp.Compare(subsetKey(a), subsetKey(b)) })
	return repacked
}

func portKey(port corev1.EndpointPort) string {
	appProtocol := ""
	if port.AppProtocol != nil {
		appProtocol = *port.AppProtocol
	}
	return fmt.Sprintf("%s/%s/%d/%s", port.Name, port.Protocol, port.Port, appProtocol)
}

func subsetKey(subset corev1.EndpointSubset) string {
	if len(subset.Ports) == 0 {
		return ""
	}
	return portKey(subset.Ports[0])
}

// addressKey tells apart Pods that share their node's address.
func addressKey(address corev1.EndpointAddress) string {
	if address.TargetRef == nil {
		return address.IP
	}
	return address.IP + " " + string(address.TargetRef.UID)
}

func compareAddresses(a, b corev1.EndpointAddress) int {
	return cmp.Compare(addressKey(a), addressKey(b))
}

// truncate cuts what is over the capacity, not ready addresses first, each subset by its share. It tells whether it cut.
func truncate(subsets []corev1.EndpointSubset) bool {
	ready, notReady := 0, 0
	for _, subset := range subsets {
		ready += len(subset.Addresses)
		notReady += len(subset.NotReadyAddresses)
	}
	if ready+notReady <= maxObjectAddresses {
		return false
	}
	cut := func(addresses []corev1.EndpointAddress, total, room int, left *int) []corev1.EndpointAddress {
		share := int(math.Ceil(float64(len(addresses)) / float64(total) * float64(room)))
		kept := addresses[:min(share, *left, len(addresses))]
		*left -= len(kept)
		return kept
	}
	if ready > maxObjectAddresses {
		left := maxObjectAddresses
		for i := range subsets {
			subsets[i].Addresses = cut(subsets[i].Addresses, ready, maxObjectAddresses, &left)
			subsets[i].NotReadyAddresses = nil
		}
		return true
	}
	room := maxObjectAddresses - ready
	left := room
	for i := range subsets {
		subsets[i].NotReadyAddresses = cut(subsets[i].NotReadyAddresses, notReady, room, &left)
	}
	return true
}
