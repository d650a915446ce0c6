package kind

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// servicePortValue prints a port in messages as Kubernetes does, which prints its internal type.
type servicePortValue struct {
	Name        string
	Protocol    corev1.Protocol
	AppProtocol *string
	Port        int32
	TargetPort  intstr.IntOrString
	NodePort    int32
}

// validatePortList judges each port by itself, and that names are unique, and there when there are several ports.
func validatePortList(ports []corev1.ServicePort, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.New[string]()
	for i := range ports {
		port, path := &ports[i], path.Index(i)
		switch {
		case port.Name != "":
			errs = append(errs, validateDNSLabel(port.Name, path.Child("name"))...)
			if names.Has(port.Name) {
				errs = append(errs, field.Duplicate(path.Child("name"), port.Name))
			}
			names.Insert(port.Name)
		case len(ports) > 1:
			errs = append(errs, field.Required(path.Child("name"), ""))
		}
		errs = append(errs, invalid(path.Child("port"), port.Port, validation.IsValidPortNum(int(port.Port))...)...)
		errs = append(errs, validateTransport(port.Protocol, path.Child("protocol"))...)
		errs = append(errs, validateTargetPort(port.TargetPort, path.Child("targetPort"))...)
		if port.AppProtocol != nil {
			errs = append(errs, validateQualifiedName(*port.AppProtocol, path.Child("appProtocol"))...)
		}
	}
	return errs
}

// validateTransport demands TCP, UDP or SCTP.
func validateTransport(protocol corev1.Protocol, path *field.Path) field.ErrorList {
	switch protocol {
	case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
		return nil
	case "":
		return field.ErrorList{field.Required(path, "")}
	default:
		return field.ErrorList{field.NotSupported(path, protocol,
			[]corev1.Protocol{corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP})}
	}
}

// validateTargetPort demands a port number, or the name of a container's port.
func validateTargetPort(port intstr.IntOrString, path *field.Path) field.ErrorList {
	switch port.Type {
	case intstr.Int:
		return invalid(path, port.IntValue(), validation.IsValidPortNum(port.IntValue())...)
	case intstr.String:
		return invalid(path, port.StrVal, validation.IsValidPortName(port.StrVal)...)
	default:
		return field.ErrorList{field.InternalError(path, fmt.Errorf("unknown type: %v", port.Type))}
	}
}

// validatePortConflicts judges the ports together: a pair of protocol and port, and of protocol and node port, may
// occur once; the type ClusterIP has no node ports.
func validatePortConflicts(svc *corev1.Service, path *field.Path) field.ErrorList {
	type pair struct {
		protocol corev1.Protocol
		number   int32
	}
	var errs field.ErrorList
	if svc.Spec.Type == corev1.ServiceTypeClusterIP {
		for i, port := range svc.Spec.Ports {
			if port.NodePort != 0 {
				errs = append(errs, field.Forbidden(path.Index(i).Child("nodePort"), "may not be used when `type` is 'ClusterIP'"))
			}
		}
	}
	nodePorts := sets.New[pair]()
	for i, port := range svc.Spec.Ports {
		if port.NodePort == 0 {
			continue
		}
		key := pair{port.Protocol, port.NodePort}
		if nodePorts.Has(key) {
			errs = append(errs, field.Duplicate(path.Index(i).Child("nodePort"), port.NodePort))
		}
		nodePorts.Insert(key)
	}
	ports := sets.New[pair]()
	for i, port := range svc.Spec.Ports {
		key := pair{port.Protocol, port.Port}
		if ports.Has(key) {
			errs = append(errs, field.Duplicate(path.Index(i), servicePortValue{Protocol: port.Protocol, Port: port.Port}))
		}
		ports.Insert(key)
	}
	return errs
}
