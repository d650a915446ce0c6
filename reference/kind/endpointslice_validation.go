package kind

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// Limits of an EndpointSlice (pkg/apis/discovery/validation in Kubernetes).
const (
	maxSliceEndpoints = 1000
	maxSlicePorts     = 20000
	maxAddresses      = 100
	maxTopologyLabels = 16
	maxHints          = 8
)

// validateSlice judges a slice; old is nil for a new one. What Kubernetes declares in the type (the address type, the
// number of addresses) comes last in its messages, and so it does here.
func validateSlice(slice, old *discoveryv1.EndpointSlice) field.ErrorList {
	errs := validateMeta(&slice.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
	kindPath, retyped := field.NewPath("addressType"), old != nil && slice.AddressType != old.AddressType
	if retyped && slice.AddressType != "" {
		errs = append(errs, validateAddressTypeName(slice.AddressType, kindPath)...)
	}
	errs = append(errs, validateSlicePorts(slice.Ports, field.NewPath("ports"))...)
	unchanged := old != nil && apiequality.Semantic.DeepEqual(old.Endpoints, slice.Endpoints)
	if !unchanged {
		errs = append(errs, validateSliceEndpoints(slice, field.NewPath("endpoints"))...)
	}
	if old == nil || slice.AddressType == "" {
		errs = append(errs, validateAddressTypeName(slice.AddressType, kindPath)...)
	}
	if retyped {
		errs = append(errs, field.Invalid(kindPath, nil, "field is immutable"))
	}
	if !unchanged {
		errs = append(errs, validateAddressCounts(slice, field.NewPath("endpoints"))...)
	}
	return errs
}

// validateAddressTypeName judges the value of an address type alone.
func validateAddressTypeName(kind discoveryv1.AddressType, path *field.Path) field.ErrorList {
	switch kind {
	case discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6, discoveryv1.AddressTypeFQDN:
		return nil
	case "":
		return field.ErrorList{field.Required(path, "")}
	default:
		return field.ErrorList{field.NotSupported(path, kind, []discoveryv1.AddressType{
			discoveryv1.AddressTypeFQDN, discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6,
		})}
	}
}

func validateAddressCounts(slice *discoveryv1.EndpointSlice, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, endpoint := range slice.Endpoints {
		path := path.Index(i).Child("addresses")
		switch n := len(endpoint.Addresses); {
		case n == 0:
			errs = append(errs, field.Required(path, ""))
		case n > maxAddresses:
			errs = append(errs, field.TooMany(path, n, maxAddresses))
		}
	}
	return errs
}

func validateSlicePorts(ports []discoveryv1.EndpointPort, path *field.Path) field.ErrorList {
	if len(ports) > maxSlicePorts {
		return field.ErrorList{field.TooMany(path, len(ports), maxSlicePorts)}
	}
	var errs field.ErrorList
	names := sets.New[string]()
	for i, port := range ports {
		path := path.Index(i)
		var name string
		if port.Name != nil {
			name = *port.Name
		}
		if name != "" {
			errs = append(errs, validateDNSLabel(name, path.Child("name"))...)
		}
		if names.Has(name) {
			errs = append(errs, field.Duplicate(path.Child("name"), port.Name))
		}
		names.Insert(name)
		var protocol corev1.Protocol
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		if port.Protocol != nil && protocol == "" {
			errs = append(errs, field.NotSupported(path.Child("protocol"), protocol,
				[]corev1.Protocol{corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP}))
		} else {
			errs = append(errs, validateTransport(protocol, path.Child("protocol"))...)
		}
		if port.AppProtocol != nil {
			errs = append(errs, validateQualifiedName(*port.AppProtocol, path.Child("appProtocol"))...)
		}
	}
	return errs
}

func validateSliceEndpoints(slice *discoveryv1.EndpointSlice, path *field.Path) field.ErrorList {
	if n := len(slice.Endpoints); n > maxSliceEndpoints {
		return field.ErrorList{field.TooMany(path, n, maxSliceEndpoints)}
	}
	var errs field.ErrorList
	for i := range slice.Endpoints {
		endpoint, path := &slice.Endpoints[i], path.Index(i)
		for j, address := range endpoint.Addresses {
			errs = append(errs, validateSliceAddress(address, slice.AddressType, path.Child("addresses"), j)...)
		}
		if name := endpoint.NodeName; name != nil {
			errs = append(errs, invalid(path.Child("nodeName"), *name, apivalidation.NameIsDNSSubdomain(*name, false)...)...)
		}
		topology := path.Child("deprecatedTopology")
		if n := len(endpoint.DeprecatedTopology); n > maxTopologyLabels {
			errs = append(errs, field.TooMany(topology, n, maxTopologyLabels))
		}
		errs = append(errs, metav1validation.ValidateLabels(endpoint.DeprecatedTopology, topology)...)
		if _, ok := endpoint.DeprecatedTopology[corev1.LabelTopologyZone]; ok {
			errs = append(errs, field.InternalError(topology.Key(corev1.LabelTopologyZone), fmt.Errorf("reserved key was not removed in conversion")))
		}
		if name := endpoint.Hostname; name != nil {
			errs = append(errs, validateDNSLabel(*name, path.Child("hostname"))...)
		}
		if endpoint.Hints != nil {
			errs = append(errs, validateHints(endpoint.Hints, path.Child("hints"))...)
		}
	}
	return errs
}

// validateSliceAddress judges one address by the slice's type. The wrong family is reported at the list, not at the
// address, as Kubernetes does.
func validateSliceAddress(address string, kind discoveryv1.AddressType, path *field.Path, i int) field.ErrorList {
	var malformed field.ErrorList
	switch kind {
	case discoveryv1.AddressTypeFQDN:
		return validation.IsFullyQualifiedDomainName(path.Index(i), address)
	case discoveryv1.AddressTypeIPv4:
		malformed = validation.IsValidIPForLegacyField(path.Index(i), address, strictIPs, nil)
	case discoveryv1.AddressTypeIPv6:
		malformed = validation.IsValidIP(path.Index(i), address)
	default:
		return nil
	}
	if len(malformed) > 0 {
		return malformed
	}
	var errs field.ErrorList
	if netutils.IsIPv6String(address) != (kind == discoveryv1.AddressTypeIPv6) {
		errs = invalid(path, address, fmt.Sprintf("must be an %s address", kind))
	}
	return append(errs, validateEndpointIP(address, path.Index(i))...)
}

// validateHints judges for whom an endpoint is meant: up to eight zones, and up to eight nodes.
func validateHints(hints *discoveryv1.EndpointHints, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	zones := path.Child("forZones")
	if n := len(hints.ForZones); n > maxHints {
		return field.ErrorList{field.TooMany(zones, n, maxHints)}
	}
	seen := sets.New[string]()
	for i, zone := range hints.ForZones {
		path := zones.Index(i).Child("name")
		if seen.Has(zone.Name) {
			errs = append(errs, field.Duplicate(path, zone.Name))
		}
		seen.Insert(zone.Name)
		errs = append(errs, invalid(path, zone.Name, validation.IsValidLabelValue(zone.Name)...)...)
	}
	nodes := path.Child("forNodes")
	if n := len(hints.ForNodes); n > maxHints {
		return append(errs, field.TooMany(nodes, n, maxHints))
	}
	seen = sets.New[string]()
	for i, node := range hints.ForNodes {
		path := nodes.Index(i).Child("name")
		if seen.Has(node.Name) {
			errs = append(errs, field.Duplicate(path, node.Name))
		}
		seen.Insert(node.Name)
		errs = append(errs, invalid(path, node.Name, apivalidation.NameIsDNSSubdomain(node.Name, false)...)...)
	}
	return errs
}
