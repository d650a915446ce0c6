package kind

import (
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ConfigMap holds configuration as key-value pairs.
var ConfigMap = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "ConfigMap",
	Resource:     "configmaps",
	Singular:     "configmap",
	ShortNames:   []string{"cm"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.ConfigMap{} },
	NewList:      func() runtime.Object { return &corev1.ConfigMapList{} },

	Default: func(obj runtime.Object) {
		if config := obj.(*corev1.ConfigMap); config.Data == nil {
			config.Data = map[string]string{}
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList { return validateConfigMap(obj.(*corev1.ConfigMap)) },
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validateConfigMapUpdate(obj.(*corev1.ConfigMap), old.(*corev1.ConfigMap))
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Data", Type: "string", Description: corev1.ConfigMap{}.SwaggerDoc()["data"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		config := obj.(*corev1.ConfigMap)
		return []any{config.Name, int64(len(config.Data) + len(config.BinaryData)), age(config.CreationTimestamp)}
	},
	AllowUnconditionalUpdate: true,
}

// validateConfigMap judges the keys, and that all values together fit into corev1.MaxSecretSize, 1 MiB. Keys are judged
// in their order, so that the same object always gets the same answer.
func validateConfigMap(config *corev1.ConfigMap) field.ErrorList {
	errs := validateMeta(&config.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
	size := 0
	data, binary := field.NewPath("data"), field.NewPath("binaryData")
	for _, key := range slices.Sorted(maps.Keys(config.Data)) {
		errs = append(errs, invalid(data.Key(key), key, validation.IsConfigMapKey(key)...)...)
		if _, ok := config.BinaryData[key]; ok {
			errs = append(errs, invalid(data.Key(key), key, "duplicate of key present in binaryData")...)
		}
		size += len(config.Data[key])
	}
	for _, key := range slices.Sorted(maps.Keys(config.BinaryData)) {
		errs = append(errs, invalid(binary.Key(key), key, validation.IsConfigMapKey(key)...)...)
		size += len(config.BinaryData[key])
	}
	if size > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(field.NewPath(""), "", corev1.MaxSecretSize))
	}
	return errs
}

// validateConfigMapUpdate keeps what was declared immutable, and the declaration.
func validateConfigMapUpdate(config, old *corev1.ConfigMap) field.ErrorList {
	errs := validateMetaUpdate(&config.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, validateStays(config.Immutable, old.Immutable,
		part{"data", reflect.DeepEqual(config.Data, old.Data)}, part{"binaryData", reflect.DeepEqual(config.BinaryData, old.BinaryData)})...)
	return append(errs, validateConfigMap(config)...)
}

// part is a field of an object, and whether it is as it was.
type part struct {
	field string
	same  bool
}

// validateStays keeps what was declared immutable, and the declaration.
func validateStays(immutable, was *bool, parts ...part) field.ErrorList {
	if was == nil || !*was {
		return nil
	}
	const message = "field is immutable when `immutable` is set"
	var errs field.ErrorList
	if immutable == nil || !*immutable {
		errs = append(errs, field.Forbidden(field.NewPath("immutable"), message))
	}
	for _, p := range parts {
		if !p.same {
			errs = append(errs, field.Forbidden(field.NewPath(p.field), message))
		}
	}
	return errs
}
