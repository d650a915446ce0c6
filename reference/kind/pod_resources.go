package kind

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	resourcehelper "k8s.io/component-helpers/resource"
)

// What a Pod needs of a node in all (init containers, sidecars, overhead and resources of the Pod as a whole included)
// is k8s.io/component-helpers/resource.PodRequests(pod, resource.PodResourcesOptions{}); what it may use, PodLimits.
// Those are the functions that upstream's scheduler and kubelet use, so that nothing of the kind stands here.

// QOSClass says how a Pod is treated when a node runs short: Guaranteed when every container has equal requests and
// limits for CPU and memory, BestEffort when none has any, Burstable otherwise. Resources of the Pod as a whole, where
// it has them, decide alone. Equal to upstream's pkg/apis/core/helper/qos.
func QOSClass(pod *corev1.Pod) corev1.PodQOSClass {
	if resourcehelper.IsPodLevelResourcesSet(pod) {
		return resourcesQOS(pod.Spec.Resources)
	}
	var class corev1.PodQOSClass
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			class = mergeQOS(class, resourcesQOS(&containers[i].Resources))
		}
	}
	if class == "" {
		return corev1.PodQOSBestEffort
	}
	return class
}

func resourcesQOS(r *corev1.ResourceRequirements) corev1.PodQOSClass {
	if len(r.Requests) == 0 && len(r.Limits) == 0 {
		return corev1.PodQOSBestEffort
	}
	var class corev1.PodQOSClass
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		request, limit := r.Requests[name], r.Limits[name]
		switch {
		case !request.Equal(limit):
			return corev1.PodQOSBurstable
		case request.IsZero():
			class = mergeQOS(class, corev1.PodQOSBestEffort)
		default:
			class = mergeQOS(class, corev1.PodQOSGuaranteed)
		}
	}
	return class
}

// mergeQOS is the class of a whole, of which one part has class a and another b: any difference makes it Burstable.
func mergeQOS(a, b corev1.PodQOSClass) corev1.PodQOSClass {
	if a == "" || a == b {
		return b
	}
	return corev1.PodQOSBurstable
}

// defaultPodResources completes spec.resources, where a Pod has it, from its containers, as upstream does at creation.
func defaultPodResources(pod *corev1.Pod) {
	whole := pod.Spec.Resources
	if whole == nil || len(whole.Requests)+len(whole.Limits) == 0 {
		return
	}
	options := resourcehelper.PodResourcesOptions{}
	containers := &corev1.Pod{Spec: corev1.PodSpec{Containers: pod.Spec.Containers, InitContainers: pod.Spec.InitContainers}}
	limits := resourcehelper.AggregateContainerLimits(containers, options)
	for name, limit := range limits {
		if _, requested := whole.Requests[name]; !requested && isHugePages(name) {
			setIfMissing(&whole.Limits, name, limit)
		}
	}
	for name, request := range resourcehelper.AggregateContainerRequests(containers, options) {
		if resourcehelper.IsSupportedPodLevelResource(name) && overcommits(name) {
			setIfMissing(&whole.Requests, name, request)
		}
	}
	for name, limit := range whole.Limits {
		if resourcehelper.IsSupportedPodLevelResource(name) {
			setIfMissing(&whole.Requests, name, limit.DeepCopy())
		}
	}
	for name, request := range whole.Requests {
		limit, limited := limits[name]
		if !limited || !resourcehelper.IsSupportedPodLevelResource(name) || !allLimit(&pod.Spec, name) {
			continue
		}
		if request.Cmp(limit) > 0 {
			limit = request
		}
		setIfMissing(&whole.Limits, name, limit)
	}
}

// allLimit says whether every container of the Pod limits a resource.
func allLimit(spec *corev1.PodSpec, name corev1.ResourceName) bool {
	all := true
	visitContainers(spec, nil, func(c *corev1.Container, _ *field.Path) {
		_, limited := c.Resources.Limits[name]
		all = all && limited
	})
	return all
}

// validatePodResources judges the resources of the Pod as a whole, at the path of its spec.
func (v *specValidator) validatePodResources(path *field.Path) field.ErrorList {
	whole := v.spec.Resources
	if whole == nil {
		return nil
	}
	path = path.Child("resources")
	if v.spec.OS != nil && v.spec.OS.Name == corev1.Windows {
		return field.ErrorList{field.Forbidden(path, "may not be set for a windows pod")}
	}
	var errs field.ErrorList
	if whole.Claims != nil {
		errs = append(errs, field.Forbidden(path.Child("claims"), "claims may not be set for Resources at pod-level"))
	}
	errs = append(errs, v.validateResources(whole, validatePodResourceName, path)...)
	pod, options := &corev1.Pod{Spec: *v.spec}, resourcehelper.PodResourcesOptions{}
	requests := resourcehelper.AggregateContainerRequests(pod, options)
	for _, name := range sortedResources(requests) {
		sum := requests[name]
		if request, set := whole.Requests[name]; set && sum.Cmp(request) > 0 {
			errs = append(errs, field.Invalid(path.Child("requests").Key(string(name)), request.String(),
				fmt.Sprintf("must be greater than or equal to aggregate container requests of %s", sum.String())))
		}
	}
	limits := resourcehelper.AggregateContainerLimits(pod, options)
	for _, name := range sortedResources(limits) {
		sum := limits[name]
		if limit, set := whole.Limits[name]; set && isHugePages(name) && sum.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(path.Child("limits").Key(string(name)), limit.String(),
				fmt.Sprintf("must be greater than or equal to aggregate container limits of %s", sum.String())))
		}
	}
	for i, c := range v.spec.Containers {
		for _, name := range sortedResources(c.Resources.Limits) {
			own := c.Resources.Limits[name]
			if limit, set := whole.Limits[name]; set && own.Cmp(limit) > 0 {
				errs = append(errs, field.Invalid(path.Child("containers").Index(i).Key(string(name)).Child("limits"), own.String(),
					fmt.Sprintf("must be less than or equal to pod limits of %s", limit.String())))
			}
		}
	}
	return errs
}

// validatePodResourceName demands a resource that a Pod can have as a whole.
func validatePodResourceName(name corev1.ResourceName, path *field.Path) field.ErrorList {
	if errs := validateResourceName(name, path); len(errs) > 0 {
		return errs
	}
	if resourcehelper.IsSupportedPodLevelResource(name) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, name, sets.List(resourcehelper.SupportedPodLevelResources()))}
}

// validateResourceClaims judges the claims of devices that a Pod names.
func (v *specValidator) validateResourceClaims(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.New[string]()
	for i, claim := range v.spec.ResourceClaims {
		if v.meta != nil {
			if _, mirror := v.meta.Annotations[corev1.MirrorPodAnnotationKey]; mirror {
				errs = append(errs, field.Forbidden(field.NewPath(""), "static pods do not support resource claims"))
				continue
			}
		}
		path := path.Index(i)
		switch {
		case claim.Name == "":
			errs = append(errs, field.Required(path.Child("name"), ""))
		case names.Has(claim.Name):
			errs = append(errs, field.Duplicate(path.Child("name"), claim.Name))
		default:
			errs = append(errs, validateDNSLabel(claim.Name, path.Child("name"))...)
			names.Insert(claim.Name)
		}
		switch named, template := claim.ResourceClaimName, claim.ResourceClaimTemplateName; {
		case named != nil && template != nil:
			errs = append(errs, field.Invalid(path, asUpstreamPrints(claim), "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"))
		case named == nil && template == nil:
			errs = append(errs, field.Invalid(path, asUpstreamPrints(claim), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"))
		}
		if name := claim.ResourceClaimName; name != nil {
			errs = append(errs, invalid(path.Child("resourceClaimName"), *name, apivalidation.NameIsDNSSubdomain(*name, false)...)...)
		}
		if name := claim.ResourceClaimTemplateName; name != nil {
			errs = append(errs, invalid(path.Child("resourceClaimTemplateName"), *name, apivalidation.NameIsDNSSubdomain(*name, false)...)...)
		}
	}
	return errs
}

// validateClaimReferences demands that the claims of a container are claims of its Pod, each named once.
func (v *specValidator) validateClaimReferences(claims []corev1.ResourceClaim, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[string]()
	for i, claim := range claims {
		path := path.Index(i)
		if claim.Name == "" {
			errs = append(errs, field.Required(path, ""))
			continue
		}
		if seen.Has(claim.Name) {
			errs = append(errs, field.Duplicate(path, claim.Name))
		} else {
			key := claim.Name
			if claim.Request != "" {
				errs = append(errs, validateDNSLabel(claim.Request, path.Child("request"))...)
				key += "/" + claim.Request
			}
			overlaps := claim.Request == "" && slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(other string) bool {
				return strings.HasPrefix(other, claim.Name+"/")
			})
			if seen.Has(key) || overlaps {
				errs = append(errs, field.Duplicate(path, key))
			}
			seen.Insert(key)
		}
		if !v.claims.Has(claim.Name) {
			err := field.NotFound(path, claim.Name)
			err.Detail = "must be one of the names in pod.spec.resourceClaims"
			if len(v.claims) == 0 {
				err.Detail += " which is empty"
			} else {
				err.Detail += ": " + strings.Join(sets.List(v.claims), ", ")
			}
			errs = append(errs, err)
		}
	}
	return errs
}

func setIfMissing(list *corev1.ResourceList, name corev1.ResourceName, quantity resource.Quantity) {
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	if _, set := (*list)[name]; !set {
		(*list)[name] = quantity
	}
}
