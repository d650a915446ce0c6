package kind

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// DefaultClassAnnotation marks the class that claims get which name none.
const DefaultClassAnnotation = "storageclass.kubernetes.io/is-default-class"

// StorageClass says who makes volumes for claims, and how.
var StorageClass = Kind{
	GroupVersion: storagev1.SchemeGroupVersion,
	Kind:         "StorageClass",
	Resource:     "storageclasses",
	Singular:     "storageclass",
	ShortNames:   []string{"sc"},
	New:          func() runtime.Object { return &storagev1.StorageClass{} },
	NewList:      func() runtime.Object { return &storagev1.StorageClassList{} },

	Default: func(obj runtime.Object) {
		class := obj.(*storagev1.StorageClass)
		if class.ReclaimPolicy == nil {
			class.ReclaimPolicy = ptr.To(corev1.PersistentVolumeReclaimDelete)
		}
		if class.VolumeBindingMode == nil {
			class.VolumeBindingMode = ptr.To(storagev1.VolumeBindingImmediate)
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList { return validateStorageClass(obj.(*storagev1.StorageClass)) },
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validateStorageClassUpdate(obj.(*storagev1.StorageClass), old.(*storagev1.StorageClass))
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Provisioner", Type: "string", Description: storagev1.StorageClass{}.SwaggerDoc()["provisioner"]},
		{Name: "ReclaimPolicy", Type: "string", Description: storagev1.StorageClass{}.SwaggerDoc()["reclaimPolicy"]},
		{Name: "VolumeBindingMode", Type: "string", Description: storagev1.StorageClass{}.SwaggerDoc()["volumeBindingMode"]},
		{Name: "AllowVolumeExpansion", Type: "string", Description: storagev1.StorageClass{}.SwaggerDoc()["allowVolumeExpansion"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		class := obj.(*storagev1.StorageClass)
		name := class.Name
		if class.Annotations[DefaultClassAnnotation] == "true" {
			name += " (default)"
		}
		return []any{
			name, class.Provisioner, string(ptr.Deref(class.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)),
			string(ptr.Deref(class.VolumeBindingMode, "<unset>")), ptr.Deref(class.AllowVolumeExpansion, false), age(class.CreationTimestamp),
		}
	},
	AllowUnconditionalUpdate: true,
}

// What the parameters of a class may come to: how many, and keys and values together in bytes.
const (
	maxParameters     = 512
	maxParametersSize = 256 << 10
)

func validateStorageClass(class *storagev1.StorageClass) field.ErrorList {
	errs := validateMeta(&class.ObjectMeta, false, apivalidation.NameIsDNSSubdomain)
	if path := field.NewPath("provisioner"); class.Provisioner == "" {
		errs = append(errs, field.Required(path, class.Provisioner))
	} else {
		errs = append(errs, validateQualifiedName(strings.ToLower(class.Provisioner), path)...)
	}
	errs = append(errs, validateParameters(class.Parameters, field.NewPath("parameters"))...)
	if policy := ptr.Deref(class.ReclaimPolicy, ""); policy != "" {
		errs = append(errs, validateSupported(policy, field.NewPath("reclaimPolicy"), corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRetain)...)
	}
	if path := field.NewPath("volumeBindingMode"); class.VolumeBindingMode == nil {
		errs = append(errs, field.Required(path, ""))
	} else {
		errs = append(errs, validateSupported(*class.VolumeBindingMode, path, storagev1.VolumeBindingImmediate, storagev1.VolumeBindingWaitForFirstConsumer)...)
	}
	return append(errs, validateTopologies(class.AllowedTopologies, field.NewPath("allowedTopologies"))...)
}

func validateParameters(parameters map[string]string, path *field.Path) field.ErrorList {
	if len(parameters) > maxParameters {
		return field.ErrorList{field.TooLong(path, "", maxParameters)}
	}
	var errs field.ErrorList
	size := 0
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		if key == "" {
			errs = append(errs, field.Invalid(path, key, "field can not be empty."))
		}
		size += len(key) + len(parameters[key])
	}
	if size > maxParametersSize {
		errs = append(errs, field.TooLong(path, "", maxParametersSize))
	}
	return errs
}

// validateTopologies judges where volumes of a class may be: alternatives, each a set of labels with their values.
func validateTopologies(terms []corev1.TopologySelectorTerm, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	var seen []map[string]sets.Set[string]
	for i, term := range terms {
		list := path.Index(i).Child("matchLabelExpressions")
		labels := map[string]sets.Set[string]{}
		for j, expression := range term.MatchLabelExpressions {
			at := list.Index(j)
			values := sets.New[string]()
			if len(expression.Values) == 0 {
				errs = append(errs, field.Required(at.Child("values"), ""))
			}
			for k, value := range expression.Values {
				if values.Has(value) {
					errs = append(errs, field.Duplicate(at.Child("values").Index(k), value))
				}
				values.Insert(value)
			}
			errs = append(errs, validateQualifiedName(expression.Key, at.Child("key"))...)
			if _, twice := labels[expression.Key]; twice {
				errs = append(errs, field.Duplicate(at.Child("key"), expression.Key))
			}
			labels[expression.Key] = values
		}
		if slices.ContainsFunc(seen, func(other map[string]sets.Set[string]) bool { return equality.Semantic.DeepEqual(labels, other) }) {
			errs = append(errs, field.Duplicate(list, ""))
		}
		seen = append(seen, labels)
	}
	return errs
}

func validateStorageClassUpdate(class, old *storagev1.StorageClass) field.ErrorList {
	errs := validateMetaUpdate(&class.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, apivalidation.ValidateImmutableField(class.Parameters, old.Parameters, field.NewPath("parameters"))...)
	errs = append(errs, apivalidation.ValidateImmutableField(class.Provisioner, old.Provisioner, field.NewPath("provisioner"))...)
	errs = append(errs, apivalidation.ValidateImmutableField(class.ReclaimPolicy, old.ReclaimPolicy, field.NewPath("reclaimPolicy"))...)
	errs = append(errs, apivalidation.ValidateImmutableField(class.VolumeBindingMode, old.VolumeBindingMode, field.NewPath("volumeBindingMode"))...)
	// What may be changed is judged as in a new one.
	return append(errs, validateTopologies(class.AllowedTopologies, field.NewPath("allowedTopologies"))...)
}
