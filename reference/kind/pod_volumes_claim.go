package kind

import (
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// validateClaimTemplate judges the template of a claim for an ephemeral volume.
func validateClaimTemplate(template *corev1.PersistentVolumeClaimTemplate, path *field.Path) field.ErrorList {
	meta := path.Child("metadata")
	errs := apivalidation.ValidateAnnotations(template.Annotations, meta.Child("annotations"))
	errs = append(errs, metavalidation.ValidateLabels(template.Labels, meta.Child("labels"))...)
	value := reflect.ValueOf(template.ObjectMeta)
	for i := range value.NumField() {
		switch name := value.Type().Field(i).Name; {
		case name == "Annotations", name == "Labels", value.Field(i).IsZero():
		default:
			errs = append(errs, field.Forbidden(meta.Child(strings.ToLower(name[:1])+name[1:]), "cannot be set"))
		}
	}
	return append(errs, validateClaimSpec(&template.Spec, path.Child("spec"))...)
}

func validateClaimSpec(spec *corev1.PersistentVolumeClaimSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(spec.AccessModes) == 0 {
		errs = append(errs, field.Required(path.Child("accessModes"), "at least 1 access mode is required"))
	}
	errs = append(errs, metavalidation.ValidateLabelSelector(spec.Selector, metavalidation.LabelSelectorValidationOptions{}, path.Child("selector"))...)
	errs = append(errs, validateAccessModes(spec.AccessModes, path.Child("accessModes"))...)
	storage := path.Child("resources").Key(string(corev1.ResourceStorage))
	if size, set := spec.Resources.Requests[corev1.ResourceStorage]; !set {
		errs = append(errs, field.Required(storage, ""))
	} else if size.Sign() <= 0 {
		errs = append(errs, field.Invalid(storage, size.String(), "must be greater than zero"))
	}
	if class := ptr.Deref(spec.StorageClassName, ""); class != "" {
		errs = append(errs, invalid(path.Child("storageClassName"), class, apivalidation.NameIsDNSSubdomain(class, false)...)...)
	}
	if spec.VolumeMode != nil {
		errs = append(errs, validateSupported(*spec.VolumeMode, path.Child("volumeMode"), corev1.PersistentVolumeBlock, corev1.PersistentVolumeFilesystem)...)
	}
	errs = append(errs, validateClaimSources(spec, path)...)
	if class := ptr.Deref(spec.VolumeAttributesClassName, ""); class != "" {
		errs = append(errs, invalid(path.Child("volumeAttributesClassName"), class, apivalidation.NameIsDNSSubdomain(class, false)...)...)
	}
	return errs
}

// validateClaimSources judges what the volume is filled from.
func validateClaimSources(spec *corev1.PersistentVolumeClaimSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	object := func(group *string, kind, name string, path *field.Path) {
		errs = append(errs, required(path, "name", name)...)
		errs = append(errs, required(path, "kind", kind)...)
		if group := ptr.Deref(group, ""); group != "" {
			errs = append(errs, invalid(path.Child("apiGroup"), group, validation.IsDNS1123Subdomain(group)...)...)
		} else if kind != "PersistentVolumeClaim" {
			errs = append(errs, field.Invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
		}
	}
	source, ref := spec.DataSource, spec.DataSourceRef
	if source != nil {
		object(source.APIGroup, source.Kind, source.Name, path.Child("dataSource"))
	}
	if ref == nil {
		return errs
	}
	object(ref.APIGroup, ref.Kind, ref.Name, path.Child("dataSourceRef"))
	namespace := ptr.Deref(ref.Namespace, "")
	if namespace != "" {
		errs = append(errs, invalid(path.Child("dataSourceRef", "namespace"), namespace, apivalidation.ValidateNamespaceName(namespace, false)...)...)
	}
	if source == nil {
		return errs
	}
	if namespace != "" {
		return append(errs, field.Invalid(path, path.Child("dataSource"), "may not be specified when dataSourceRef.namespace is specified"))
	}
	if ptr.Deref(source.APIGroup, "") != ptr.Deref(ref.APIGroup, "") || source.Kind != ref.Kind || source.Name != ref.Name {
		errs = append(errs, field.Invalid(path, path.Child("dataSource"), "must match dataSourceRef"))
	}
	return errs
}
