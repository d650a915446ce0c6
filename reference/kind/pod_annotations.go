package kind

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Annotations that configured Pods before there were fields for it.
const (
	seccompPodAnnotation       = corev1.SeccompPodAnnotationKey
	seccompContainerAnnotation = corev1.SeccompContainerAnnotationKeyPrefix
	appArmorAnnotation         = corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix
)

// validatePodAnnotations judges the annotations that mean something to Kubernetes, at path metadata.annotations.
func validatePodAnnotations(annotations map[string]string, spec *corev1.PodSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if value, mirror := annotations[corev1.MirrorPodAnnotationKey]; mirror && spec.NodeName == "" {
		errs = append(errs, field.Invalid(path.Key(corev1.MirrorPodAnnotationKey), value, "must set spec.nodeName if mirror pod annotation is set"))
	}
	if value := annotations[corev1.TolerationsAnnotationKey]; value != "" {
		var tolerations []corev1.Toleration
		if err := json.Unmarshal([]byte(value), &tolerations); err != nil {
			errs = append(errs, field.Invalid(path, corev1.TolerationsAnnotationKey, err.Error()))
		}
		errs = append(errs, validateTolerations(tolerations, path.Child(corev1.TolerationsAnnotationKey))...)
	}
	if value, set := annotations[corev1.PodDeletionCost]; set && !isDeletionCost(value) {
		errs = append(errs, field.Invalid(path.Key(corev1.PodDeletionCost), value, "must be a 32bit integer"))
	}
	for _, key := range sortedKeys(annotations) {
		if key == seccompPodAnnotation || strings.HasPrefix(key, seccompContainerAnnotation) {
			errs = append(errs, validateSeccompAnnotation(annotations[key], path.Child(key))...)
		}
	}
	for _, key := range sortedKeys(annotations) {
		container, found := strings.CutPrefix(key, appArmorAnnotation)
		if !found {
			continue
		}
		if !hasContainer(spec, container) {
			errs = append(errs, field.Invalid(path.Key(key), container, "container not found"))
		}
		switch profile := annotations[key]; {
		case profile == "", profile == corev1.DeprecatedAppArmorBetaProfileRuntimeDefault,
			profile == corev1.DeprecatedAppArmorBetaProfileNameUnconfined,
			strings.HasPrefix(profile, corev1.DeprecatedAppArmorBetaProfileNamePrefix):
		default:
			errs = append(errs, field.Invalid(path.Key(key), profile, fmt.Sprintf("invalid AppArmor profile name: %q", profile)))
		}
	}
	return errs
}

// isDeletionCost says whether a value is a 32 bit integer in the one way to write it: no plus sign, no leading zeros.
func isDeletionCost(value string) bool {
	if value == "" || value[0] == '+' || (value[0] == '0' && value != "0") {
		return false
	}
	_, err := strconv.ParseInt(value, 10, 32)
	return err == nil
}

func validateSeccompAnnotation(value string, path *field.Path) field.ErrorList {
	switch value {
	case corev1.SeccompProfileRuntimeDefault, corev1.DeprecatedSeccompProfileDockerDefault, corev1.SeccompProfileNameUnconfined:
		return nil
	}
	if local, found := strings.CutPrefix(value, corev1.SeccompLocalhostProfileNamePrefix); found {
		return validateDescendingPath(local, path)
	}
	return field.ErrorList{field.Invalid(path, value, "must be a valid seccomp profile")}
}

// validatePodAnnotationUpdate judges a change of annotations: those that the node acts upon stay as they are.
func validatePodAnnotationUpdate(pod, old *corev1.Pod, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, key := range sortedKeys(old.Annotations) {
		if value, kept := pod.Annotations[key]; kept && value == old.Annotations[key] {
			continue
		}
		if strings.HasPrefix(key, appArmorAnnotation) {
			errs = append(errs, field.Forbidden(path.Key(key), "may not remove or update AppArmor annotations"))
		}
		if key == corev1.MirrorPodAnnotationKey {
			errs = append(errs, field.Forbidden(path.Key(key), "may not remove or update mirror pod annotation"))
		}
	}
	for _, key := range sortedKeys(pod.Annotations) {
		if _, before := old.Annotations[key]; before {
			continue
		}
		if strings.HasPrefix(key, appArmorAnnotation) {
			errs = append(errs, field.Forbidden(path.Key(key), "may not add AppArmor annotations"))
		}
		if key == corev1.MirrorPodAnnotationKey {
			errs = append(errs, field.Forbidden(path.Key(key), "may not add mirror pod annotation"))
		}
	}
	return append(errs, validatePodAnnotations(pod.Annotations, &pod.Spec, path)...)
}

// validateProfilesMatch demands that an annotation and the field that replaced it say the same: first for seccomp, then
// for AppArmor. path is the spec's.
func validateProfilesMatch(annotations map[string]string, spec *corev1.PodSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if sc := spec.SecurityContext; sc != nil && sc.SeccompProfile != nil {
		if value, set := annotations[seccompPodAnnotation]; set {
			errs = append(errs, seccompProfile(sc.SeccompProfile).matches(value, path.Child("securityContext", "seccompProfile"))...)
		}
	}
	visitContainers(spec, path, func(c *corev1.Container, path *field.Path) {
		value, set := annotations[seccompContainerAnnotation+c.Name]
		if set && c.SecurityContext != nil && c.SecurityContext.SeccompProfile != nil {
			errs = append(errs, seccompProfile(c.SecurityContext.SeccompProfile).matches(value, path.Child("securityContext", "seccompProfile"))...)
		}
	})
	if spec.OS != nil && spec.OS.Name == corev1.Windows {
		return errs
	}
	visitContainers(spec, path, func(c *corev1.Container, path *field.Path) {
		var profile *corev1.AppArmorProfile
		if spec.SecurityContext != nil {
			profile = spec.SecurityContext.AppArmorProfile
		}
		if c.SecurityContext != nil && c.SecurityContext.AppArmorProfile != nil {
			profile = c.SecurityContext.AppArmorProfile
		}
		if value, set := annotations[appArmorAnnotation+c.Name]; set && profile != nil {
			errs = append(errs, appArmorProfile(profile).matches(value, path.Child("securityContext", "appArmorProfile"))...)
		}
	})
	return errs
}

// profileField is what a seccomp or AppArmor field says, in the words of the annotation that it replaced.
type profileField struct {
	words    string   // seccomp or apparmor
	kind     string   // Localhost, RuntimeDefault or Unconfined
	local    *string  // the profile of the kind Localhost
	defaults []string // values that mean RuntimeDefault
}

func seccompProfile(profile *corev1.SeccompProfile) profileField {
	return profileField{"seccomp", string(profile.Type), profile.LocalhostProfile,
		[]string{corev1.SeccompProfileRuntimeDefault, corev1.DeprecatedSeccompProfileDockerDefault}}
}

func appArmorProfile(profile *corev1.AppArmorProfile) profileField {
	return profileField{"apparmor", string(profile.Type), profile.LocalhostProfile,
		[]string{corev1.DeprecatedAppArmorBetaProfileRuntimeDefault}}
}

func (p profileField) matches(annotation string, path *field.Path) field.ErrorList {
	match := true
	switch p.kind {
	case "Unconfined":
		match = annotation == "unconfined"
	case "RuntimeDefault":
		match = slices.Contains(p.defaults, annotation)
	case "Localhost":
		local, isLocal := strings.CutPrefix(annotation, "localhost/")
		if isLocal && (p.local == nil || *p.local != local) {
			return field.ErrorList{field.Forbidden(path.Child("localhostProfile"), p.words+" profile in annotation and field must match")}
		}
		match = isLocal
	}
	if match {
		return nil
	}
	return field.ErrorList{field.Forbidden(path.Child("type"), p.words+" type in annotation and field must match")}
}

// syncAppArmor carries AppArmor annotations over into the fields that replaced them, as upstream does at creation.
func syncAppArmor(pod *corev1.Pod) {
	visitOldAppArmor(pod, func(c *corev1.Container, profile *corev1.AppArmorProfile) {
		if profile == nil || sameAppArmor(profile, pod.Spec.SecurityContext) {
			return
		}
		if c.SecurityContext == nil {
			c.SecurityContext = &corev1.SecurityContext{}
		}
		c.SecurityContext.AppArmorProfile = profile
	})
}

// warnAppArmor warns about the annotations that syncAppArmor carries over, or cannot.
func warnAppArmor(pod *corev1.Pod) []string {
	var warnings []string
	visitOldAppArmor(pod, func(c *corev1.Container, profile *corev1.AppArmorProfile) {
		if profile == nil || !sameAppArmor(profile, pod.Spec.SecurityContext) {
			warnings = append(warnings, fmt.Sprintf(`metadata.annotations[%s]: deprecated since v1.30; use the "appArmorProfile" field instead`, appArmorAnnotation+c.Name))
		}
	})
	return warnings
}

// visitOldAppArmor visits the containers that have an AppArmor profile by annotation alone. What is not a profile is nil.
func visitOldAppArmor(pod *corev1.Pod, visit func(*corev1.Container, *corev1.AppArmorProfile)) {
	if pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows {
		return
	}
	visitContainers(&pod.Spec, nil, func(c *corev1.Container, _ *field.Path) {
		value, set := pod.Annotations[appArmorAnnotation+c.Name]
		if !set || (c.SecurityContext != nil && c.SecurityContext.AppArmorProfile != nil) {
			return
		}
		profile := appArmorField(value)
		if profile != nil && len(validateAppArmorProfile(profile, nil)) > 0 {
			profile = nil
		}
		visit(c, profile)
	})
}

// appArmorField is the field for an annotation's value; nil where there is none.
func appArmorField(value string) *corev1.AppArmorProfile {
	switch value {
	case corev1.DeprecatedAppArmorBetaProfileNameUnconfined:
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
	case corev1.DeprecatedAppArmorBetaProfileRuntimeDefault:
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault}
	}
	if local, found := strings.CutPrefix(value, corev1.DeprecatedAppArmorBetaProfileNamePrefix); found && local != "" {
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: &local}
	}
	return nil
}

// sameAppArmor says whether a Pod as a whole has a profile already.
func sameAppArmor(profile *corev1.AppArmorProfile, sc *corev1.PodSecurityContext) bool {
	if sc == nil || sc.AppArmorProfile == nil || sc.AppArmorProfile.Type != profile.Type {
		return false
	}
	a, b := sc.AppArmorProfile.LocalhostProfile, profile.LocalhostProfile
	return a == b || (a != nil && b != nil && *a == *b)
}

func hasContainer(spec *corev1.PodSpec, name string) bool {
	found := false
	visitContainers(spec, nil, func(c *corev1.Container, _ *field.Path) { found = found || c.Name == name })
	return found
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
