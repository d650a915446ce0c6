package kind

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxAffinitySeconds is the longest session affinity: a day.
const maxAffinitySeconds = 86400

// validateServiceCreate judges a new Service, after its addresses and ports have been allocated.
func validateServiceCreate(svc *corev1.Service) field.ErrorList {
	errs := validateMeta(&svc.ObjectMeta, true, apivalidation.NameIsDNSLabel)
	return append(errs, validateService(svc, nil)...)
}

// validateServiceUpdate judges a change of a Service. A second cluster IP may come and go; the first never changes,
// but by way of the type ExternalName.
func validateServiceUpdate(svc, old *corev1.Service) field.ErrorList {
	errs := validateMetaUpdate(&svc.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, validateClusterIPChange(svc, old)...)
	errs = append(errs, validateIPFamilyChange(svc, old)...)
	errs = append(errs, validateLoadBalancerClass(svc, old)...)
	if NeedsHealthCheckPort(old) && NeedsHealthCheckPort(svc) && svc.Spec.HealthCheckNodePort != old.Spec.HealthCheckNodePort {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "healthCheckNodePort"), "field is immutable"))
	}
	return append(errs, validateService(svc, old)...)
}

// validateServiceStatusUpdate judges what a load balancer's controller reports.
func validateServiceStatusUpdate(svc, old *corev1.Service) field.ErrorList {
	errs := validateMetaUpdate(&svc.ObjectMeta, &old.ObjectMeta)
	return append(errs, validateLoadBalancerStatus(svc, old)...)
}

// validateService judges everything but the metadata. old is nil for a new Service; values that old has already are
// not judged by rules that are younger than they.
func validateService(svc, old *corev1.Service) field.ErrorList {
	spec := &svc.Spec
	path := field.NewPath("spec")
	errs := validateTopologyAnnotations(svc)
	if len(spec.Ports) == 0 && !IsHeadless(svc) && spec.Type != corev1.ServiceTypeExternalName {
		errs = append(errs, field.Required(path.Child("ports"), ""))
	}
	errs = append(errs, validateTypeAndAddresses(svc, path)...)
	errs = append(errs, validatePortList(spec.Ports, path.Child("ports"))...)
	if spec.Selector != nil {
		errs = append(errs, metav1validation.ValidateLabels(spec.Selector, path.Child("selector"))...)
	}
	errs = append(errs, validateSessionAffinity(spec, path)...)
	errs = append(errs, ValidateClusterIPs(svc, old)...)
	errs = append(errs, validateExternalIPs(svc, old, path.Child("externalIPs"))...)
	switch spec.Type {
	case corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName:
	case "":
		errs = append(errs, field.Required(path.Child("type"), ""))
	default:
		errs = append(errs, field.NotSupported(path.Child("type"), spec.Type, []corev1.ServiceType{
			corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort,
		}))
	}
	errs = append(errs, validatePortConflicts(svc, path.Child("ports"))...)
	errs = append(errs, validateSourceRanges(svc, old, path)...)
	errs = append(errs, validateNodePortAllocation(svc, path)...)
	errs = append(errs, validateLoadBalancerClass(svc, nil)...)
	errs = append(errs, validateTraffic(svc, path)...)
	return errs
}

// validateTopologyAnnotations demands that the two spellings of the topology annotation agree.
func validateTopologyAnnotations(svc *corev1.Service) field.ErrorList {
	const older, newer = corev1.DeprecatedAnnotationTopologyAwareHints, corev1.AnnotationTopologyMode
	hints, hasHints := svc.Annotations[older]
	mode, hasMode := svc.Annotations[newer]
	if !hasHints || !hasMode || hints == mode {
		return nil
	}
	path := field.NewPath("metadata", "annotations").Key(newer)
	return invalid(path, mode, fmt.Sprintf("must match annotations[%s] when both are specified", older))
}

// validateTypeAndAddresses judges what a type forbids or demands of the addresses and names of a Service.
func validateTypeAndAddresses(svc *corev1.Service, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch svc.Spec.Type {
	case corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort:
		if IsHeadless(svc) {
			errs = invalid(path.Child("clusterIPs").Index(0), svc.Spec.ClusterIPs[0],
				fmt.Sprintf("may not be set to 'None' for %s services", svc.Spec.Type))
		}
	case corev1.ServiceTypeExternalName:
		const message = "may not be set for ExternalName services"
		if len(svc.Spec.ClusterIPs) > 0 {
			errs = append(errs, field.Forbidden(path.Child("clusterIPs"), message))
		}
		if len(svc.Spec.IPFamilies) > 0 {
			errs = append(errs, field.Forbidden(path.Child("ipFamilies"), message))
		}
		if svc.Spec.IPFamilyPolicy != nil {
			errs = append(errs, field.Forbidden(path.Child("ipFamilyPolicy"), message))
		}
		// A trailing dot marks the name as fully qualified.
		if name := strings.TrimSuffix(svc.Spec.ExternalName, "."); name == "" {
			errs = append(errs, field.Required(path.Child("externalName"), ""))
		} else {
			errs = append(errs, invalid(path.Child("externalName"), name, validation.IsDNS1123Subdomain(name)...)...)
		}
	}
	return errs
}

func validateSessionAffinity(spec *corev1.ServiceSpec, path *field.Path) field.ErrorList {
	affinity, config := path.Child("sessionAffinity"), path.Child("sessionAffinityConfig")
	switch spec.SessionAffinity {
	case "":
		return field.ErrorList{field.Required(affinity, "")}
	case corev1.ServiceAffinityNone:
		if spec.SessionAffinityConfig != nil {
			return field.ErrorList{field.Forbidden(config, "must not be set when session affinity is None")}
		}
		return nil
	case corev1.ServiceAffinityClientIP:
		return validateAffinityTimeout(spec.SessionAffinityConfig, config)
	default:
		return field.ErrorList{field.NotSupported(affinity, spec.SessionAffinity,
			[]corev1.ServiceAffinity{corev1.ServiceAffinityClientIP, corev1.ServiceAffinityNone})}
	}
}

func validateAffinityTimeout(config *corev1.SessionAffinityConfig, path *field.Path) field.ErrorList {
	const message = "when session affinity type is ClientIP"
	if config == nil {
		return field.ErrorList{field.Required(path, message)}
	}
	if config.ClientIP == nil {
		return field.ErrorList{field.Required(path.Child("clientIP"), message)}
	}
	timeout := config.ClientIP.TimeoutSeconds
	path = path.Child("clientIP", "timeoutSeconds")
	if timeout == nil {
		return field.ErrorList{field.Required(path, message)}
	}
	if *timeout <= 0 || *timeout > maxAffinitySeconds {
		return invalid(path, *timeout, fmt.Sprintf("must be greater than 0 and less than %d", maxAffinitySeconds))
	}
	return nil
}
