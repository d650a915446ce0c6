package endpoints

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// sliceManager marks the slices made from a selector's Pods.
	sliceManager = "endpointslice-controller.k8s.io"
	// maxSliceEndpoints is upstream's default for the endpoints of one slice.
	maxSliceEndpoints = 100
)

// group is the endpoints that may share a slice: same address type, same ports.
type group struct {
	addressType discoveryv1.AddressType
	ports       []discoveryv1.EndpointPort
	endpoints   []discoveryv1.Endpoint
}

// slicePlan is what brings the slices of a Service from what they are to what they should be.
type slicePlan struct {
	create, update, remove []*discoveryv1.EndpointSlice
}

// decideSlices is the plan for a Service with a selector (claim services/endpoints-object). Existing are the slices that carry the Service's
// name and this controller's mark.
func decideSlices(service *corev1.Service, pods []*corev1.Pod, nodes map[string]*corev1.Node, existing []*discoveryv1.EndpointSlice) slicePlan {
	template := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{
		Namespace:       service.Namespace,
		GenerateName:    namePrefix(service.Name),
		Labels:          sliceLabels(service),
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(service, corev1.SchemeGroupVersion.WithKind("Service"))},
	}}
	var plan slicePlan
	var wanted []group
	for _, family := range familiesOf(service) {
		groups := groupsOf(service, pods, nodes, family)
		if len(groups) == 0 {
			// Without endpoints one empty slice stays, so that watchers can tell a Service without Pods from an unknown one.
			groups = []group{{addressType: discoveryv1.AddressType(family), ports: []discoveryv1.EndpointPort{}}}
		}
		wanted = append(wanted, groups...)
	}
	var own []*discoveryv1.EndpointSlice
	for _, slice := range existing {
		if slices.ContainsFunc(slice.OwnerReferences, func(owner metav1.OwnerReference) bool { return owner.UID == service.UID }) {
			own = append(own, slice)
		} else {
			// Of a deleted Service with the same name.
			plan.remove = append(plan.remove, slice)
		}
	}
	settled := settle(wanted, own, template, maxSliceEndpoints)
	plan.create, plan.update = settled.create, settled.update
	plan.remove = append(plan.remove, settled.remove...)
	if service.DeletionTimestamp != nil {
		plan.create = nil
	}
	return plan
}

// groupsOf are the Service's endpoints of one family. Pods on nodes that do not exist are left out, unless the Service publishes what
// is not ready; Pods whose named ports have different numbers are in different groups.
func groupsOf(service *corev1.Service, pods []*corev1.Pod, nodes map[string]*corev1.Node, family corev1.IPFamily) []group {
	byPorts := map[string]*group{}
	for _, pod := range pods {
		node := nodes[pod.Spec.NodeName]
		if !isListed(pod, true) || (node == nil && !service.Spec.PublishNotReadyAddresses) {
			continue
		}
		addresses := addressesOf(pod, family)
		if len(addresses) == 0 {
			continue
		}
		ports := slicePorts(service, pod)
		key := slicePortsKey(ports)
		if byPorts[key] == nil {
			byPorts[key] = &group{addressType: discoveryv1.AddressType(family), ports: ports}
		}
		byPorts[key].endpoints = append(byPorts[key].endpoints, endpointOf(service, pod, node, addresses))
	}
	var groups []group
	for _, key := range slices.Sorted(maps.Keys(byPorts)) {
		groups = append(groups, *byPorts[key])
	}
	return groups
}

// endpointOf describes one Pod. A terminating one is never ready, but still serving while its probes say so.
func endpointOf(service *corev1.Service, pod *corev1.Pod, node *corev1.Node, addresses []string) discoveryv1.Endpoint {
	serving, terminating := isReady(pod), pod.DeletionTimestamp != nil
	ready := service.Spec.PublishNotReadyAddresses || (serving && !terminating)
	endpoint := discoveryv1.Endpoint{
		Addresses:  addresses,
		Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating},
		TargetRef:  referenceTo(pod),
	}
	if name := pod.Spec.NodeName; name != "" {
		endpoint.NodeName = &name
	}
	if node != nil && node.Labels[corev1.LabelTopologyZone] != "" {
		zone := node.Labels[corev1.LabelTopologyZone]
		endpoint.Zone = &zone
	}
	if hostname := hostnameOf(pod, service); hostname != "" {
		endpoint.Hostname = &hostname
	}
	if ready {
		endpoint.Hints = hintsOf(service, &endpoint)
	}
	return endpoint
}

// hintsOf tells proxies for whom an endpoint is meant first, as the Service's trafficDistribution wants it: its zone, and its node. An
// annotation that asks for hints by the zones' processors takes precedence over the field.
func hintsOf(service *corev1.Service, endpoint *discoveryv1.Endpoint) *discoveryv1.EndpointHints {
	if byProcessors(service) {
		return nil
	}
	var hints discoveryv1.EndpointHints
	switch deref(service.Spec.TrafficDistribution) {
	case corev1.ServiceTrafficDistributionPreferSameNode:
		if endpoint.NodeName != nil {
			hints.ForNodes = []discoveryv1.ForNode{{Name: *endpoint.NodeName}}
		}
	case corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferClose:
	default:
		return nil
	}
	if endpoint.Zone != nil {
		hints.ForZones = []discoveryv1.ForZone{{Name: *endpoint.Zone}}
	}
	if hints.ForNodes == nil && hints.ForZones == nil {
		return nil
	}
	return &hints
}

// byProcessors: the older of the two annotations decides, where there are both.
func byProcessors(service *corev1.Service) bool {
	mode, found := service.Annotations[corev1.DeprecatedAnnotationTopologyAwareHints]
	if !found {
		mode = service.Annotations[corev1.AnnotationTopologyMode]
	}
	return mode == "Auto" || mode == "auto"
}

func slicePorts(service *corev1.Service, pod *corev1.Pod) []discoveryv1.EndpointPort {
	ports := []discoveryv1.EndpointPort{}
	for _, port := range service.Spec.Ports {
		number, ok := targetPort(pod, port)
		if !ok {
			continue
		}
		ports = append(ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &number, Protocol: &port.Protocol, AppProtocol: port.AppProtocol})
	}
	return ports
}

func slicePortsKey(ports []discoveryv1.EndpointPort) string {
	keys := make([]string, len(ports))
	for i, port := range ports {
		keys[i] = fmt.Sprintf("%s/%s/%d/%s", deref(port.Name), deref(port.Protocol), deref(port.Port), deref(port.AppProtocol))
	}
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

func deref[T any](pointer *T) T {
	var zero T
	if pointer == nil {
		return zero
	}
	return *pointer
}

func endpointKey(endpoint discoveryv1.Endpoint) string {
	key := strings.Join(slices.Sorted(slices.Values(endpoint.Addresses)), ",") + " " + deref(endpoint.Hostname)
	if endpoint.TargetRef != nil {
		key += " " + endpoint.TargetRef.Namespace + "/" + endpoint.TargetRef.Name + "/" + string(endpoint.TargetRef.UID)
	}
	return key
}

// sliceLabels are the Service's own, and those by which slices are found.
func sliceLabels(service *corev1.Service) map[string]string {
	labels := maps.Clone(service.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	delete(labels, corev1.IsHeadlessService)
	if isHeadless(service) {
		labels[corev1.IsHeadlessService] = ""
	}
	labels[discoveryv1.LabelServiceName] = service.Name
	labels[discoveryv1.LabelManagedBy] = sliceManager
	return labels
}

// namePrefix ends in a dash where the name leaves room for it.
func namePrefix(name string) string {
	if prefix := name + "-"; len(validation.NameIsDNSSubdomain(prefix, true)) == 0 {
		return prefix
	}
	return name
}

// settle distributes the wanted groups over slices with the fewest writes: endpoints stay where they are; new ones fill the slices that
// change anyway, then one slice that has room for all of them, then new slices; a slice to remove is reused for one to create.
func settle(wanted []group, existing []*discoveryv1.EndpointSlice, template *discoveryv1.EndpointSlice, limit int) slicePlan {
	existing = slices.Clone(existing)
	slices.SortFunc(existing, func(a, b *discoveryv1.EndpointSlice) int { return cmp.Compare(a.Name, b.Name) })
	key := func(addressType discoveryv1.AddressType, ports []discoveryv1.EndpointPort) string {
		return string(addressType) + " " + slicePortsKey(ports)
	}
	byKey := map[string][]*discoveryv1.EndpointSlice{}
	for _, slice := range existing {
		byKey[key(slice.AddressType, slice.Ports)] = append(byKey[key(slice.AddressType, slice.Ports)], slice)
	}
	var plan slicePlan
	for _, group := range wanted {
		k := key(group.addressType, group.ports)
		part := settleGroup(group, byKey[k], template, limit)
		delete(byKey, k)
		plan.create = append(plan.create, part.create...)
		plan.update = append(plan.update, part.update...)
		plan.remove = append(plan.remove, part.remove...)
	}
	for _, k := range slices.Sorted(maps.Keys(byKey)) {
		plan.remove = append(plan.remove, byKey[k]...)
	}
	return plan.reuse()
}

func settleGroup(group group, existing []*discoveryv1.EndpointSlice, template *discoveryv1.EndpointSlice, limit int) slicePlan {
	missing := map[string]discoveryv1.Endpoint{}
	for _, endpoint := range group.endpoints {
		missing[endpointKey(endpoint)] = endpoint
	}
	placeholder := len(missing) == 0
	var plan slicePlan
	var unchanged []*discoveryv1.EndpointSlice
	for _, slice := range existing {
		kept := []discoveryv1.Endpoint{}
		changed := !sameMetadata(slice, template)
		for _, endpoint := range slice.Endpoints {
			desired, ok := missing[endpointKey(endpoint)]
			if !ok {
				changed = true
				continue
			}
			delete(missing, endpointKey(endpoint))
			changed = changed || !equality.Semantic.DeepEqual(endpoint, desired)
			kept = append(kept, desired)
		}
		switch {
		case len(kept) == 0 && !placeholder:
			plan.remove = append(plan.remove, slice)
		case placeholder && len(plan.update)+len(unchanged) > 0:
			plan.remove = append(plan.remove, slice)
		case changed:
			plan.update = append(plan.update, withContent(slice, template, group, kept))
		default:
			unchanged = append(unchanged, slice)
		}
	}

	left := slices.Sorted(maps.Keys(missing))
	fill := func(slice *discoveryv1.EndpointSlice) {
		for len(left) > 0 && len(slice.Endpoints) < limit {
			slice.Endpoints = append(slice.Endpoints, missing[left[0]])
			left = left[1:]
		}
	}
	slices.SortStableFunc(plan.update, func(a, b *discoveryv1.EndpointSlice) int { return cmp.Compare(len(b.Endpoints), len(a.Endpoints)) })
	for _, slice := range plan.update {
		fill(slice)
	}
	for len(left) > 0 {
		if roomy := roomiestFor(len(left), unchanged, limit); roomy != nil {
			slice := withContent(roomy, template, group, slices.Clone(roomy.Endpoints))
			fill(slice)
			plan.update = append(plan.update, slice)
			break
		}
		slice := fresh(template, group)
		fill(slice)
		plan.create = append(plan.create, slice)
	}
	if placeholder && len(plan.update)+len(unchanged) == 0 {
		plan.create = append(plan.create, fresh(template, group))
	}
	return plan
}

// roomiestFor is the slice that is fullest once count more endpoints are in it, if any holds them all.
func roomiestFor(count int, candidates []*discoveryv1.EndpointSlice, limit int) *discoveryv1.EndpointSlice {
	var best *discoveryv1.EndpointSlice
	for _, slice := range candidates {
		if len(slice.Endpoints)+count <= limit && (best == nil || len(slice.Endpoints) > len(best.Endpoints)) {
			best = slice
		}
	}
	return best
}

func fresh(template *discoveryv1.EndpointSlice, group group) *discoveryv1.EndpointSlice {
	slice := template.DeepCopy()
	slice.AddressType, slice.Ports, slice.Endpoints = group.addressType, group.ports, []discoveryv1.Endpoint{}
	return slice
}

func withContent(slice, template *discoveryv1.EndpointSlice, group group, endpoints []discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	slice = slice.DeepCopy()
	slice.Labels, slice.OwnerReferences = maps.Clone(template.Labels), slices.Clone(template.OwnerReferences)
	if template.Annotations != nil {
		slice.Annotations = maps.Clone(template.Annotations)
	}
	slice.Ports, slice.Endpoints = group.ports, endpoints
	return slice
}

func sameMetadata(slice, template *discoveryv1.EndpointSlice) bool {
	return maps.Equal(slice.Labels, template.Labels) &&
		equality.Semantic.DeepEqual(slice.OwnerReferences, template.OwnerReferences) &&
		(template.Annotations == nil || maps.Equal(slice.Annotations, template.Annotations))
}

// reuse turns pairs of a slice to remove and one to create into one update. The address type of a slice cannot change.
func (p slicePlan) reuse() slicePlan {
	var create []*discoveryv1.EndpointSlice
	for _, wanted := range p.create {
		i := slices.IndexFunc(p.remove, func(old *discoveryv1.EndpointSlice) bool { return old.AddressType == wanted.AddressType })
		if i < 0 {
			create = append(create, wanted)
			continue
		}
		old := p.remove[i].DeepCopy()
		old.Labels, old.OwnerReferences, old.Ports, old.Endpoints = wanted.Labels, wanted.OwnerReferences, wanted.Ports, wanted.Endpoints
		if wanted.Annotations != nil {
			old.Annotations = wanted.Annotations
		}
		p.update = append(p.update, old)
		p.remove = slices.Delete(slices.Clone(p.remove), i, i+1)
	}
	p.create = create
	return p
}
