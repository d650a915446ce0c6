package kind

import (
	"fmt"
	"maps"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

const podUpdateText = "pod updates may not change fields other than " +
	"`spec.containers[*].image`," +
	"`spec.initContainers[*].image`," +
	"`spec.activeDeadlineSeconds`," +
	"`spec.tolerations` (only additions to existing tolerations)," +
	"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"

// validatePodUpdate judges a change of a Pod: of a spec hardly more than images may change.
func validatePodUpdate(pod, old *corev1.Pod) field.ErrorList {
	path := field.NewPath("spec")
	errs := validateMetaUpdate(&pod.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, validatePodMetaAndSpec(pod)...)
	errs = append(errs, validatePodAnnotationUpdate(pod, old, field.NewPath("metadata", "annotations"))...)
	for _, containers := range []struct {
		now, before []corev1.Container
		path        *field.Path
	}{
		{pod.Spec.Containers, old.Spec.Containers, path.Child("containers")},
		{pod.Spec.InitContainers, old.Spec.InitContainers, path.Child("initContainers")},
	} {
		if len(containers.now) != len(containers.before) {
			return append(errs, field.Forbidden(containers.path, "pod updates may not add or remove containers"))
		}
		for i, c := range containers.now {
			errs = append(errs, required(containers.path.Index(i), "image", c.Image)...)
			errs = append(errs, validateImageSpace(&c, containers.path.Index(i))...)
		}
	}
	deadline, final := validateDeadlineUpdate(pod.Spec.ActiveDeadlineSeconds, old.Spec.ActiveDeadlineSeconds, path.Child("activeDeadlineSeconds"))
	errs = append(errs, deadline...)
	if final {
		return errs
	}
	errs = append(errs, validateAddedTolerations(pod.Spec.Tolerations, old.Spec.Tolerations, path.Child("tolerations"))...)
	errs = append(errs, validateRemovedGates(pod.Spec.SchedulingGates, old.Spec.SchedulingGates, path.Child("schedulingGates"))...)
	if equality.Semantic.DeepEqual(pod.Spec, old.Spec) {
		return errs
	}
	rest, gated := withoutUpdatable(&pod.Spec, &old.Spec, path)
	errs = append(errs, gated...)
	if !equality.Semantic.DeepEqual(*rest, old.Spec) {
		errs = append(errs, field.Forbidden(path, fmt.Sprintf("%s\n%v", podUpdateText, specDiff(old.Spec, *rest))))
	}
	return errs
}

// validateDeadlineUpdate: a deadline may be set, and brought forward. final says that it is so wrong that upstream looks
// no further.
func validateDeadlineUpdate(now, before *int64, path *field.Path) (errs field.ErrorList, final bool) {
	switch {
	case now == nil && before != nil:
		return field.ErrorList{field.Invalid(path, now, "must not update from a positive integer to nil value")}, false
	case now == nil:
		return nil, false
	case *now < 0 || *now > math.MaxInt32:
		return field.ErrorList{field.Invalid(path, *now, validation.InclusiveRangeError(0, math.MaxInt32))}, true
	case before != nil && *before < *now:
		return field.ErrorList{field.Invalid(path, *now, "must be less than or equal to previous value")}, true
	}
	return nil, false
}

// validateAddedTolerations demands that the tolerations of before are still there, but for how long they last.
func validateAddedTolerations(now, before []corev1.Toleration, path *field.Path) field.ErrorList {
	for _, old := range before {
		kept := slices.ContainsFunc(now, func(t corev1.Toleration) bool {
			return t.Key == old.Key && t.Operator == old.Operator && t.Value == old.Value && t.Effect == old.Effect
		})
		if !kept {
			return field.ErrorList{field.Forbidden(path, "existing toleration can not be modified except its tolerationSeconds")}
		}
	}
	return validateTolerations(now, path)
}

func validateRemovedGates(now, before []corev1.PodSchedulingGate, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, gate := range now {
		// Of gates of one name, the last one is named.
		if !slices.Contains(before, gate) && !slices.Contains(now[i+1:], gate) {
			errs = append(errs, field.Forbidden(path.Index(i).Child("name"), fmt.Sprintf("only deletion is allowed, but found new scheduling gate '%s'", gate.Name)))
		}
	}
	return errs
}

// withoutUpdatable is a copy of a spec in which everything that may change is as it was before. A Pod that still waits
// for its scheduling gates may also be narrowed down to fewer nodes; what is wrong with that is returned too.
func withoutUpdatable(now, before *corev1.PodSpec, path *field.Path) (*corev1.PodSpec, field.ErrorList) {
	rest := now.DeepCopy()
	for i := range rest.Containers {
		rest.Containers[i].Image = before.Containers[i].Image
	}
	for i := range rest.InitContainers {
		rest.InitContainers[i].Image = before.InitContainers[i].Image
	}
	rest.ActiveDeadlineSeconds = before.ActiveDeadlineSeconds
	rest.SchedulingGates = before.SchedulingGates
	rest.Tolerations = before.Tolerations
	if ptr.Deref(before.TerminationGracePeriodSeconds, 0) < 0 && ptr.Deref(rest.TerminationGracePeriodSeconds, 0) == 1 {
		rest.TerminationGracePeriodSeconds = before.TerminationGracePeriodSeconds
	}
	if len(before.SchedulingGates) == 0 {
		return rest, nil
	}
	var errs field.ErrorList
	if !equality.Semantic.DeepEqual(rest.NodeSelector, before.NodeSelector) {
		if !containsAll(rest.NodeSelector, before.NodeSelector) {
			errs = append(errs, field.Invalid(path.Child("nodeSelector"), rest.NodeSelector,
				"only additions to spec.nodeSelector are allowed (no mutations or deletions)"))
		}
		rest.NodeSelector = before.NodeSelector
	}
	nowAffinity, beforeAffinity := nodeAffinity(rest), nodeAffinity(before)
	if equality.Semantic.DeepEqual(nowAffinity, beforeAffinity) {
		return rest, errs
	}
	errs = append(errs, validateNarrowedAffinity(nowAffinity, beforeAffinity, path.Child("affinity", "nodeAffinity", requiredTerms, "nodeSelectorTerms"))...)
	if rest.Affinity == nil {
		rest.Affinity = &corev1.Affinity{}
	}
	rest.Affinity.NodeAffinity = beforeAffinity
	if before.Affinity == nil && rest.Affinity.PodAffinity == nil && rest.Affinity.PodAntiAffinity == nil {
		rest.Affinity = nil
	}
	return rest, errs
}

func nodeAffinity(spec *corev1.PodSpec) *corev1.NodeAffinity {
	if spec.Affinity == nil {
		return nil
	}
	return spec.Affinity.NodeAffinity
}

func containsAll(now, before map[string]string) bool {
	merged := maps.Clone(now)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, before)
	return maps.Equal(merged, now) || (len(merged) == 0 && len(now) == 0)
}

// validateNarrowedAffinity allows further requirements in the alternatives of before, where there were any.
func validateNarrowedAffinity(now, before *corev1.NodeAffinity, path *field.Path) field.ErrorList {
	terms := func(a *corev1.NodeAffinity) []corev1.NodeSelectorTerm {
		if a == nil || a.RequiredDuringSchedulingIgnoredDuringExecution == nil {
			return nil
		}
		return a.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	}
	newTerms, oldTerms := terms(now), terms(before)
	if len(oldTerms) == 0 {
		return nil
	}
	if len(oldTerms) != len(newTerms) {
		return field.ErrorList{field.Invalid(path, asUpstreamPrints(newTerms), "no additions/deletions to non-empty NodeSelectorTerms list are allowed")}
	}
	var errs field.ErrorList
	for i, old := range oldTerms {
		term := newTerms[i]
		empty := len(old.MatchExpressions)+len(old.MatchFields) == 0
		if (empty && len(term.MatchExpressions)+len(term.MatchFields) > 0) ||
			!startsWith(term.MatchExpressions, old.MatchExpressions) || !startsWith(term.MatchFields, old.MatchFields) {
			errs = append(errs, field.Invalid(path.Index(i), asUpstreamPrints(term), "only additions are allowed (no mutations or deletions)"))
		}
	}
	return errs
}

func startsWith(list, start []corev1.NodeSelectorRequirement) bool {
	return len(start) == 0 || (len(list) >= len(start) && equality.Semantic.DeepEqual(list[:len(start)], start))
}

// ValidateEphemeralContainers judges a change through the Pod's subresource ephemeralcontainers: containers may be
// added, and stay.
func ValidateEphemeralContainers(pod, old *corev1.Pod) field.ErrorList {
	if _, mirror := old.Annotations[corev1.MirrorPodAnnotationKey]; mirror {
		return field.ErrorList{field.Forbidden(field.NewPath(""), "static pods do not support ephemeral containers")}
	}
	errs := validateMetaUpdate(&pod.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, validatePodMetaAndSpec(pod)...)
	errs = append(errs, validatePodAnnotationUpdate(pod, old, field.NewPath("metadata", "annotations"))...)
	path := field.NewPath("spec", "ephemeralContainers")
	for _, before := range old.Spec.EphemeralContainers {
		i := slices.IndexFunc(pod.Spec.EphemeralContainers, func(c corev1.EphemeralContainer) bool { return c.Name == before.Name })
		if i < 0 {
			errs = append(errs, field.Forbidden(path, fmt.Sprintf("existing ephemeral containers %q may not be removed\n", before.Name)))
		} else if now := pod.Spec.EphemeralContainers[i]; !equality.Semantic.DeepEqual(before, now) {
			errs = append(errs, field.Forbidden(path, fmt.Sprintf("existing ephemeral containers %q may not be changed\n%v", before.Name, specDiff(before, now))))
		}
	}
	return errs
}
