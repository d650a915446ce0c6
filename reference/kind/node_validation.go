package kind

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// validateNode judges a whole node, as it is created.
func validateNode(node *corev1.Node) field.ErrorList {
	errs := validateMeta(&node.ObjectMeta, false, apivalidation.NameIsDNSSubdomain)
	errs = append(errs, validateNodeAnnotations(node.Annotations, field.NewPath("metadata", "annotations"))...)
	errs = append(errs, validateTaints(node.Spec.Taints, field.NewPath("metadata", "taints"))...)
	errs = append(errs, validateNodeResources(node)...)
	if swap := node.Status.NodeInfo.Swap; swap != nil && swap.Capacity != nil && *swap.Capacity <= 0 {
		errs = append(errs, invalid(field.NewPath("metadata", "nodeSwapStatus", "capacity"), *swap.Capacity, "must be greater than zero")...)
	}
	errs = append(errs, validateDeclaredFeatures(node.Status.DeclaredFeatures, field.NewPath("status", "declaredFeatures"))...)
	return append(errs, validatePodCIDRs(node.Spec.PodCIDRs, field.NewPath("spec", "podCIDRs"))...)
}

// validateNodeUpdate judges a change of a node, of its status as well as of its spec: the Pod range and the provider's
// id are set once.
func validateNodeUpdate(node, old *corev1.Node) field.ErrorList {
	errs := validateMetaUpdate(&node.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, validateNodeAnnotations(node.Annotations, field.NewPath("metadata", "annotations"))...)
	errs = append(errs, validateNodeResources(node)...)
	errs = append(errs, validateDeclaredFeatures(node.Status.DeclaredFeatures, field.NewPath("status", "declaredFeatures"))...)
	seen := sets.New[corev1.NodeAddress]()
	for i, address := range node.Status.Addresses {
		if seen.Has(address) {
			errs = append(errs, field.Duplicate(field.NewPath("status", "addresses").Index(i), nodeAddressValue(address)))
		}
		seen.Insert(address)
	}
	errs = append(errs, validatePodCIDRChange(node.Spec.PodCIDRs, old.Spec.PodCIDRs)...)
	if was, now := old.Spec.ProviderID, node.Spec.ProviderID; was != "" && was != now {
		message := "field cannot be modified once set"
		if now == "" {
			message = "field cannot be cleared once set"
		}
		errs = append(errs, invalid(field.NewPath("spec", "providerID"), nil, message)...)
	}
	errs = append(errs, validateTaints(node.Spec.Taints, field.NewPath("metadata", "taints"))...)
	if node.Spec.DoNotUseExternalID != old.Spec.DoNotUseExternalID {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "externalID"), "may not be updated"))
	}
	return errs
}

// nodeAddressValue and taintValue print addresses and taints in messages as Kubernetes does, which prints its internal
// types.
type nodeAddressValue struct {
	Type    corev1.NodeAddressType
	Address string
}

type taintValue struct {
	Key, Value string
	Effect     corev1.TaintEffect
	TimeAdded  *metav1.Time
}

// validateNodeAnnotations judges the two annotations from which the scheduler once read.
func validateNodeAnnotations(annotations map[string]string, path *field.Path) field.ErrorList {
	const taintsKey, avoidKey = "scheduler.alpha.kubernetes.io/taints", corev1.PreferAvoidPodsAnnotationKey
	var errs field.ErrorList
	if text := annotations[taintsKey]; text != "" {
		var taints []corev1.Taint
		if err := json.Unmarshal([]byte(text), &taints); err != nil {
			errs = append(errs, invalid(path, taintsKey, err.Error())...)
		}
		errs = append(errs, validateTaints(taints, path.Child(taintsKey))...)
	}
	if text := annotations[avoidKey]; text != "" {
		var avoids corev1.AvoidPods
		if err := json.Unmarshal([]byte(text), &avoids); err != nil {
			return append(errs, invalid(path.Child("AvoidPods"), avoidKey, err.Error())...)
		}
		for i, avoid := range avoids.PreferAvoidPods {
			path := path.Child(avoidKey).Index(i).Child("PodSignature")
			switch controller := avoid.PodSignature.PodController; {
			case controller == nil:
				errs = append(errs, field.Required(path, ""))
			case controller.Controller == nil || !*controller.Controller:
				errs = append(errs, invalid(path.Child("PodController", "Controller"), false, "must point to a controller")...)
			}
		}
	}
	return errs
}

// validateTaints judges taints, of which there may be one for each pair of key and effect. A node's own have their path
// under metadata as in Kubernetes.
func validateTaints(taints []corev1.Taint, path *field.Path) field.ErrorList {
	type pair struct {
		key    string
		effect corev1.TaintEffect
	}
	var errs field.ErrorList
	seen := sets.New[pair]()
	for i, taint := range taints {
		path := path.Index(i)
		errs = append(errs, metav1validation.ValidateLabelName(taint.Key, path.Child("key"))...)
		if messages := validation.IsValidLabelValue(taint.Value); len(messages) > 0 {
			errs = append(errs, invalid(path.Child("value"), taint.Value, strings.Join(messages, ";"))...)
		}
		switch taint.Effect {
		case corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute:
		case "":
			errs = append(errs, field.Required(path.Child("effect"), ""))
		default:
			errs = append(errs, field.NotSupported(path.Child("effect"), taint.Effect, []corev1.TaintEffect{
				corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute,
			}))
		}
		key := pair{taint.Key, taint.Effect}
		if seen.Has(key) {
			duplicate := field.Duplicate(path, taintValue(taint))
			duplicate.Detail = "taints must be unique by key and effect pair"
			errs = append(errs, duplicate)
		}
		seen.Insert(key)
	}
	return errs
}

// validateNodeResources refuses negative amounts, and fractions of what comes in whole pieces.
func validateNodeResources(node *corev1.Node) field.ErrorList {
	var errs field.ErrorList
	judge := func(list corev1.ResourceList, name string) {
		for _, key := range slices.Sorted(maps.Keys(list)) {
			path, amount := field.NewPath("status", name, string(key)), list[key]
			if amount.Cmp(resource.Quantity{}) < 0 {
				errs = append(errs, invalid(path, amount.String(), apivalidation.IsNegativeErrorMsg)...)
			}
			if isWholeResource(key) && amount.MilliValue()%1000 != 0 {
				errs = append(errs, invalid(path, amount, "must be an integer")...)
			}
		}
	}
	judge(node.Status.Capacity, "capacity")
	judge(node.Status.Allocatable, "allocatable")
	return errs
}

// isWholeResource says whether a resource comes in whole pieces: Pods and other objects, and extended resources.
func isWholeResource(name corev1.ResourceName) bool {
	switch name {
	case corev1.ResourcePods, corev1.ResourceQuotas, corev1.ResourceServices, corev1.ResourceReplicationControllers,
		corev1.ResourceSecrets, corev1.ResourceConfigMaps, corev1.ResourcePersistentVolumeClaims,
		corev1.ResourceServicesNodePorts, corev1.ResourceServicesLoadBalancers:
		return true
	}
	text := string(name)
	extended := strings.Contains(text, "/") && !strings.Contains(text, corev1.ResourceDefaultNamespacePrefix) &&
		!strings.HasPrefix(text, corev1.DefaultResourceRequestsPrefix)
	return extended && len(validation.IsQualifiedName(corev1.DefaultResourceRequestsPrefix+text)) == 0
}

// featureName is UpperCamelCase segments, separated by slashes.
var featureName = regexp.MustCompile(`^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$`)

// validateDeclaredFeatures demands well-formed names, sorted, each once.
func validateDeclaredFeatures(features []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, name := range features {
		switch {
		case len(name) > validation.DNS1123SubdomainMaxLength:
			errs = append(errs, invalid(path.Index(i), name, fmt.Sprintf("invalid feature name %q: must be no more than %d characters",
				name, validation.DNS1123SubdomainMaxLength))...)
		case !featureName.MatchString(name):
			errs = append(errs, invalid(path.Index(i), name, fmt.Sprintf("invalid feature name %q: must start with an UpperCamelCase segment, "+
				"with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes", name))...)
		}
		if i+1 == len(features) {
			continue
		}
		if next := features[i+1]; name == next {
			errs = append(errs, field.Duplicate(path.Index(i+1), next))
		} else if name > next {
			errs = append(errs, invalid(path.Index(i+1), next, "list must be sorted alphabetically")...)
		}
	}
	return errs
}

// validatePodCIDRs demands well-formed ranges, at most one of each family.
func validatePodCIDRs(cidrs []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, cidr := range cidrs {
		errs = append(errs, validation.IsValidCIDRForLegacyField(path.Index(i), cidr, strictIPs, nil)...)
	}
	if len(cidrs) > 1 {
		dual, err := netutils.IsDualStackCIDRStrings(cidrs)
		if err != nil {
			errs = append(errs, field.InternalError(path, fmt.Errorf("invalid PodCIDRs. failed to check with dual stack with error:%v", err)))
		}
		if !dual || len(cidrs) > 2 {
			errs = append(errs, invalid(path, cidrs, "may specify no more than one CIDR for each IP family")...)
		}
	}
	return errs
}

// validatePodCIDRChange lets a node get its range once.
func validatePodCIDRChange(cidrs, old []string) field.ErrorList {
	if len(old) == 0 {
		return nil
	}
	changed := field.Forbidden(field.NewPath("spec", "podCIDRs"), "node updates may not change podCIDR except from \"\" to valid")
	if len(cidrs) != len(old) {
		return field.ErrorList{changed}
	}
	var errs field.ErrorList
	for i := range old {
		if cidrs[i] != old[i] {
			errs = append(errs, changed)
		}
	}
	return errs
}
