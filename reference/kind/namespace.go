package kind

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Namespace is a scope for names, and what is deleted together.
var Namespace = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Namespace",
	Resource:     "namespaces",
	Singular:     "namespace",
	ShortNames:   []string{"ns"},
	Namespaced:   false,
	New:          func() runtime.Object { return &corev1.Namespace{} },
	NewList:      func() runtime.Object { return &corev1.NamespaceList{} },

	Default:       func(obj runtime.Object) { defaultNamespace(obj.(*corev1.Namespace)) },
	PrepareCreate: func(obj runtime.Object) { prepareNamespace(obj.(*corev1.Namespace)) },
	PrepareUpdate: func(obj, old runtime.Object) {
		namespace, was := obj.(*corev1.Namespace), old.(*corev1.Namespace)
		namespace.Spec.Finalizers = slices.Clone(was.Spec.Finalizers)
		was.Status.DeepCopyInto(&namespace.Status)
	},
	Validate: func(obj runtime.Object) field.ErrorList { return validateNamespace(obj.(*corev1.Namespace)) },
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		namespace, was := obj.(*corev1.Namespace), old.(*corev1.Namespace)
		return append(validateNamespace(namespace), validateMetaUpdate(&namespace.ObjectMeta, &was.ObjectMeta)...)
	},
	Status: &Status{
		PrepareUpdate: func(obj, old runtime.Object) {
			old.(*corev1.Namespace).Spec.DeepCopyInto(&obj.(*corev1.Namespace).Spec)
		},
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			return validateNamespaceStatus(obj.(*corev1.Namespace), old.(*corev1.Namespace))
		},
	},
	Fields: func(obj runtime.Object) fields.Set {
		return fields.Set{"status.phase": string(obj.(*corev1.Namespace).Status.Phase)}
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Status", Type: "string", Description: "The status of the namespace"},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		namespace := obj.(*corev1.Namespace)
		return []any{namespace.Name, string(namespace.Status.Phase), age(namespace.CreationTimestamp)}
	},
	AllowUnconditionalUpdate: true,
}

// NamespaceFinalize is how the finalize subresource of a namespace is updated: it alone changes spec.finalizers, and
// nothing of the status. A namespace that is being deleted goes when the last finalizer does.
var NamespaceFinalize = Status{
	PrepareUpdate: func(obj, old runtime.Object) {
		old.(*corev1.Namespace).Status.DeepCopyInto(&obj.(*corev1.Namespace).Status)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		namespace, was := obj.(*corev1.Namespace), old.(*corev1.Namespace)
		errs := validateMetaUpdate(&namespace.ObjectMeta, &was.ObjectMeta)
		path := field.NewPath("spec", "finalizers")
		for i, name := range namespace.Spec.Finalizers {
			errs = append(errs, validateNamespaceFinalizer(name, path.Index(i))...)
		}
		return errs
	},
}

// defaultNamespace labels a namespace with its name, so that selectors can name it.
func defaultNamespace(namespace *corev1.Namespace) {
	if namespace.Name != "" {
		if namespace.Labels == nil {
			namespace.Labels = map[string]string{}
		}
		namespace.Labels[corev1.LabelMetadataName] = namespace.Name
	}
	if namespace.Status.Phase == "" {
		namespace.Status.Phase = corev1.NamespaceActive
	}
}

// prepareNamespace makes a new namespace active, and gives it the finalizer that lets its contents go first.
func prepareNamespace(namespace *corev1.Namespace) {
	namespace.Status = corev1.NamespaceStatus{Phase: corev1.NamespaceActive}
	if !slices.Contains(namespace.Spec.Finalizers, corev1.FinalizerKubernetes) {
		namespace.Spec.Finalizers = append(namespace.Spec.Finalizers, corev1.FinalizerKubernetes)
	}
	// A generated name was not known when defaults were filled in.
	defaultNamespace(namespace)
}

func validateNamespace(namespace *corev1.Namespace) field.ErrorList {
	errs := validateMeta(&namespace.ObjectMeta, false, apivalidation.NameIsDNSLabel)
	for _, name := range namespace.Spec.Finalizers {
		errs = append(errs, validateNamespaceFinalizer(name, field.NewPath("spec", "finalizers"))...)
	}
	return errs
}

func validateNamespaceFinalizer(name corev1.FinalizerName, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateFinalizerName(string(name), path)
	return append(errs, validateFinalizerDomain(string(name), path)...)
}

// validateNamespaceStatus demands that the phase and the deletion timestamp agree. The path is capitalised as in
// Kubernetes.
func validateNamespaceStatus(namespace, old *corev1.Namespace) field.ErrorList {
	errs := validateMetaUpdate(&namespace.ObjectMeta, &old.ObjectMeta)
	path, phase := field.NewPath("status", "Phase"), namespace.Status.Phase
	switch {
	case namespace.DeletionTimestamp.IsZero() && phase != corev1.NamespaceActive:
		errs = append(errs, invalid(path, phase, "may only be 'Active' if `deletionTimestamp` is empty")...)
	case !namespace.DeletionTimestamp.IsZero() && phase != corev1.NamespaceTerminating:
		errs = append(errs, invalid(path, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")...)
	}
	return errs
}
