package kind

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// RoleBinding gives the rights of a role to users, groups and service accounts, within a namespace.
var RoleBinding = Kind{
	GroupVersion: rbacv1.SchemeGroupVersion,
	Kind:         "RoleBinding",
	Resource:     "rolebindings",
	Singular:     "rolebinding",
	Namespaced:   true,
	New:          func() runtime.Object { return &rbacv1.RoleBinding{} },
	NewList:      func() runtime.Object { return &rbacv1.RoleBindingList{} },

	Default: func(obj runtime.Object) {
		binding := obj.(*rbacv1.RoleBinding)
		defaultBinding(&binding.RoleRef, binding.Subjects)
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		binding := obj.(*rbacv1.RoleBinding)
		return append(validateMeta(&binding.ObjectMeta, true, nameInPath), validateRoleBinding(binding)...)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		binding, before := obj.(*rbacv1.RoleBinding), old.(*rbacv1.RoleBinding)
		errs := append(validateRoleBinding(binding), validateMetaUpdate(&binding.ObjectMeta, &before.ObjectMeta)...)
		return append(errs, sameRole(binding.RoleRef, before.RoleRef)...)
	},
	Columns: bindingColumns("roleBinding", rbacv1.RoleBinding{}.SwaggerDoc()["roleRef"]),
	Row: func(obj runtime.Object) []any {
		binding := obj.(*rbacv1.RoleBinding)
		return bindingRow(&binding.ObjectMeta, binding.RoleRef, binding.Subjects)
	},
	AllowCreateOnUpdate:      true,
	AllowUnconditionalUpdate: true,
}

// ClusterRoleBinding gives the rights of a ClusterRole in all namespaces, and outside of them.
var ClusterRoleBinding = Kind{
	GroupVersion: rbacv1.SchemeGroupVersion,
	Kind:         "ClusterRoleBinding",
	Resource:     "clusterrolebindings",
	Singular:     "clusterrolebinding",
	New:          func() runtime.Object { return &rbacv1.ClusterRoleBinding{} },
	NewList:      func() runtime.Object { return &rbacv1.ClusterRoleBindingList{} },

	Default: func(obj runtime.Object) {
		binding := obj.(*rbacv1.ClusterRoleBinding)
		defaultBinding(&binding.RoleRef, binding.Subjects)
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		binding := obj.(*rbacv1.ClusterRoleBinding)
		return append(validateMeta(&binding.ObjectMeta, false, nameInPath), validateClusterRoleBinding(binding)...)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		binding, before := obj.(*rbacv1.ClusterRoleBinding), old.(*rbacv1.ClusterRoleBinding)
		errs := append(validateClusterRoleBinding(binding), validateMetaUpdate(&binding.ObjectMeta, &before.ObjectMeta)...)
		return append(errs, sameRole(binding.RoleRef, before.RoleRef)...)
	},
	Columns: bindingColumns("clusterRoleBinding", rbacv1.ClusterRoleBinding{}.SwaggerDoc()["roleRef"]),
	Row: func(obj runtime.Object) []any {
		binding := obj.(*rbacv1.ClusterRoleBinding)
		return bindingRow(&binding.ObjectMeta, binding.RoleRef, binding.Subjects)
	},
	AllowCreateOnUpdate:      true,
	AllowUnconditionalUpdate: true,
}

func bindingColumns(kind, ref string) []metav1.TableColumnDefinition {
	return []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Role", Type: "string", Description: ref},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
		{Name: "Users", Type: "string", Priority: 1, Description: "Users in the " + kind},
		{Name: "Groups", Type: "string", Priority: 1, Description: "Groups in the " + kind},
		{Name: "ServiceAccounts", Type: "string", Priority: 1, Description: "ServiceAccounts in the " + kind},
	}
}

func bindingRow(meta *metav1.ObjectMeta, ref rbacv1.RoleRef, subjects []rbacv1.Subject) []any {
	var users, groups, accounts []string
	for _, s := range subjects {
		switch s.Kind {
		case rbacv1.UserKind:
			users = append(users, s.Name)
		case rbacv1.GroupKind:
			groups = append(groups, s.Name)
		case rbacv1.ServiceAccountKind:
			name := s.Name
			if s.Namespace != "" {
				name = s.Namespace + "/" + s.Name
			}
			accounts = append(accounts, name)
		}
	}
	return []any{
		meta.Name, ref.Kind + "/" + ref.Name, age(meta.CreationTimestamp),
		strings.Join(users, ", "), strings.Join(groups, ", "), strings.Join(accounts, ", "),
	}
}

// defaultBinding names the groups of the API that the names are of.
func defaultBinding(ref *rbacv1.RoleRef, subjects []rbacv1.Subject) {
	if ref.APIGroup == "" {
		ref.APIGroup = rbacv1.GroupName
	}
	for i := range subjects {
		s := &subjects[i]
		if s.APIGroup == "" && (s.Kind == rbacv1.UserKind || s.Kind == rbacv1.GroupKind) {
			s.APIGroup = rbacv1.GroupName
		}
	}
}

func validateRoleBinding(binding *rbacv1.RoleBinding) field.ErrorList {
	return append(validateRoleRef(binding.RoleRef, "Role", "ClusterRole"), validateSubjects(binding.Subjects, true)...)
}

func validateClusterRoleBinding(binding *rbacv1.ClusterRoleBinding) field.ErrorList {
	return append(validateRoleRef(binding.RoleRef, "ClusterRole"), validateSubjects(binding.Subjects, false)...)
}

func validateRoleRef(ref rbacv1.RoleRef, kinds ...string) field.ErrorList {
	path := field.NewPath("roleRef")
	errs := validateSupported(ref.APIGroup, path.Child("apiGroup"), rbacv1.GroupName)
	errs = append(errs, validateSupported(ref.Kind, path.Child("kind"), kinds...)...)
	if ref.Name == "" {
		return append(errs, field.Required(path.Child("name"), ""))
	}
	return append(errs, invalid(path.Child("name"), ref.Name, nameInPath(ref.Name, false)...)...)
}

func validateSubjects(subjects []rbacv1.Subject, namespaced bool) field.ErrorList {
	var errs field.ErrorList
	for i := range subjects {
		errs = append(errs, validateSubject(&subjects[i], namespaced, field.NewPath("subjects").Index(i))...)
	}
	return errs
}

func validateSubject(s *rbacv1.Subject, namespaced bool, path *field.Path) field.ErrorList {
	errs := required(path, "name", s.Name)
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		if s.Name != "" {
			errs = append(errs, invalid(path.Child("name"), s.Name, apivalidation.ValidateServiceAccountName(s.Name, false)...)...)
		}
		errs = append(errs, validateSupported(s.APIGroup, path.Child("apiGroup"), "")...)
		if !namespaced && s.Namespace == "" {
			errs = append(errs, field.Required(path.Child("namespace"), ""))
		}
	case rbacv1.UserKind, rbacv1.GroupKind:
		errs = append(errs, validateSupported(s.APIGroup, path.Child("apiGroup"), rbacv1.GroupName)...)
	default:
		errs = append(errs, validateSupported(s.Kind, path.Child("kind"), rbacv1.ServiceAccountKind, rbacv1.UserKind, rbacv1.GroupKind)...)
	}
	return errs
}

// sameRole keeps a binding to its role. Upstream's message shows the reference by its fields' Go names, since its internal type has no others.
func sameRole(now, before rbacv1.RoleRef) field.ErrorList {
	shown := func(ref rbacv1.RoleRef) any {
		return struct{ APIGroup, Kind, Name string }{ref.APIGroup, ref.Kind, ref.Name}
	}
	return apivalidation.ValidateImmutableField(shown(now), shown(before), field.NewPath("roleRef"))
}
