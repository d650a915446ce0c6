package kind

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-helpers/node/util/sysctl"
	"k8s.io/utils/ptr"
)

// validatePodSecurity judges the security context that a Pod gives to all its containers.
func (v *specValidator) validatePodSecurity(path *field.Path) field.ErrorList {
	sc := v.spec.SecurityContext
	if sc == nil {
		return nil
	}
	errs := validateGroupID(sc.FSGroup, path.Child("fsGroup"))
	errs = append(errs, validateUserID(sc.RunAsUser, path.Child("runAsUser"))...)
	errs = append(errs, validateGroupID(sc.RunAsGroup, path.Child("runAsGroup"))...)
	for i := range sc.SupplementalGroups {
		errs = append(errs, validateGroupID(&sc.SupplementalGroups[i], path.Child("supplementalGroups").Index(i))...)
	}
	errs = append(errs, v.validateSysctls(sc.Sysctls, path.Child("sysctls"))...)
	if sc.FSGroupChangePolicy != nil {
		errs = append(errs, validateSupported(*sc.FSGroupChangePolicy, path.Child("fsGroupChangePolicy"),
			corev1.FSGroupChangeAlways, corev1.FSGroupChangeOnRootMismatch)...)
	}
	errs = append(errs, validateSeccompProfile(sc.SeccompProfile, path.Child("seccompProfile"))...)
	errs = append(errs, validateWindowsOptions(sc.WindowsOptions, path.Child("windowsOptions"))...)
	errs = append(errs, validateAppArmorProfile(sc.AppArmorProfile, path.Child("appArmorProfile"))...)
	if sc.SupplementalGroupsPolicy != nil {
		errs = append(errs, validateSupported(*sc.SupplementalGroupsPolicy, path.Child("supplementalGroupsPolicy"),
			corev1.SupplementalGroupsPolicyMerge, corev1.SupplementalGroupsPolicyStrict)...)
	}
	if sc.SELinuxChangePolicy != nil {
		errs = append(errs, validateSupported(*sc.SELinuxChangePolicy, path.Child("seLinuxChangePolicy"),
			corev1.SELinuxChangePolicyMountOption, corev1.SELinuxChangePolicyRecursive)...)
	}
	return errs
}

const (
	sysctlSegment   = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
	sysctlMaxLength = 253
)

var sysctlName = regexp.MustCompile("^(" + sysctlSegment + `[\./])*` + sysctlSegment + "$")

func (v *specValidator) validateSysctls(sysctls []corev1.Sysctl, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[string]()
	for i, s := range sysctls {
		path := path.Index(i).Child("name")
		switch {
		case s.Name == "":
			errs = append(errs, field.Required(path, ""))
		case len(s.Name) > sysctlMaxLength || !sysctlName.MatchString(s.Name):
			errs = append(errs, field.Invalid(path, s.Name, fmt.Sprintf("must have at most %d characters and match regex %s", sysctlMaxLength, sysctlName)))
		case seen.Has(s.Name):
			errs = append(errs, field.Duplicate(path, s.Name))
		}
		seen.Insert(s.Name)
		switch namespace, _, _ := sysctl.GetNamespace(s.Name); {
		case v.spec.HostNetwork && namespace == sysctl.NetNamespace:
			errs = append(errs, field.Invalid(path, s.Name, "may not be specified when 'hostNetwork' is true"))
		case v.spec.HostIPC && namespace == sysctl.IPCNamespace:
			errs = append(errs, field.Invalid(path, s.Name, "may not be specified when 'hostIPC' is true"))
		}
	}
	return errs
}

func validateAppArmorProfile(profile *corev1.AppArmorProfile, path *field.Path) field.ErrorList {
	if profile == nil {
		return nil
	}
	const wanted = "must be set when AppArmor type is Localhost"
	local := path.Child("localhostProfile")
	switch profile.Type {
	case corev1.AppArmorProfileTypeLocalhost:
		if profile.LocalhostProfile == nil {
			return field.ErrorList{field.Required(local, wanted)}
		}
		var errs field.ErrorList
		name := *profile.LocalhostProfile
		if name != strings.TrimSpace(name) {
			errs = append(errs, field.Invalid(local, name, "must not be padded with whitespace"))
		} else if name == "" {
			errs = append(errs, field.Required(local, wanted))
		}
		if longest := 4095; len(name) > longest { // the longest path of the kernel
			errs = append(errs, field.TooLong(local, "", longest))
		}
		return errs
	case corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined:
		if profile.LocalhostProfile != nil {
			return field.ErrorList{field.Invalid(local, profile.LocalhostProfile, "can only be set when AppArmor type is Localhost")}
		}
		return nil
	case "":
		return field.ErrorList{field.Required(path.Child("type"), "type is required when appArmorProfile is set")}
	}
	return validateSupported(profile.Type, path.Child("type"),
		corev1.AppArmorProfileTypeLocalhost, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined)
}

// validateHostUsers refuses what does not go together with users of the Pod's own.
func (v *specValidator) validateHostUsers(path *field.Path) field.ErrorList {
	if v.hostUsers() {
		return nil
	}
	const text = "when `hostUsers` is false"
	var errs field.ErrorList
	if v.spec.HostNetwork {
		errs = append(errs, field.Forbidden(path.Child("hostNetwork"), text))
	}
	if v.spec.HostPID {
		errs = append(errs, field.Forbidden(path.Child("HostPID"), text))
	}
	if v.spec.HostIPC {
		errs = append(errs, field.Forbidden(path.Child("HostIPC"), text))
	}
	visitContainers(v.spec, path, func(c *corev1.Container, path *field.Path) {
		if len(c.VolumeDevices) > 0 {
			errs = append(errs, field.Forbidden(path.Child("volumeDevices"), text))
		}
	})
	return errs
}

// validateOS judges the operating system that a Pod is written for, and refuses what only the other one has.
func (v *specValidator) validateOS(path *field.Path) field.ErrorList {
	if v.spec.OS == nil {
		return nil
	}
	if v.spec.OS.Name == "" {
		return field.ErrorList{field.Required(path.Child("os", "name"), "")}
	}
	if errs := validateSupported(v.spec.OS.Name, path.Child("os"), corev1.Linux, corev1.Windows); len(errs) > 0 {
		return errs
	}
	if v.spec.OS.Name == corev1.Windows {
		return refuseLinuxFields(v.spec, path)
	}
	const text = "windows options cannot be set for a linux pod"
	var errs field.ErrorList
	if sc := v.spec.SecurityContext; sc != nil && sc.WindowsOptions != nil {
		errs = append(errs, field.Forbidden(path.Child("securityContext", "windowsOptions"), text))
	}
	visitContainers(v.spec, path, func(c *corev1.Container, path *field.Path) {
		if c.SecurityContext != nil && c.SecurityContext.WindowsOptions != nil {
			errs = append(errs, field.Forbidden(path.Child("securityContext", "windowsOptions"), text))
		}
	})
	return errs
}

// validateHostProcess judges Windows' host processes: a Pod is made of them or has none.
func (v *specValidator) validateHostProcess(path *field.Path) field.ErrorList {
	hostProcess := func(options *corev1.WindowsSecurityContextOptions) *bool {
		if options == nil {
			return nil
		}
		return options.HostProcess
	}
	var ofPod *bool
	if v.spec.SecurityContext != nil {
		ofPod = hostProcess(v.spec.SecurityContext.WindowsOptions)
	}
	var errs field.ErrorList
	containers, onHost := 0, 0
	visitContainers(v.spec, path, func(c *corev1.Container, path *field.Path) {
		containers++
		var own *bool
		if c.SecurityContext != nil {
			own = hostProcess(c.SecurityContext.WindowsOptions)
		}
		if ofPod != nil && own != nil && *ofPod != *own {
			errs = append(errs, field.Invalid(path.Child("securityContext", "windowsOptions", "hostProcess"), *own,
				fmt.Sprintf("pod hostProcess value must be identical if both are specified, was %v", *ofPod)))
		}
		if ptr.Deref(own, ptr.Deref(ofPod, false)) {
			onHost++
		}
	})
	if onHost == 0 {
		return errs
	}
	if onHost != containers {
		errs = append(errs, field.Invalid(path, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers"))
	}
	if !v.spec.HostNetwork {
		errs = append(errs, field.Invalid(path.Child("hostNetwork"), false, "hostNetwork must be true if pod contains any hostProcess containers"))
	}
	return errs
}
