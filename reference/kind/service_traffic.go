package kind

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// validateTraffic judges the policies about where traffic may go, and the health check port that follows from them.
func validateTraffic(svc *corev1.Service, path *field.Path) field.ErrorList {
	spec := &svc.Spec
	var errs field.ErrorList
	external := path.Child("externalTrafficPolicy")
	switch policy := spec.ExternalTrafficPolicy; {
	case !externallyAccessible(svc):
		if policy != "" {
			errs = invalid(external, policy, "may only be set for externally-accessible services")
		}
	case policy == "":
		errs = append(errs, field.Required(external, ""))
	case policy != corev1.ServiceExternalTrafficPolicyCluster && policy != corev1.ServiceExternalTrafficPolicyLocal:
		errs = append(errs, field.NotSupported(external, policy, []corev1.ServiceExternalTrafficPolicy{
			corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal,
		}))
	}

	healthCheck := path.Child("healthCheckNodePort")
	switch port := spec.HealthCheckNodePort; {
	case !NeedsHealthCheckPort(svc):
		if port != 0 {
			errs = append(errs, invalid(healthCheck, port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")...)
		}
	case port == 0:
		errs = append(errs, field.Required(healthCheck, ""))
	default:
		errs = append(errs, invalid(healthCheck, port, validation.IsValidPortNum(int(port))...)...)
	}

	internal := path.Child("internalTrafficPolicy")
	switch policy := spec.InternalTrafficPolicy; {
	case policy == nil:
		if hasProxiedType(svc) {
			errs = append(errs, field.Required(internal, ""))
		}
	case *policy != corev1.ServiceInternalTrafficPolicyCluster && *policy != corev1.ServiceInternalTrafficPolicyLocal:
		errs = append(errs, field.NotSupported(internal, *policy, []corev1.ServiceInternalTrafficPolicy{
			corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal,
		}))
	}

	distributions := []string{
		corev1.ServiceTrafficDistributionPreferClose,
		corev1.ServiceTrafficDistributionPreferSameZone,
		corev1.ServiceTrafficDistributionPreferSameNode,
	}
	if d := spec.TrafficDistribution; d != nil && !slices.Contains(distributions, *d) {
		errs = append(errs, field.NotSupported(path.Child("trafficDistribution"), *d, distributions))
	}
	return errs
}

// validateSourceRanges judges who may use a load balancer, as a field or, in the older form, as an annotation. The
// field's path is capitalised as in Kubernetes.
func validateSourceRanges(svc, old *corev1.Service, path *field.Path) field.ErrorList {
	const message = "may only be used when `type` is 'LoadBalancer'"
	const annotation = corev1.AnnotationLoadBalancerSourceRangesKey
	var errs field.ErrorList
	if ranges := svc.Spec.LoadBalancerSourceRanges; len(ranges) > 0 {
		path = path.Child("LoadBalancerSourceRanges")
		if !isLoadBalancer(svc) {
			errs = append(errs, field.Forbidden(path, message))
		}
		var accepted []string
		if old != nil {
			for _, value := range old.Spec.LoadBalancerSourceRanges {
				accepted = append(accepted, strings.TrimSpace(value))
			}
		}
		for i, value := range ranges {
			errs = append(errs, validation.IsValidCIDRForLegacyField(path.Index(i), strings.TrimSpace(value), strictIPs, accepted)...)
		}
		return errs
	}
	value, ok := svc.Annotations[annotation]
	if !ok {
		return nil
	}
	path = field.NewPath("metadata", "annotations").Key(annotation)
	if !isLoadBalancer(svc) {
		errs = append(errs, field.Forbidden(path, message))
	}
	if value = strings.TrimSpace(value); value == "" || (old != nil && old.Annotations[annotation] == svc.Annotations[annotation]) {
		return errs
	}
	for cidr := range strings.SplitSeq(value, ",") {
		errs = append(errs, validation.IsValidCIDRForLegacyField(path, strings.TrimSpace(cidr), strictIPs, nil)...)
	}
	return errs
}

// validateNodePortAllocation judges whether a load balancer's Service says if it wants node ports. The second path lacks
// spec as in Kubernetes; defaults make it unreachable for clients.
func validateNodePortAllocation(svc *corev1.Service, path *field.Path) field.ErrorList {
	const name = "allocateLoadBalancerNodePorts"
	set := svc.Spec.AllocateLoadBalancerNodePorts != nil
	switch {
	case set && !isLoadBalancer(svc):
		return field.ErrorList{field.Forbidden(path.Child(name), "may only be used when `type` is 'LoadBalancer'")}
	case !set && isLoadBalancer(svc):
		return field.ErrorList{field.Required(field.NewPath(name), "")}
	}
	return nil
}

// validateLoadBalancerClass judges which implementation is to serve a load balancer; it is chosen once. old is nil
// where only the value itself is to be judged.
func validateLoadBalancerClass(svc, old *corev1.Service) field.ErrorList {
	path := field.NewPath("spec", "loadBalancerClass")
	class := svc.Spec.LoadBalancerClass
	var errs field.ErrorList
	if old != nil && isLoadBalancer(old) && isLoadBalancer(svc) && !apiequality.Semantic.DeepEqual(class, old.Spec.LoadBalancerClass) {
		errs = invalid(path, class, "may not change once set")
	}
	switch {
	case class == nil:
	case isLoadBalancer(svc):
		errs = append(errs, validateQualifiedName(*class, path)...)
	default:
		errs = append(errs, field.Forbidden(path, "may only be used when `type` is 'LoadBalancer'"))
	}
	return errs
}

// validateLoadBalancerStatus judges the addresses under which a load balancer is reached.
func validateLoadBalancerStatus(svc, old *corev1.Service) field.ErrorList {
	path := field.NewPath("status", "loadBalancer", "ingress")
	ingresses := svc.Status.LoadBalancer.Ingress
	if !isLoadBalancer(svc) && len(ingresses) != 0 {
		return field.ErrorList{field.Forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")}
	}
	var accepted []string
	for _, ingress := range old.Status.LoadBalancer.Ingress {
		if ingress.IP != "" {
			accepted = append(accepted, ingress.IP)
		}
	}
	var errs field.ErrorList
	for i, ingress := range ingresses {
		errs = append(errs, validateIngress(ingress, accepted, path.Index(i))...)
	}
	return errs
}

func validateIngress(ingress corev1.LoadBalancerIngress, accepted []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if ingress.IP != "" {
		errs = validation.IsValidIPForLegacyField(path.Child("ip"), ingress.IP, strictIPs, accepted)
	}
	mode := ingress.IPMode
	switch {
	case mode == nil && ingress.IP != "":
		errs = append(errs, field.Required(path.Child("ipMode"), "must be specified when `ip` is set"))
	case mode == nil:
	case ingress.IP == "":
		errs = append(errs, field.Forbidden(path.Child("ipMode"), "may not be specified when `ip` is not set"))
	case *mode != corev1.LoadBalancerIPModeVIP && *mode != corev1.LoadBalancerIPModeProxy:
		errs = append(errs, field.NotSupported(path.Child("ipMode"), *mode,
			[]corev1.LoadBalancerIPMode{corev1.LoadBalancerIPModeProxy, corev1.LoadBalancerIPModeVIP}))
	}
	if name := ingress.Hostname; name != "" {
		path := path.Child("hostname")
		errs = append(errs, invalid(path, name, validation.IsDNS1123Subdomain(name)...)...)
		if netutils.ParseIPSloppy(name) != nil {
			errs = append(errs, invalid(path, name, "must be a DNS name, not an IP address")...)
		}
	}
	return errs
}
