package kind

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Role is a set of rights within a namespace.
var Role = Kind{
	GroupVersion: rbacv1.SchemeGroupVersion,
	Kind:         "Role",
	Resource:     "roles",
	Singular:     "role",
	Namespaced:   true,
	New:          func() runtime.Object { return &rbacv1.Role{} },
	NewList:      func() runtime.Object { return &rbacv1.RoleList{} },

	Validate: func(obj runtime.Object) field.ErrorList {
		role := obj.(*rbacv1.Role)
		return append(validateMeta(&role.ObjectMeta, true, nameInPath), validateRules(role.Rules, true)...)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		role := obj.(*rbacv1.Role)
		return append(validateRules(role.Rules, true), validateMetaUpdate(&role.ObjectMeta, &old.(*rbacv1.Role).ObjectMeta)...)
	},
	AllowCreateOnUpdate:      true,
	AllowUnconditionalUpdate: true,
}

// ClusterRole is a set of rights in all namespaces, and outside of them.
var ClusterRole = Kind{
	GroupVersion: rbacv1.SchemeGroupVersion,
	Kind:         "ClusterRole",
	Resource:     "clusterroles",
	Singular:     "clusterrole",
	New:          func() runtime.Object { return &rbacv1.ClusterRole{} },
	NewList:      func() runtime.Object { return &rbacv1.ClusterRoleList{} },

	Validate: func(obj runtime.Object) field.ErrorList {
		role := obj.(*rbacv1.ClusterRole)
		return append(validateMeta(&role.ObjectMeta, false, nameInPath), validateClusterRole(role)...)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		role := obj.(*rbacv1.ClusterRole)
		return append(validateClusterRole(role), validateMetaUpdate(&role.ObjectMeta, &old.(*rbacv1.ClusterRole).ObjectMeta)...)
	},
	AllowCreateOnUpdate:      true,
	AllowUnconditionalUpdate: true,
}

// nameInPath lets a role be called whatever fits into a path: the system's have colons in their names.
func nameInPath(name string, _ bool) []string { return content.IsPathSegmentName(name) }

func validateClusterRole(role *rbacv1.ClusterRole) field.ErrorList {
	errs := validateRules(role.Rules, false)
	if role.AggregationRule == nil {
		return errs
	}
	path := field.NewPath("aggregationRule", "clusterRoleSelectors")
	selectors := role.AggregationRule.ClusterRoleSelectors
	if len(selectors) == 0 {
		errs = append(errs, field.Required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil"))
	}
	for i := range selectors {
		errs = append(errs, metav1validation.ValidateLabelSelector(&selectors[i], metav1validation.LabelSelectorValidationOptions{}, path.Index(i))...)
		if selector, err := metav1.LabelSelectorAsSelector(&selectors[i]); err != nil {
			errs = append(errs, field.Invalid(path.Index(i), selector, "invalid label selector."))
		}
	}
	return errs
}

func validateRules(rules []rbacv1.PolicyRule, namespaced bool) field.ErrorList {
	var errs field.ErrorList
	for i := range rules {
		errs = append(errs, validateRule(&rules[i], namespaced, field.NewPath("rules").Index(i))...)
	}
	return errs
}

// validateRule wants a rule to be about resources or about paths, and to name what may be done.
func validateRule(rule *rbacv1.PolicyRule, namespaced bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(rule.Verbs) == 0 {
		errs = append(errs, field.Required(path.Child("verbs"), ""))
	}
	if urls := path.Child("nonResourceURLs"); len(rule.NonResourceURLs) > 0 {
		if namespaced {
			errs = append(errs, field.Invalid(urls, rule.NonResourceURLs, "namespaced rules cannot apply to non-resource URLs"))
		}
		if len(rule.APIGroups) > 0 || len(rule.Resources) > 0 || len(rule.ResourceNames) > 0 {
			errs = append(errs, field.Invalid(urls, rule.NonResourceURLs, "rules cannot apply to both regular resources and non-resource URLs"))
		}
		return errs
	}
	if len(rule.APIGroups) == 0 {
		errs = append(errs, field.Required(path.Child("apiGroups"), "resource rules must supply at least one api group"))
	}
	if len(rule.Resources) == 0 {
		errs = append(errs, field.Required(path.Child("resources"), "resource rules must supply at least one resource"))
	}
	return errs
}
