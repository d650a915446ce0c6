package kind

import (
	"errors"
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/validate/content"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The longest times that a behaviour may name, in seconds.
const (
	longestPolicyPeriod  = 1800
	longestStabilization = 3600
)

// validateAutoscaler judges a spec as upstream's pkg/apis/autoscaling/validation does; old is nil at creation.
func validateAutoscaler(spec, old *autoscalingv2.HorizontalPodAutoscalerSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	least, most := path.Child("minReplicas"), path.Child("maxReplicas")
	if spec.MinReplicas != nil && spec.MaxReplicas < *spec.MinReplicas {
		errs = append(errs, field.Invalid(most, spec.MaxReplicas, "must be greater than or equal to `minReplicas`"))
	}
	errs = append(errs, validateReference(spec.ScaleTargetRef, targetVersion(spec, old), path.Child("scaleTargetRef"))...)
	errs = append(errs, validateMetrics(spec, old, path.Child("metrics"))...)
	if behavior := spec.Behavior; behavior != nil {
		errs = append(errs, validateScaling(behavior.ScaleUp, path.Child("behavior", "scaleUp"))...)
		errs = append(errs, validateScaling(behavior.ScaleDown, path.Child("behavior", "scaleDown"))...)
	}
	// These come last, since they are upstream's declarative ones.
	if spec.MinReplicas != nil && *spec.MinReplicas < 0 {
		errs = append(errs, field.Invalid(least, *spec.MinReplicas, "must be greater than or equal to 0"))
	}
	switch {
	case spec.MaxReplicas == 0:
		errs = append(errs, field.Required(most, ""))
	case spec.MaxReplicas < 0:
		errs = append(errs, field.Invalid(most, spec.MaxReplicas, "must be greater than or equal to 1"))
	}
	return errs
}

// versionRule says what apiVersion a reference may have.
type versionRule int

const (
	groupNeeded versionRule = iota
	groupOptional
	anyVersion
)

// targetVersion lets be what was stored before this rule was, and the one kind of the core group that scales.
func targetVersion(spec, old *autoscalingv2.HorizontalPodAutoscalerSpec) versionRule {
	target := spec.ScaleTargetRef
	switch {
	case old != nil && old.ScaleTargetRef.APIVersion == target.APIVersion && old.ScaleTargetRef.Kind == target.Kind:
		return anyVersion
	case target.Kind == "ReplicationController":
		return groupOptional
	}
	return groupNeeded
}

func (r versionRule) check(version string) error {
	if r == anyVersion {
		return nil
	}
	parsed, err := schema.ParseGroupVersion(version)
	if err != nil {
		return err
	}
	if r == groupNeeded && parsed.Group == "" {
		return errors.New("apiVersion must specify API group")
	}
	return nil
}

func validateReference(ref autoscalingv2.CrossVersionObjectReference, rule versionRule, path *field.Path) field.ErrorList {
	errs := validateSegment(ref.Kind, "", path.Child("kind"))
	errs = append(errs, validateSegment(ref.Name, "", path.Child("name"))...)
	if err := rule.check(ref.APIVersion); err != nil {
		errs = append(errs, field.Invalid(path.Child("apiVersion"), ref.APIVersion, err.Error()))
	}
	return errs
}

// validateSegment demands something that can be a part of a path; missing is said when there is nothing.
func validateSegment(value, missing string, path *field.Path) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, missing)}
	}
	return invalid(path, value, content.IsPathSegmentName(value)...)
}

var selectPolicies = []autoscalingv2.ScalingPolicySelect{
	autoscalingv2.DisabledPolicySelect, autoscalingv2.MaxChangePolicySelect, autoscalingv2.MinChangePolicySelect,
}

func validateScaling(rules *autoscalingv2.HPAScalingRules, path *field.Path) field.ErrorList {
	if rules == nil {
		return nil
	}
	var errs field.ErrorList
	if window, path := rules.StabilizationWindowSeconds, path.Child("stabilizationWindowSeconds"); window != nil {
		if *window < 0 {
			errs = append(errs, field.Invalid(path, *window, "must be greater than or equal to zero"))
		}
		if *window > longestStabilization {
			errs = append(errs, field.Invalid(path, *window, fmt.Sprintf("must be less than or equal to %d", longestStabilization)))
		}
	}
	if rules.SelectPolicy != nil && !slices.Contains(selectPolicies, *rules.SelectPolicy) {
		errs = append(errs, field.NotSupported(path.Child("selectPolicy"), *rules.SelectPolicy, selectPolicies))
	}
	if len(rules.Policies) == 0 {
		errs = append(errs, field.Required(path.Child("policies"), "must specify at least one Policy"))
	}
	for i := range rules.Policies {
		errs = append(errs, validatePolicy(&rules.Policies[i], path.Child("policies").Index(i))...)
	}
	if rules.Tolerance != nil && rules.Tolerance.Sign() < 0 {
		errs = append(errs, field.Invalid(path.Child("tolerance"), rules.Tolerance.String(), apivalidation.IsNegativeErrorMsg))
	}
	return errs
}

func validatePolicy(policy *autoscalingv2.HPAScalingPolicy, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	known := []autoscalingv2.HPAScalingPolicyType{autoscalingv2.PercentScalingPolicy, autoscalingv2.PodsScalingPolicy}
	if !slices.Contains(known, policy.Type) {
		errs = append(errs, field.NotSupported(path.Child("type"), policy.Type, known))
	}
	if policy.Value <= 0 {
		errs = append(errs, field.Invalid(path.Child("value"), policy.Value, "must be greater than zero"))
	}
	if policy.PeriodSeconds <= 0 {
		errs = append(errs, field.Invalid(path.Child("periodSeconds"), policy.PeriodSeconds, "must be greater than zero"))
	}
	if policy.PeriodSeconds > longestPolicyPeriod {
		errs = append(errs, field.Invalid(path.Child("periodSeconds"), policy.PeriodSeconds, fmt.Sprintf("must be less than or equal to %d", longestPolicyPeriod)))
	}
	return errs
}

func validateAutoscalerStatus(status *autoscalingv2.HorizontalPodAutoscalerStatus, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range status.Conditions {
		if seen := status.Conditions[i].ObservedGeneration; seen != nil {
			errs = append(errs, apivalidation.ValidateNonnegativeField(*seen, path.Child("conditions").Index(i).Child("observedGeneration"))...)
		}
	}
	return append(errs, validateCounts(path, replicaCount{"currentReplicas", int64(status.CurrentReplicas)},
		replicaCount{"desiredReplicas", int64(status.DesiredReplicas)})...)
}
