package kind

import (
	"fmt"
	"math"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The rules, paths and texts of this and the following files are those of upstream's
// pkg/apis/core/validation/validation.go with the feature gates at their defaults of 1.37. Errors come in upstream's
// order, because the answer to a request lists them in that order; where upstream ranges over a map, they are sorted.

// specValidator judges one PodSpec, alone or in a template.
type specValidator struct {
	spec *corev1.PodSpec
	// meta is the metadata of the Pod; nil in a template, where the Pods' names are not known.
	meta *metav1.ObjectMeta
	// volumes are the valid volumes by name; claims the names of the resource claims.
	volumes map[string]corev1.VolumeSource
	claims  sets.Set[string]
}

// validatePodCreate judges a new Pod.
func validatePodCreate(pod *corev1.Pod) field.ErrorList {
	errs := validatePodMetaAndSpec(pod)
	path := field.NewPath("spec")
	if len(pod.Spec.EphemeralContainers) > 0 {
		errs = append(errs, field.Forbidden(path.Child("ephemeralContainers"), "cannot be set on create"))
	}
	if pod.Spec.NodeName != "" && len(pod.Spec.SchedulingGates) > 0 {
		errs = append(errs, field.Forbidden(path.Child("nodeName"), "cannot be set until all schedulingGates have been cleared"))
	}
	return append(errs, validateProfilesMatch(pod.Annotations, &pod.Spec, path)...)
}

// validatePodMetaAndSpec judges what is judged at creation and again at every change.
func validatePodMetaAndSpec(pod *corev1.Pod) field.ErrorList {
	path := field.NewPath("spec")
	errs := validateMeta(&pod.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
	errs = append(errs, validatePodAnnotations(pod.Annotations, &pod.Spec, field.NewPath("metadata", "annotations"))...)
	errs = append(errs, validatePodSpec(&pod.Spec, &pod.ObjectMeta, path)...)
	if pod.Spec.ServiceAccountName == "" {
		errs = append(errs, refuseTokens(pod.Spec.Volumes, path.Child("volumes"))...)
	}
	if period := pod.Spec.TerminationGracePeriodSeconds; period != nil {
		errs = append(errs, apivalidation.ValidateNonnegativeField(*period, path.Child("terminationGracePeriodSeconds"))...)
	}
	errs = append(errs, validateImageSpaces(pod.Spec.Containers, path.Child("containers"))...)
	return append(errs, validateImageSpaces(pod.Spec.InitContainers, path.Child("initContainers"))...)
}

// refuseTokens refuses projected tokens of a Pod that runs as nobody.
func refuseTokens(volumes []corev1.Volume, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, volume := range volumes {
		if volume.Projected == nil {
			continue
		}
		for j, source := range volume.Projected.Sources {
			if source.ServiceAccountToken != nil {
				errs = append(errs, field.Forbidden(path.Index(i).Child("projected", "sources").Index(j).Child("serviceAccountToken"),
					"must not be specified when serviceAccountName is not set"))
			}
		}
	}
	return errs
}

// validatePodSpec judges a spec at path. meta is the Pod's, nil for a template.
func validatePodSpec(spec *corev1.PodSpec, meta *metav1.ObjectMeta, path *field.Path) field.ErrorList {
	v := &specValidator{spec: spec, meta: meta, claims: sets.New[string]()}
	for _, claim := range spec.ResourceClaims {
		if claim.Name != "" {
			v.claims.Insert(claim.Name)
		}
	}
	var errs field.ErrorList
	if spec.TerminationGracePeriodSeconds == nil {
		errs = append(errs, field.Required(path.Child("terminationGracePeriodSeconds"), ""))
	}
	errs = append(errs, v.validateVolumes(path.Child("volumes"))...)
	errs = append(errs, v.validateResourceClaims(path.Child("resourceClaims"))...)
	errs = append(errs, v.validateContainers(path.Child("containers"))...)
	errs = append(errs, v.validateInitContainers(path.Child("initContainers"))...)
	errs = append(errs, v.validateEphemeralContainers(path.Child("ephemeralContainers"))...)
	errs = append(errs, v.validatePodResources(path)...)
	errs = append(errs, v.validateHostNetworkPorts(path.Child("containers"))...)
	errs = append(errs, validateChoice(spec.RestartPolicy, path.Child("restartPolicy"),
		corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)...)
	errs = append(errs, validateChoice(spec.DNSPolicy, path.Child("dnsPolicy"),
		corev1.DNSClusterFirstWithHostNet, corev1.DNSClusterFirst, corev1.DNSDefault, corev1.DNSNone)...)
	errs = append(errs, metavalidation.ValidateLabels(spec.NodeSelector, path.Child("nodeSelector"))...)
	errs = append(errs, v.validatePodSecurity(path.Child("securityContext"))...)
	if spec.HostPID && spec.ShareProcessNamespace != nil && *spec.ShareProcessNamespace {
		errs = append(errs, field.Invalid(path.Child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled"))
	}
	errs = append(errs, validateAffinity(spec.Affinity, path.Child("affinity"))...)
	errs = append(errs, validateDNSConfig(spec, path.Child("dnsConfig"))...)
	for i, gate := range spec.ReadinessGates {
		errs = append(errs, validateQualifiedName(string(gate.ConditionType), path.Child("readinessGates").Index(i).Child("conditionType"))...)
	}
	errs = append(errs, validateSchedulingGates(spec.SchedulingGates, path.Child("schedulingGates"))...)
	errs = append(errs, validateTopologySpread(spec.TopologySpreadConstraints, path.Child("topologySpreadConstraints"))...)
	errs = append(errs, v.validateHostProcess(path)...)
	errs = append(errs, v.validateHostUsers(path)...)
	errs = append(errs, validateHostnameOverride(spec, path.Child("hostnameOverride"))...)
	errs = append(errs, validateReferences(spec, path)...)
	errs = append(errs, validateTolerations(spec.Tolerations, path.Child("tolerations"))...)
	errs = append(errs, validateHostAliases(spec.HostAliases, path.Child("hostAliases"))...)
	errs = append(errs, v.validateClasses(path)...)
	errs = append(errs, v.validateOS(path)...)
	errs = append(errs, validateSchedulingGroup(spec.SchedulingGroup, path.Child("schedulingGroup"))...)
	return append(errs, v.validateFileKeyVolumes(path)...)
}

// validateReferences judges the names of what the Pod refers to, and its own.
func validateReferences(spec *corev1.PodSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if spec.ServiceAccountName != "" {
		errs = append(errs, invalid(path.Child("serviceAccountName"), spec.ServiceAccountName,
			apivalidation.ValidateServiceAccountName(spec.ServiceAccountName, false)...)...)
	}
	if spec.DeprecatedServiceAccount != spec.ServiceAccountName {
		errs = append(errs, field.Invalid(path.Child("deprecatedServiceAccount"), spec.DeprecatedServiceAccount,
			fmt.Sprintf("must be the same as serviceAccountName: %q", spec.ServiceAccountName)))
	}
	if spec.NodeName != "" {
		errs = append(errs, invalid(path.Child("nodeName"), spec.NodeName, apivalidation.NameIsDNSSubdomain(spec.NodeName, false)...)...)
	}
	if deadline := spec.ActiveDeadlineSeconds; deadline != nil && (*deadline < 1 || *deadline > math.MaxInt32) {
		errs = append(errs, field.Invalid(path.Child("activeDeadlineSeconds"), *deadline, validation.InclusiveRangeError(1, math.MaxInt32)))
	}
	if spec.Hostname != "" {
		errs = append(errs, validateDNSLabel(spec.Hostname, path.Child("hostname"))...)
	}
	if spec.Subdomain != "" {
		errs = append(errs, validateDNSLabel(spec.Subdomain, path.Child("subdomain"))...)
	}
	return errs
}

// validateClasses judges the priority and runtime classes, and what comes with them.
func (v *specValidator) validateClasses(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if name := v.spec.PriorityClassName; name != "" {
		errs = append(errs, invalid(path.Child("priorityClassName"), name, apivalidation.NameIsDNSSubdomain(name, false)...)...)
	}
	if name := v.spec.RuntimeClassName; name != nil {
		errs = append(errs, invalid(path.Child("runtimeClassName"), *name, apivalidation.NameIsDNSSubdomain(*name, false)...)...)
	}
	if policy := v.spec.PreemptionPolicy; policy != nil {
		errs = append(errs, validateChoice(*policy, path.Child("preemptionPolicy"), corev1.PreemptLowerPriority, corev1.PreemptNever)...)
	}
	if v.spec.Overhead != nil {
		errs = append(errs, v.validateResources(&corev1.ResourceRequirements{Limits: v.spec.Overhead}, validateContainerResourceName, path.Child("overhead"))...)
	}
	return errs
}

// validateChoice demands a value out of a few, and that there is one.
func validateChoice[T ~string](value T, path *field.Path, choices ...T) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return validateSupported(value, path, choices...)
}

// validateSupported demands a value out of a few; an empty one is as unknown as any other.
func validateSupported[T ~string](value T, path *field.Path, choices ...T) field.ErrorList {
	for _, choice := range choices {
		if value == choice {
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(path, value, choices)}
}

// visitContainers calls visit with every container of the spec at path, in upstream's order: init, regular, ephemeral.
func visitContainers(spec *corev1.PodSpec, path *field.Path, visit func(c *corev1.Container, path *field.Path)) {
	for i := range spec.InitContainers {
		visit(&spec.InitContainers[i], path.Child("initContainers").Index(i))
	}
	for i := range spec.Containers {
		visit(&spec.Containers[i], path.Child("containers").Index(i))
	}
	for i := range spec.EphemeralContainers {
		visit((*corev1.Container)(&spec.EphemeralContainers[i].EphemeralContainerCommon), path.Child("ephemeralContainers").Index(i))
	}
}

// restartsAlways says whether an init container is a sidecar.
func restartsAlways(c *corev1.Container) bool {
	return c != nil && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
