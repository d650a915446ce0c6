package allocate

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/plumbline/plumbline/reference/kind"
)

func familyOf(ip string) corev1.IPFamily {
	if netutils.IsIPv6String(ip) {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

func otherFamily(family corev1.IPFamily) corev1.IPFamily {
	if family == corev1.IPv4Protocol {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

func invalidService(svc *corev1.Service, errs field.ErrorList) error {
	return apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, svc.Name, errs)
}

// settleFamilies decides spec.ipFamilies and spec.ipFamilyPolicy by what the client says, what was before (old may be nil),
// and what the cluster has. (pkg/registry/core/service/storage/alloc.go in Kubernetes)
func (s *Services) settleFamilies(svc, old *corev1.Service) error {
	spec := &svc.Spec
	if spec.Type == corev1.ServiceTypeExternalName || keepsDualStack(svc, old) {
		return nil
	}
	headlessWithoutSelector := spec.ClusterIP == corev1.ClusterIPNone && len(spec.Selector) == 0
	if spec.IPFamilyPolicy == nil {
		switch {
		case old != nil && old.Spec.IPFamilyPolicy != nil:
			spec.IPFamilyPolicy = new(*old.Spec.IPFamilyPolicy)
		case headlessWithoutSelector:
			spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyRequireDualStack)
		default:
			spec.IPFamilyPolicy = new(corev1.IPFamilyPolicySingleStack)
		}
	}
	if errs := kind.ValidateClusterIPs(svc, old); len(errs) > 0 {
		return invalidService(svc, errs)
	}
	errs := narrowFamilies(svc, old)
	errs = append(errs, s.inferFamilies(svc)...)
	if len(errs) > 0 {
		return invalidService(svc, errs)
	}
	single := *spec.IPFamilyPolicy == corev1.IPFamilyPolicySingleStack
	// Nobody knows the families of endpoints that are set by hand, so any are allowed.
	if !headlessWithoutSelector {
		if errs := s.checkFamilies(svc); len(errs) > 0 {
			return invalidService(svc, errs)
		}
	}
	if len(spec.IPFamilies) == 0 {
		spec.IPFamilies = []corev1.IPFamily{s.primary}
	}
	if !single && len(spec.IPFamilies) == 1 && (headlessWithoutSelector || len(s.addresses) == 2) {
		spec.IPFamilies = append(spec.IPFamilies, otherFamily(spec.IPFamilies[0]))
	}
	return nil
}

// keepsDualStack says whether an update leaves a Service alone that prefers two families: such a Service neither gains
// nor loses one because the cluster did.
func keepsDualStack(svc, old *corev1.Service) bool {
	prefers := func(svc *corev1.Service) bool {
		return svc.Spec.IPFamilyPolicy != nil && *svc.Spec.IPFamilyPolicy == corev1.IPFamilyPolicyPreferDualStack
	}
	if old == nil || !prefers(svc) || (old.Spec.IPFamilyPolicy != nil && !prefers(old)) {
		return false
	}
	return old.Spec.Type == svc.Spec.Type && svc.Spec.Type != corev1.ServiceTypeExternalName &&
		kind.SameClusterIPs(svc, old) && slices.Equal(svc.Spec.IPFamilies, old.Spec.IPFamilies)
}

// narrowFamilies drops the second address and family where the policy becomes SingleStack, and refuses lists that the
// policy contradicts.
func narrowFamilies(svc, old *corev1.Service) field.ErrorList {
	spec := &svc.Spec
	single := *spec.IPFamilyPolicy == corev1.IPFamilyPolicySingleStack
	var errs field.ErrorList
	refuse := func(message string) {
		errs = append(errs, field.Invalid(field.NewPath("spec", "ipFamilyPolicy"), *spec.IPFamilyPolicy, message))
	}
	fewer := func(now, was int) bool { return now > 0 && now < was }
	if old != nil {
		switch {
		case single:
			if kind.SameClusterIPs(svc, old) && len(spec.ClusterIPs) > 1 {
				spec.ClusterIPs = slices.Clone(spec.ClusterIPs[:1])
			}
			if apiequality.Semantic.DeepEqual(spec.IPFamilies, old.Spec.IPFamilies) && len(spec.IPFamilies) > 1 {
				spec.IPFamilies = slices.Clone(spec.IPFamilies[:1])
			}
		default:
			if fewer(len(spec.ClusterIPs), len(old.Spec.ClusterIPs)) {
				refuse("must be 'SingleStack' to release the secondary cluster IP")
			}
			if fewer(len(spec.IPFamilies), len(old.Spec.IPFamilies)) {
				refuse("must be 'SingleStack' to release the secondary IP family")
			}
		}
	}
	if single && len(spec.ClusterIPs) == 2 {
		refuse("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified")
	}
	if single && len(spec.IPFamilies) == 2 {
		refuse("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified")
	}
	return errs
}

// inferFamilies adds the families of chosen addresses where the client named none.
func (s *Services) inferFamilies(svc *corev1.Service) field.ErrorList {
	spec := &svc.Spec
	var errs field.ErrorList
	for i, ip := range spec.ClusterIPs {
		if ip == corev1.ClusterIPNone {
			break
		}
		if i < len(spec.IPFamilies) {
			continue
		}
		family := familyOf(ip)
		if _, ok := s.addresses[family]; !ok {
			errs = append(errs, field.Invalid(field.NewPath("spec", "clusterIPs").Index(i), spec.ClusterIPs,
				fmt.Sprintf("%s is not configured on this cluster", family)))
			continue
		}
		spec.IPFamilies = append(spec.IPFamilies, family)
	}
	return errs
}

// checkFamilies refuses families that the cluster has no range for.
func (s *Services) checkFamilies(svc *corev1.Service) field.ErrorList {
	spec := &svc.Spec
	var errs field.ErrorList
	if *spec.IPFamilyPolicy == corev1.IPFamilyPolicyRequireDualStack && len(s.addresses) < 2 {
		errs = append(errs, field.Invalid(field.NewPath("spec", "ipFamilyPolicy"), *spec.IPFamilyPolicy,
			"this cluster is not configured for dual-stack services"))
	}
	for i, family := range spec.IPFamilies {
		if _, ok := s.addresses[family]; !ok {
			errs = append(errs, field.Invalid(field.NewPath("spec", "ipFamilies").Index(i), family, "not configured on this cluster"))
		}
	}
	return errs
}

// canonicalIP is an address as etcd keys have it, so that two forms of one address are one key.
func canonicalIP(ip string) (netip.Addr, bool) {
	parsed := netutils.ParseIPSloppy(ip)
	if parsed == nil {
		return netip.Addr{}, false
	}
	address, ok := netip.AddrFromSlice(parsed)
	return address.Unmap(), ok
}
