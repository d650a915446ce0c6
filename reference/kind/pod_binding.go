package kind

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateBinding judges the assignment of a Pod to a node, as upstream's ValidatePodBinding does.
func ValidateBinding(binding *corev1.Binding) field.ErrorList {
	kind, name := field.NewPath("target", "kind"), field.NewPath("target", "name")
	var errs field.ErrorList
	toNode := binding.Target.Kind == "" || binding.Target.Kind == "Node"
	if !toNode {
		errs = append(errs, field.NotSupported(kind, binding.Target.Kind, []string{"Node", "<empty>"}))
	}
	if binding.Target.Name == "" {
		errs = append(errs, field.Required(name, ""))
	} else if toNode {
		errs = append(errs, invalid(name, binding.Target.Name, apivalidation.NameIsDNSSubdomain(binding.Target.Name, false)...)...)
	}
	return errs
}
