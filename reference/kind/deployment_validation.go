package kind

import (
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// validateDeploymentSpec judges a spec as upstream's pkg/apis/apps/validation does.
func validateDeploymentSpec(spec *appsv1.DeploymentSpec, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateNonnegativeField(int64(ptr.Deref(spec.Replicas, 0)), path.Child("replicas"))
	errs = append(errs, validateSelectedTemplate(spec.Selector, &spec.Template, path)...)
	errs = append(errs, validateDeploymentStrategy(&spec.Strategy, path.Child("strategy"))...)
	errs = append(errs, apivalidation.ValidateNonnegativeField(int64(spec.MinReadySeconds), path.Child("minReadySeconds"))...)
	if limit := spec.RevisionHistoryLimit; limit != nil {
		errs = append(errs, apivalidation.ValidateNonnegativeField(int64(*limit), path.Child("revisionHistoryLimit"))...)
	}
	if deadline, path := spec.ProgressDeadlineSeconds, path.Child("progressDeadlineSeconds"); deadline != nil {
		errs = append(errs, apivalidation.ValidateNonnegativeField(int64(*deadline), path)...)
		if *deadline <= spec.MinReadySeconds {
			errs = append(errs, field.Invalid(path, *deadline, "must be greater than minReadySeconds"))
		}
	}
	return errs
}

func validateDeploymentStrategy(strategy *appsv1.DeploymentStrategy, path *field.Path) field.ErrorList {
	rolling := path.Child("rollingUpdate")
	switch strategy.Type {
	case appsv1.RecreateDeploymentStrategyType:
		if strategy.RollingUpdate != nil {
			return field.ErrorList{field.Forbidden(rolling, "may not be specified when strategy `type` is 'Recreate'")}
		}
		return nil
	case appsv1.RollingUpdateDeploymentStrategyType:
		if strategy.RollingUpdate == nil {
			return field.ErrorList{field.Required(rolling, "this should be defaulted and never be nil")}
		}
		return validateRollingUpdate(ptr.Deref(strategy.RollingUpdate.MaxUnavailable, intstr.IntOrString{}),
			ptr.Deref(strategy.RollingUpdate.MaxSurge, intstr.IntOrString{}), rolling)
	}
	known := []appsv1.DeploymentStrategyType{appsv1.RecreateDeploymentStrategyType, appsv1.RollingUpdateDeploymentStrategyType}
	return field.ErrorList{field.NotSupported(path, internalStrategy(strategy), known)}
}

// internalStrategy is a strategy as upstream's refusal shows it: the type that it is judged in has no names for JSON.
func internalStrategy(strategy *appsv1.DeploymentStrategy) any {
	type rollingUpdate struct{ MaxUnavailable, MaxSurge intstr.IntOrString }
	shown := struct {
		Type          appsv1.DeploymentStrategyType
		RollingUpdate *rollingUpdate
	}{Type: strategy.Type}
	if r := strategy.RollingUpdate; r != nil {
		shown.RollingUpdate = &rollingUpdate{
			MaxUnavailable: ptr.Deref(r.MaxUnavailable, intstr.IntOrString{}), MaxSurge: ptr.Deref(r.MaxSurge, intstr.IntOrString{}),
		}
	}
	return shown
}

// validateRollingUpdate demands numbers or percentages that leave room for a step.
func validateRollingUpdate(unavailable, surge intstr.IntOrString, path *field.Path) field.ErrorList {
	unavailablePath := path.Child("maxUnavailable")
	errs := validateIntOrPercent(unavailable, unavailablePath)
	errs = append(errs, validateIntOrPercent(surge, path.Child("maxSurge"))...)
	if numberOf(unavailable) == 0 && numberOf(surge) == 0 {
		errs = append(errs, field.Invalid(unavailablePath, unavailable, "may not be 0 when `maxSurge` is 0"))
	}
	if percent, ok := percentOf(unavailable); ok && percent > 100 {
		errs = append(errs, field.Invalid(unavailablePath, unavailable, "must not be greater than 100%"))
	}
	return errs
}

func validateIntOrPercent(value intstr.IntOrString, path *field.Path) field.ErrorList {
	switch value.Type {
	case intstr.Int:
		return apivalidation.ValidateNonnegativeField(int64(value.IntVal), path)
	case intstr.String:
		return invalid(path, value, validation.IsValidPercent(value.StrVal)...)
	}
	return invalid(path, value, "must be an integer or percentage (e.g '5%%')")
}

func percentOf(value intstr.IntOrString) (int, bool) {
	if value.Type != intstr.String || len(validation.IsValidPercent(value.StrVal)) != 0 {
		return 0, false
	}
	percent, _ := strconv.Atoi(strings.TrimSuffix(value.StrVal, "%")) // a number too large is the largest
	return percent, true
}

func numberOf(value intstr.IntOrString) int {
	if percent, ok := percentOf(value); ok {
		return percent
	}
	return value.IntValue()
}

// validateDeploymentStatus judges counts: none negative, none above the count that it is a part of, collisions never forgotten.
func validateDeploymentStatus(status, before *appsv1.DeploymentStatus, path *field.Path) field.ErrorList {
	errs := validateCounts(path,
		replicaCount{"observedGeneration", status.ObservedGeneration},
		replicaCount{"replicas", int64(status.Replicas)},
		replicaCount{"updatedReplicas", int64(status.UpdatedReplicas)},
		replicaCount{"readyReplicas", int64(status.ReadyReplicas)},
		replicaCount{"availableReplicas", int64(status.AvailableReplicas)},
		replicaCount{"unavailableReplicas", int64(status.UnavailableReplicas)},
		replicaCount{"terminatingReplicas", int64(ptr.Deref(status.TerminatingReplicas, 0))},
		replicaCount{"collisionCount", int64(ptr.Deref(status.CollisionCount, 0))},
	)
	updated := replicaCount{"updatedReplicas", int64(status.UpdatedReplicas)}
	errs = append(errs, validateParts(path, updated, status.Replicas, status.ReadyReplicas, status.AvailableReplicas)...)
	// Forgetting a count that is zero is a decrement too.
	if was := before.CollisionCount; was != nil && (status.CollisionCount == nil || *status.CollisionCount < *was) {
		errs = append(errs, field.Invalid(path.Child("collisionCount"), ptr.Deref(status.CollisionCount, 0), "cannot be decremented"))
	}
	return errs
}
