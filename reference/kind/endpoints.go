package kind

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Endpoints are the addresses behind a Service, in the older form.
//
// Subsets are stored as they are sent: since 1.33 Kubernetes puts them into the canonical form in the controller, no
// longer in the API server.
var Endpoints = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Endpoints",
	Resource:     "endpoints",
	Singular:     "endpoints",
	ShortNames:   []string{"ep"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Endpoints{} },
	NewList:      func() runtime.Object { return &corev1.EndpointsList{} },

	Default: func(obj runtime.Object) { defaultEndpoints(obj.(*corev1.Endpoints)) },
	Validate: func(obj runtime.Object) field.ErrorList {
		return validateEndpoints(obj.(*corev1.Endpoints), nil)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		endpoints, was := obj.(*corev1.Endpoints), old.(*corev1.Endpoints)
		errs := validateMetaUpdate(&endpoints.ObjectMeta, &was.ObjectMeta)
		return append(errs, validateEndpoints(endpoints, was)...)
	},
	Warn: func(obj, _ runtime.Object) []string { return warnEndpoints(obj.(*corev1.Endpoints)) },
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Endpoints", Type: "string", Description: corev1.Endpoints{}.SwaggerDoc()["subsets"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		endpoints := obj.(*corev1.Endpoints)
		return []any{endpoints.Name, endpointsText(endpoints.Subsets), age(endpoints.CreationTimestamp)}
	},
	AllowCreateOnUpdate:      true,
	AllowUnconditionalUpdate: true,
}

func defaultEndpoints(endpoints *corev1.Endpoints) {
	for i := range endpoints.Subsets {
		for j := range endpoints.Subsets[i].Ports {
			if port := &endpoints.Subsets[i].Ports[j]; port.Protocol == "" {
				port.Protocol = corev1.ProtocolTCP
			}
		}
	}
}

// validateEndpoints judges the whole object. Subsets that old has already are accepted whatever they are.
func validateEndpoints(endpoints, old *corev1.Endpoints) field.ErrorList {
	errs := validateMeta(&endpoints.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
	var subsets field.ErrorList
	for i := range endpoints.Subsets {
		subsets = append(subsets, validateSubset(&endpoints.Subsets[i], field.NewPath("subsets").Index(i))...)
	}
	if len(subsets) > 0 && old != nil && apiequality.Semantic.DeepEqual(old.Subsets, endpoints.Subsets) {
		return errs
	}
	return append(errs, subsets...)
}

func validateSubset(subset *corev1.EndpointSubset, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(subset.Addresses) == 0 && len(subset.NotReadyAddresses) == 0 {
		errs = append(errs, field.Required(path, "must specify `addresses` or `notReadyAddresses`"))
	}
	for i := range subset.Addresses {
		errs = append(errs, validateEndpointAddress(&subset.Addresses[i], path.Child("addresses").Index(i))...)
	}
	for i := range subset.NotReadyAddresses {
		errs = append(errs, validateEndpointAddress(&subset.NotReadyAddresses[i], path.Child("notReadyAddresses").Index(i))...)
	}
	for i := range subset.Ports {
		errs = append(errs, validateEndpointPort(&subset.Ports[i], len(subset.Ports) > 1, path.Child("ports").Index(i))...)
	}
	return errs
}

func validateEndpointAddress(address *corev1.EndpointAddress, path *field.Path) field.ErrorList {
	errs := validation.IsValidIPForLegacyField(path.Child("ip"), address.IP, strictIPs, nil)
	if address.Hostname != "" {
		errs = append(errs, validateDNSLabel(address.Hostname, path.Child("hostname"))...)
	}
	if name := address.NodeName; name != nil {
		errs = append(errs, invalid(path.Child("nodeName"), *name, apivalidation.NameIsDNSSubdomain(*name, false)...)...)
	}
	return append(errs, validateEndpointIP(address.IP, path.Child("ip"))...)
}

func validateEndpointPort(port *corev1.EndpointPort, named bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if port.Name != "" {
		errs = validateDNSLabel(port.Name, path.Child("name"))
	} else if named {
		errs = append(errs, field.Required(path.Child("name"), ""))
	}
	errs = append(errs, invalid(path.Child("port"), port.Port, validation.IsValidPortNum(int(port.Port))...)...)
	errs = append(errs, validateTransport(port.Protocol, path.Child("protocol"))...)
	if port.AppProtocol != nil {
		errs = append(errs, validateQualifiedName(*port.AppProtocol, path.Child("appProtocol"))...)
	}
	return errs
}

// endpointsControllerLabel marks what the controller writes, whose addresses need no second look.
const (
	endpointsControllerLabel = "endpoints.kubernetes.io/managed-by"
	endpointsController      = "endpoint-controller"
)

func warnEndpoints(endpoints *corev1.Endpoints) []string {
	if endpoints.Labels[endpointsControllerLabel] == endpointsController {
		return nil
	}
	var warnings []string
	warn := func(path *field.Path, addresses []corev1.EndpointAddress) {
		for i, address := range addresses {
			warnings = append(warnings, validation.GetWarningsForIP(path.Index(i).Child("ip"), address.IP)...)
		}
	}
	for i, subset := range endpoints.Subsets {
		path := field.NewPath("subsets").Index(i)
		warn(path.Child("addresses"), subset.Addresses)
		warn(path.Child("notReadyAddresses"), subset.NotReadyAddresses)
	}
	return warnings
}

// endpointsText is up to three ready addresses with their ports, and how many more there are.
func endpointsText(subsets []corev1.EndpointSubset) string {
	if len(subsets) == 0 {
		return "<none>"
	}
	const most = 3
	var all []string
	for _, subset := range subsets {
		if len(subset.Ports) == 0 {
			for _, address := range subset.Addresses {
				all = append(all, address.IP)
			}
		}
		for _, port := range subset.Ports {
			for _, address := range subset.Addresses {
				all = append(all, net.JoinHostPort(address.IP, strconv.Itoa(int(port.Port))))
			}
		}
	}
	if len(all) > most {
		return fmt.Sprintf("%s + %d more...", strings.Join(all[:most], ","), len(all)-most)
	}
	return strings.Join(all, ",")
}
