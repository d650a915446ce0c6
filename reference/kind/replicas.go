package kind

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// replicaCount is a count that a status tells. Those of replicas are a part of others.
type replicaCount struct {
	name  string
	value int64
}

// validateCounts refuses what is negative.
func validateCounts(path *field.Path, counts ...replicaCount) field.ErrorList {
	var errs field.ErrorList
	for _, count := range counts {
		errs = append(errs, apivalidation.ValidateNonnegativeField(count.value, path.Child(count.name))...)
	}
	return errs
}

// validateParts refuses counts above those that they are a part of: special is the one that only this kind has.
func validateParts(path *field.Path, special replicaCount, replicas, ready, available int32) field.ErrorList {
	const ofAll = "cannot be greater than status.replicas"
	var errs field.ErrorList
	for _, part := range []struct {
		name         string
		count, whole int32
		text         string
	}{
		{special.name, int32(special.value), replicas, ofAll},
		{"readyReplicas", ready, replicas, ofAll},
		{"availableReplicas", available, replicas, ofAll},
		{"availableReplicas", available, ready, "cannot be greater than readyReplicas"},
	} {
		if part.count > part.whole {
			errs = append(errs, field.Invalid(path.Child(part.name), part.count, part.text))
		}
	}
	return errs
}

// warnReplicas warns about the template of what keeps Pods running, at creation (before is nil) and whenever its generation rises.
func warnReplicas(meta, before *metav1.ObjectMeta, template *corev1.PodTemplateSpec) []string {
	var warnings []string
	if before == nil {
		warnings = hostnameWarning(meta.Name, "Pod names and hostnames")
	} else if meta.Generation == before.Generation {
		return nil
	}
	return append(warnings, podSpecWarnings(&template.Spec, &template.ObjectMeta, field.NewPath("spec", "template"))...)
}
