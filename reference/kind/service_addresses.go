package kind

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// strictIPs refuses leading zeros in octets and IPv4 addresses in IPv6 form, as Kubernetes does since 1.36. What an
// object had before is still accepted.
const strictIPs = true

// ValidateClusterIPs judges spec.clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy by themselves and together. old is
// nil for a new Service. It is exported because allocation needs the answer before it can choose addresses.
func ValidateClusterIPs(svc, old *corev1.Service) field.ErrorList {
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	spec := &svc.Spec
	path := field.NewPath("spec")
	ips := path.Child("clusterIPs")
	var errs field.ErrorList
	switch {
	case spec.ClusterIP == "" && len(spec.ClusterIPs) != 0:
		errs = invalid(ips, spec.ClusterIPs, "must be empty when `clusterIP` is not specified")
	case spec.ClusterIP != "" && len(spec.ClusterIPs) == 0:
		errs = append(errs, field.Required(ips, ""))
	case spec.ClusterIP != "" && spec.ClusterIPs[0] != spec.ClusterIP:
		errs = invalid(ips, spec.ClusterIPs, "first value must match `clusterIP`")
	}
	errs = append(errs, validateIPFamilies(spec, path)...)
	malformed := validateClusterIPForms(svc, old, ips)
	errs = append(errs, malformed...)
	if len(spec.ClusterIPs) > 2 {
		errs = append(errs, invalid(ips, spec.ClusterIPs, "may only hold up to 2 values")...)
	}
	// Further messages about malformed addresses would only mislead.
	if len(malformed) > 0 {
		return errs
	}
	if len(spec.ClusterIPs) > 1 {
		dual, err := netutils.IsDualStackIPStrings(spec.ClusterIPs)
		if err != nil {
			errs = append(errs, field.InternalError(ips, fmt.Errorf("failed to check for dual stack with error:%v", err)))
		}
		if !dual {
			errs = append(errs, invalid(ips, spec.ClusterIPs, "may specify no more than one IP for each IP family")...)
		}
	}
	return append(errs, validateFamilyMatch(svc, ips)...)
}

// validateFamilyMatch demands that the nth address is of the nth family.
func validateFamilyMatch(svc *corev1.Service, path *field.Path) field.ErrorList {
	if IsHeadless(svc) {
		return nil
	}
	var errs field.ErrorList
	for i, ip := range svc.Spec.ClusterIPs {
		if i >= len(svc.Spec.IPFamilies) {
			break
		}
		family, v6 := svc.Spec.IPFamilies[i], netutils.IsIPv6String(ip)
		if (family == corev1.IPv4Protocol && v6) || (family == corev1.IPv6Protocol && !v6) {
			errs = append(errs, invalid(path.Index(i), ip, fmt.Sprintf("expected an %s value as indicated by `ipFamilies[%d]`", family, i))...)
		}
	}
	return errs
}

func validateIPFamilies(spec *corev1.ServiceSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[corev1.IPFamily]()
	for i, family := range spec.IPFamilies {
		path := path.Child("ipFamilies").Index(i)
		if family != corev1.IPv4Protocol && family != corev1.IPv6Protocol {
			errs = append(errs, field.NotSupported(path, family, []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}))
		}
		if seen.Has(family) {
			errs = append(errs, field.Duplicate(path, family))
		}
		seen.Insert(family)
	}
	if policy := spec.IPFamilyPolicy; policy != nil {
		supported := []corev1.IPFamilyPolicy{
			corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack, corev1.IPFamilyPolicySingleStack,
		}
		if !slices.Contains(supported, *policy) {
			errs = append(errs, field.NotSupported(path.Child("ipFamilyPolicy"), *policy, supported))
		}
	}
	return errs
}

// validateClusterIPForms demands well-formed addresses, or "None" alone.
func validateClusterIPForms(svc, old *corev1.Service, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	var accepted []string
	if old != nil {
		accepted = old.Spec.ClusterIPs
	}
	for i, ip := range svc.Spec.ClusterIPs {
		if i == 0 && ip == corev1.ClusterIPNone {
			if len(svc.Spec.ClusterIPs) > 1 {
				errs = append(errs, invalid(path, svc.Spec.ClusterIPs, "'None' must be the first and only value")...)
			}
			continue
		}
		errs = append(errs, validation.IsValidIPForLegacyField(path.Index(i), ip, strictIPs, accepted)...)
	}
	return errs
}

// validateClusterIPChange keeps the first cluster IP for the life of the Service.
func validateClusterIPChange(svc, old *corev1.Service) field.ErrorList {
	if !NeedsClusterIP(svc) || !NeedsClusterIP(old) || (IsHeadless(svc) && IsHeadless(old)) {
		return nil
	}
	path := field.NewPath("spec", "clusterIPs")
	now, was := svc.Spec.ClusterIPs, old.Spec.ClusterIPs
	changed := func(i int) field.ErrorList { return invalid(path.Index(i), now, "may not change once set") }
	var errs field.ErrorList
	switch {
	case len(now) == len(was):
		for i := range was {
			if now[i] != was[i] {
				errs = append(errs, changed(i)...)
			}
		}
	case len(now) == 0:
		errs = invalid(path.Index(0), now, "primary clusterIP can not be unset")
	case len(was) > 0:
		if now[0] != was[0] {
			errs = changed(0)
		}
		if len(now) == 1 && !isSingleStack(svc) {
			errs = append(errs, invalid(field.NewPath("spec", "ipFamilyPolicy"), svc.Spec.IPFamilyPolicy,
				"must be set to 'SingleStack' when releasing the secondary clusterIP")...)
		}
	}
	return errs
}

// validateIPFamilyChange keeps the first IP family, as validateClusterIPChange does the first address.
func validateIPFamilyChange(svc, old *corev1.Service) field.ErrorList {
	if !NeedsClusterIP(svc) || !NeedsClusterIP(old) || IsHeadless(svc) || IsHeadless(old) {
		return nil
	}
	path := field.NewPath("spec", "ipFamilies").Index(0)
	now, was := svc.Spec.IPFamilies, old.Spec.IPFamilies
	var errs field.ErrorList
	if len(now) == len(was) {
		for i := range was {
			if now[i] != was[i] {
				errs = append(errs, invalid(path, now, "may not change once set")...)
			}
		}
		return errs
	}
	if len(was) > len(now) && len(svc.Spec.ClusterIPs) == 0 {
		errs = append(errs, invalid(path, now, "primary ipFamily can not be unset")...)
	}
	if len(now) > 0 && len(was) > 0 && now[0] != was[0] {
		errs = append(errs, invalid(path, svc.Spec.ClusterIPs, "may not change once set")...)
	}
	if len(was) > len(now) && len(now) == 1 && !isSingleStack(svc) {
		errs = append(errs, invalid(field.NewPath("spec", "ipFamilyPolicy"), svc.Spec.IPFamilyPolicy,
			"must be set to 'SingleStack' when releasing the secondary ipFamily")...)
	}
	return errs
}

func isSingleStack(svc *corev1.Service) bool {
	return svc.Spec.IPFamilyPolicy != nil && *svc.Spec.IPFamilyPolicy == corev1.IPFamilyPolicySingleStack
}

// validateExternalIPs demands well-formed addresses outside of the special ranges.
func validateExternalIPs(svc, old *corev1.Service, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	var accepted []string
	if old != nil {
		accepted = old.Spec.ExternalIPs
	}
	for i, ip := range svc.Spec.ExternalIPs {
		malformed := validation.IsValidIPForLegacyField(path.Index(i), ip, strictIPs, accepted)
		if len(malformed) == 0 {
			malformed = validateEndpointIP(ip, path.Index(i))
		}
		errs = append(errs, malformed...)
	}
	return errs
}

// validateEndpointIP refuses addresses that can be no endpoint: unspecified, loopback and link-local ones.
func validateEndpointIP(value string, path *field.Path) field.ErrorList {
	ip := netutils.ParseIPSloppy(value)
	if ip == nil {
		return invalid(path, value, "must be a valid IP address")
	}
	var errs field.ErrorList
	if ip.IsUnspecified() {
		errs = append(errs, invalid(path, value, fmt.Sprintf("may not be unspecified (%v)", value))...)
	}
	if ip.IsLoopback() {
		errs = append(errs, invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)")...)
	}
	if ip.IsLinkLocalUnicast() {
		errs = append(errs, invalid(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")...)
	}
	if ip.IsLinkLocalMulticast() {
		errs = append(errs, invalid(path, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")...)
	}
	return errs
}
