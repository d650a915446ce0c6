package kind

import (
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// preparePodStatus keeps everything but the status, and of the status what a node that knows less would lose.
func preparePodStatus(pod, old *corev1.Pod) {
	pod.Spec = old.Spec
	pod.DeletionTimestamp = nil
	pod.OwnerReferences = old.OwnerReferences
	status, before := &pod.Status, &old.Status
	if status.QOSClass == "" {
		status.QOSClass = before.QOSClass
	}
	if status.ResourceClaimStatuses == nil {
		status.ResourceClaimStatuses = before.ResourceClaimStatuses
	}
	if status.ExtendedResourceClaimStatus == nil {
		status.ExtendedResourceClaimStatus = before.ExtendedResourceClaimStatus
	}
	if status.NodeAllocatableResourceClaimStatuses == nil {
		status.NodeAllocatableResourceClaimStatuses = before.NodeAllocatableResourceClaimStatuses
	}
	if status.ObservedGeneration == 0 {
		status.ObservedGeneration = before.ObservedGeneration
	}
	// Conditions of one type may come several times; they are matched in their order.
	generations := map[corev1.PodConditionType][]int64{}
	for _, c := range before.Conditions {
		generations[c.Type] = append(generations[c.Type], c.ObservedGeneration)
	}
	for i := range status.Conditions {
		c := &status.Conditions[i]
		left := generations[c.Type]
		if len(left) == 0 {
			continue
		}
		if c.ObservedGeneration == 0 {
			c.ObservedGeneration = left[0]
		}
		generations[c.Type] = left[1:]
	}
}

// validatePodStatusUpdate refuses changes of the status that do not happen to a Pod.
func validatePodStatusUpdate(pod, old *corev1.Pod) field.ErrorList {
	path := field.NewPath("status")
	errs := validateMetaUpdate(&pod.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, validatePodAnnotationUpdate(pod, old, field.NewPath("metadata", "annotations"))...)
	errs = append(errs, validatePodConditions(pod.Status.Conditions, path.Child("conditions"))...)
	if pod.Spec.NodeName != old.Spec.NodeName {
		errs = append(errs, field.Forbidden(path.Child("nodeName"), "may not be changed directly"))
	}
	if name := pod.Status.NominatedNodeName; name != "" && name != old.Status.NominatedNodeName {
		errs = append(errs, invalid(path.Child("nominatedNodeName"), name, apivalidation.NameIsDNSSubdomain(name, false)...)...)
		if old.Spec.NodeName != "" {
			errs = append(errs, field.Forbidden(path.Child("nominatedNodeName"), "may not be set on pods that are already bound to a node"))
		}
	}
	if generation := pod.Status.ObservedGeneration; generation < 0 {
		errs = append(errs, field.Invalid(path.Child("observedGeneration"), generation, "must be a non-negative integer"))
	}
	errs = append(errs, apivalidation.ValidateImmutableField(pod.Status.QOSClass, old.Status.QOSClass, path.Child("qosClass"))...)
	errs = append(errs, validateRestarts(pod.Status.ContainerStatuses, old.Status.ContainerStatuses, old.Spec.Containers, &old.Spec, path.Child("containerStatuses"))...)
	errs = append(errs, validateRestarts(pod.Status.InitContainerStatuses, old.Status.InitContainerStatuses, old.Spec.InitContainers, &old.Spec, path.Child("initContainerStatuses"))...)
	errs = append(errs, validateNoRestarts(pod.Status.EphemeralContainerStatuses, old.Status.EphemeralContainerStatuses, path.Child("ephemeralContainerStatuses"))...)
	errs = append(errs, validatePodIPs(pod, old, path.Child("podIPs"))...)
	errs = append(errs, validateHostIPs(pod, old, path.Child("hostIPs"))...)
	errs = append(errs, validateUsers(pod.Status.ContainerStatuses, pod.Spec.OS, path.Child("containerStatuses"))...)
	errs = append(errs, validateUsers(pod.Status.InitContainerStatuses, pod.Spec.OS, path.Child("initContainerStatuses"))...)
	return append(errs, validateUsers(pod.Status.EphemeralContainerStatuses, pod.Spec.OS, path.Child("ephemeralContainerStatuses"))...)
}

func validatePodConditions(conditions []corev1.PodCondition, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, c := range conditions {
		if c.ObservedGeneration < 0 {
			errs = append(errs, field.Invalid(path.Index(i).Child("observedGeneration"), c.ObservedGeneration, "must be a non-negative integer"))
		}
		switch c.Type {
		case corev1.PodScheduled, corev1.PodReady, corev1.PodInitialized:
		default:
			errs = append(errs, validateQualifiedName(string(c.Type), path.Index(i).Child("Type"))...)
		}
	}
	return errs
}

// validateRestarts refuses that a container lives again that its restart policy leaves dead.
func validateRestarts(now, before []corev1.ContainerStatus, containers []corev1.Container, spec *corev1.PodSpec, path *field.Path) field.ErrorList {
	if restartsAll(spec) {
		return nil
	}
	var errs field.ErrorList
	for i, old := range before {
		if old.State.Terminated == nil || !livesAgain(now, old.Name) {
			continue
		}
		j := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == old.Name })
		if j < 0 || !shallRestart(&containers[j], spec, old.State.Terminated.ExitCode) {
			errs = append(errs, field.Forbidden(path.Index(i).Child("state"), "may not be transitioned to non-terminated state"))
		}
	}
	return errs
}

func validateNoRestarts(now, before []corev1.ContainerStatus, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, old := range before {
		if old.State.Terminated != nil && livesAgain(now, old.Name) {
			errs = append(errs, field.Forbidden(path.Index(i).Child("state"), "may not be transitioned to non-terminated state"))
		}
	}
	return errs
}

func livesAgain(statuses []corev1.ContainerStatus, name string) bool {
	return slices.ContainsFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == name && s.State.Terminated == nil })
}

// restartsAll says whether one container's exit may restart all the others.
func restartsAll(spec *corev1.PodSpec) bool {
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for _, c := range containers {
			for _, rule := range c.RestartPolicyRules {
				if rule.Action == corev1.ContainerRestartRuleActionRestartAllContainers {
					return true
				}
			}
		}
	}
	return false
}

// shallRestart says whether a container that exited with that code is started again: by its rules, its own policy, its
// Pod's policy, in this order.
func shallRestart(c *corev1.Container, spec *corev1.PodSpec, exitCode int32) bool {
	policy := spec.RestartPolicy
	if c.RestartPolicy != nil {
		for _, rule := range c.RestartPolicyRules {
			if rule.ExitCodes == nil {
				continue
			}
			listed := slices.Contains(rule.ExitCodes.Values, exitCode)
			if listed == (rule.ExitCodes.Operator == corev1.ContainerRestartRuleOnExitCodesOpIn) {
				return true
			}
		}
		policy = corev1.RestartPolicy(*c.RestartPolicy)
	}
	switch policy {
	case corev1.RestartPolicyOnFailure:
		return exitCode != 0
	case corev1.RestartPolicyNever:
		return false
	}
	return true
}

const oneOfEachFamily = "may specify no more than one IP for each IP family"

func validatePodIPs(pod, old *corev1.Pod, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	var before, now []string
	for _, ip := range old.Status.PodIPs {
		before = append(before, ip.IP)
	}
	for i, ip := range pod.Status.PodIPs {
		now = append(now, ip.IP)
		errs = append(errs, validateAddress(ip.IP, path.Index(i), before...)...)
	}
	errs = append(errs, validateFamilies(now, asUpstreamPrints(pod.Status.PodIPs), path)...)
	switch {
	case (pod.Status.PodIP == "") != (len(now) == 0):
		errs = append(errs, field.Invalid(path, asUpstreamPrints(pod.Status.PodIPs), "podIP and podIPs must either both be set or both be unset"))
	case len(now) > 0 && now[0] != pod.Status.PodIP:
		errs = append(errs, field.Invalid(path.Index(0).Child("ip"), now[0], "must be equal to `podIP`"))
	}
	return errs
}

func validateHostIPs(pod, old *corev1.Pod, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	var before, now []string
	for _, ip := range old.Status.HostIPs {
		before = append(before, ip.IP)
	}
	for _, ip := range pod.Status.HostIPs {
		now = append(now, ip.IP)
	}
	if len(now) > 0 && now[0] != pod.Status.HostIP {
		errs = append(errs, field.Invalid(path.Index(0).Child("ip"), now[0], "must be equal to `hostIP`"))
	}
	for i, ip := range now {
		errs = append(errs, validateAddress(ip, path.Index(i), before...)...)
	}
	return append(errs, validateFamilies(now, asUpstreamPrints(pod.Status.HostIPs), path)...)
}

// validateFamilies allows two addresses only if one is IPv4 and the other IPv6.
func validateFamilies(ips []string, value any, path *field.Path) field.ErrorList {
	if len(ips) < 2 {
		return nil
	}
	var errs field.ErrorList
	dual, err := netutils.IsDualStackIPStrings(ips)
	if err != nil {
		errs = append(errs, field.InternalError(path, fmt.Errorf("failed to check for dual stack with error:%v", err)))
	}
	if !dual || len(ips) > 2 {
		errs = append(errs, field.Invalid(path, value, oneOfEachFamily))
	}
	return errs
}

// validateUsers judges the users that the node says containers run as.
func validateUsers(statuses []corev1.ContainerStatus, os *corev1.PodOS, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, status := range statuses {
		if status.User == nil || status.User.Linux == nil {
			continue
		}
		user, path := status.User.Linux, path.Index(i).Child("user", "linux")
		if os != nil && os.Name == corev1.Windows {
			errs = append(errs, field.Forbidden(path, "cannot be set for a windows pod"))
			continue
		}
		if user.UID < 0 || user.UID > math.MaxUint32 {
			errs = append(errs, field.Invalid(path.Child("uid"), user.UID, fmt.Sprintf("must be between 0 and %d, inclusive", int64(math.MaxUint32))))
		}
		errs = append(errs, validateGroupID(&user.GID, path.Child("gid"))...)
		for j := range user.SupplementalGroups {
			errs = append(errs, validateGroupID(&user.SupplementalGroups[j], path.Child("supplementalGroups").Index(j))...)
		}
	}
	return errs
}
