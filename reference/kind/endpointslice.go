package kind

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// EndpointSlice is a part of the addresses behind a Service.
var EndpointSlice = Kind{
	GroupVersion: discoveryv1.SchemeGroupVersion,
	Kind:         "EndpointSlice",
	Resource:     "endpointslices",
	Singular:     "endpointslice",
	Namespaced:   true,
	New:          func() runtime.Object { return &discoveryv1.EndpointSlice{} },
	NewList:      func() runtime.Object { return &discoveryv1.EndpointSliceList{} },

	Default: func(obj runtime.Object) { defaultSlice(obj.(*discoveryv1.EndpointSlice)) },
	PrepareCreate: func(obj runtime.Object) {
		slice := obj.(*discoveryv1.EndpointSlice)
		slice.Generation = 1
		dropTopology(slice, nil)
	},
	PrepareUpdate: func(obj, old runtime.Object) {
		slice, was := obj.(*discoveryv1.EndpointSlice), old.(*discoveryv1.EndpointSlice)
		if sliceDiffers(slice, was) {
			slice.Generation = was.Generation + 1
		}
		dropTopology(slice, was)
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		return validateSlice(obj.(*discoveryv1.EndpointSlice), nil)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validateSlice(obj.(*discoveryv1.EndpointSlice), old.(*discoveryv1.EndpointSlice))
	},
	Warn: func(obj, old runtime.Object) []string { return warnSlice(obj.(*discoveryv1.EndpointSlice), old == nil) },
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "AddressType", Type: "string", Description: discoveryv1.EndpointSlice{}.SwaggerDoc()["addressType"]},
		{Name: "Ports", Type: "string", Description: discoveryv1.EndpointSlice{}.SwaggerDoc()["ports"]},
		{Name: "Endpoints", Type: "string", Description: discoveryv1.EndpointSlice{}.SwaggerDoc()["endpoints"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		slice := obj.(*discoveryv1.EndpointSlice)
		return []any{
			slice.Name, string(slice.AddressType), slicePortsText(slice.Ports), sliceEndpointsText(slice.Endpoints),
			age(slice.CreationTimestamp),
		}
	},
	AllowUnconditionalUpdate: true,
}

func defaultSlice(slice *discoveryv1.EndpointSlice) {
	for i := range slice.Ports {
		port := &slice.Ports[i]
		if port.Name == nil {
			port.Name = new("")
		}
		if port.Protocol == nil {
			port.Protocol = new(corev1.ProtocolTCP)
		}
	}
}

// sliceDiffers says whether anything but metadata differs, or the labels, which tell what a slice belongs to.
func sliceDiffers(slice, old *discoveryv1.EndpointSlice) bool {
	return slice.AddressType != old.AddressType ||
		!apiequality.Semantic.DeepEqual(slice.Endpoints, old.Endpoints) ||
		!apiequality.Semantic.DeepEqual(slice.Ports, old.Ports) ||
		!apiequality.Semantic.DeepEqual(slice.Labels, old.Labels)
}

// dropTopology removes the deprecated map of topology labels, which v1 shows but does not accept. A node's name that
// stood there before moves to its own field, so that partial updates do not lose it.
func dropTopology(slice, old *discoveryv1.EndpointSlice) {
	if old != nil && apiequality.Semantic.DeepEqual(old.Endpoints, slice.Endpoints) {
		return
	}
	known := map[string]bool{}
	if old != nil {
		for _, endpoint := range old.Endpoints {
			if name := endpoint.DeprecatedTopology[corev1.LabelHostname]; name != "" {
				known[name] = true
			}
		}
	}
	for i := range slice.Endpoints {
		endpoint := &slice.Endpoints[i]
		name := endpoint.DeprecatedTopology[corev1.LabelHostname]
		if endpoint.NodeName == nil && known[name] && len(validation.IsDNS1123Subdomain(name)) == 0 {
			endpoint.NodeName = &name
		}
		endpoint.DeprecatedTopology = nil
	}
}

// sliceControllers write addresses that need no second look.
var sliceControllers = map[string]bool{
	"endpointslice-controller.k8s.io":          true,
	"endpointslicemirroring-controller.k8s.io": true,
}

func warnSlice(slice *discoveryv1.EndpointSlice, create bool) []string {
	var warnings []string
	if create && slice.AddressType == discoveryv1.AddressTypeFQDN {
		warnings = append(warnings, "spec.addressType: FQDN endpoints are deprecated")
	}
	if sliceControllers[slice.Labels[discoveryv1.LabelManagedBy]] {
		return warnings
	}
	for i, endpoint := range slice.Endpoints {
		path := field.NewPath("endpoints").Index(i).Child("addresses")
		for j, address := range endpoint.Addresses {
			warnings = append(warnings, validation.GetWarningsForIP(path.Index(j), address)...)
		}
	}
	return warnings
}

func slicePortsText(ports []discoveryv1.EndpointPort) string {
	var all []string
	for _, port := range ports {
		switch {
		case port.Port != nil:
			all = append(all, strconv.Itoa(int(*port.Port)))
		case port.Name != nil:
			all = append(all, *port.Name)
		default:
			all = append(all, "*")
		}
	}
	return firstThree(all)
}

func sliceEndpointsText(endpoints []discoveryv1.Endpoint) string {
	var all []string
	for _, endpoint := range endpoints {
		all = append(all, endpoint.Addresses...)
	}
	return firstThree(all)
}

// firstThree joins up to three texts, says how many more there are, and "<unset>" when there are none.
func firstThree(all []string) string {
	const most = 3
	if len(all) > most {
		return fmt.Sprintf("%s + %d more...", strings.Join(all[:most], ","), len(all)-most)
	}
	if text := strings.Join(all, ","); text != "" {
		return text
	}
	return "<unset>"
}
