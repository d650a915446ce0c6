package kind

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateEnv judges the environment variables of a container.
func validateEnv(vars []corev1.EnvVar, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, env := range vars {
		path := path.Index(i)
		if env.Name == "" {
			errs = append(errs, field.Required(path.Child("name"), ""))
		} else {
			errs = append(errs, invalid(path.Child("name"), env.Name, validation.IsRelaxedEnvVarName(env.Name)...)...)
		}
		if env.ValueFrom != nil {
			errs = append(errs, validateEnvSource(env, path.Child("valueFrom"))...)
		}
	}
	return errs
}

// envFields are the fields of a Pod that a variable may take its value from, besides single labels and annotations.
var envFields = []string{
	"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
	"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
}

func validateEnvSource(env corev1.EnvVar, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	from, sources := env.ValueFrom, 0
	if from.FieldRef != nil {
		sources++
		errs = append(errs, validateFieldRef(from.FieldRef, envFields, path.Child("fieldRef"))...)
	}
	if from.ResourceFieldRef != nil {
		sources++
		errs = append(errs, validateResourceRef(from.ResourceFieldRef, false, path.Child("resourceFieldRef"))...)
	}
	if ref := from.ConfigMapKeyRef; ref != nil {
		sources++
		errs = append(errs, validateKeyRef(ref.Name, ref.Key, path.Child("configMapKeyRef"))...)
	}
	if ref := from.SecretKeyRef; ref != nil {
		sources++
		errs = append(errs, validateKeyRef(ref.Name, ref.Key, path.Child("secretKeyRef"))...)
	}
	if from.FileKeyRef != nil {
		sources++
		errs = append(errs, validateFileKeyRef(from.FileKeyRef, path.Child("fileKeyRef"))...)
	}
	switch {
	case sources == 0:
		errs = append(errs, field.Invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"))
	case env.Value != "":
		errs = append(errs, field.Invalid(path, "", "may not be specified when `value` is not empty"))
	case sources > 1:
		errs = append(errs, field.Invalid(path, "", "may not have more than one field specified at a time"))
	}
	return errs
}

// validateEnvFrom judges whole objects that become variables. What concerns a number of sources is reported at the
// list, as upstream does.
func validateEnvFrom(sources []corev1.EnvFromSource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	object := func(name string, path *field.Path) {
		if name == "" {
			errs = append(errs, field.Required(path, ""))
			return
		}
		errs = append(errs, invalid(path, name, apivalidation.NameIsDNSSubdomain(name, true)...)...)
	}
	for i, source := range sources {
		item := path.Index(i)
		if source.Prefix != "" {
			errs = append(errs, invalid(item.Child("prefix"), source.Prefix, validation.IsRelaxedEnvVarName(source.Prefix)...)...)
		}
		if source.ConfigMapRef != nil {
			object(source.ConfigMapRef.Name, item.Child("configMapRef", "name"))
		}
		if source.SecretRef != nil {
			object(source.SecretRef.Name, item.Child("secretRef", "name"))
		}
		switch {
		case source.ConfigMapRef == nil && source.SecretRef == nil:
			errs = append(errs, field.Invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
		case source.ConfigMapRef != nil && source.SecretRef != nil:
			errs = append(errs, field.Invalid(path, "", "may not have more than one field specified at a time"))
		}
	}
	return errs
}

// validateKeyRef judges a reference to a key in a config map or secret.
func validateKeyRef(name, key string, path *field.Path) field.ErrorList {
	errs := invalid(path.Child("name"), name, apivalidation.NameIsDNSSubdomain(name, false)...)
	if key == "" {
		return append(errs, field.Required(path.Child("key"), ""))
	}
	return append(errs, invalid(path.Child("key"), key, validation.IsConfigMapKey(key)...)...)
}

// validateFileKeyRef judges a reference to a key in a file of a volume.
func validateFileKeyRef(ref *corev1.FileKeySelector, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if ref.Key == "" {
		errs = append(errs, field.Required(path.Child("key"), ""))
	} else {
		errs = append(errs, invalid(path.Child("key"), ref.Key, validation.IsRelaxedEnvVarName(ref.Key)...)...)
	}
	if ref.VolumeName == "" {
		errs = append(errs, field.Required(path.Child("volumeName"), ""))
	} else {
		errs = append(errs, validateDNSLabel(ref.VolumeName, path.Child("volumeName"))...)
	}
	if ref.Path == "" {
		return append(errs, field.Required(path.Child("path"), ""))
	}
	return append(errs, validateNoBacksteps(ref.Path, path.Child("path"))...)
}

// podFields are the fields of a Pod that the downward API knows at all.
var podFields = append([]string{"metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase"}, envFields...)

// validateFieldRef judges a reference to a field of the Pod; allowed are those that may be used here.
func validateFieldRef(ref *corev1.ObjectFieldSelector, allowed []string, path *field.Path) field.ErrorList {
	if ref.APIVersion == "" {
		return field.ErrorList{field.Required(path.Child("apiVersion"), "")}
	}
	if ref.FieldPath == "" {
		return field.ErrorList{field.Required(path.Child("fieldPath"), "")}
	}
	unknown := func(format, what string) field.ErrorList {
		return invalid(path.Child("fieldPath"), ref.FieldPath, "error converting fieldPath: "+fmt.Sprintf(format, what))
	}
	if ref.APIVersion != "v1" {
		return unknown("unsupported pod version: %s", ref.APIVersion)
	}
	if name, key, ok := splitSubscript(ref.FieldPath); ok {
		switch name {
		case "metadata.annotations":
			return validateQualifiedName(strings.ToLower(key), path)
		case "metadata.labels":
			return validateQualifiedName(key, path)
		}
		return unknown("field label does not support subscript: %s", ref.FieldPath)
	}
	name := ref.FieldPath
	if name == "spec.host" { // the name that spec.nodeName had before v1
		name = "spec.nodeName"
	}
	if !slices.Contains(podFields, name) {
		return unknown("field label not supported: %s", name)
	}
	return validateSupported(name, path.Child("fieldPath"), allowed...)
}

// splitSubscript splits metadata.labels['key'] into name and key; ok is false where there is no subscript.
func splitSubscript(path string) (name, key string, ok bool) {
	inner, closed := strings.CutSuffix(path, "']")
	if !closed {
		return "", "", false
	}
	name, key, ok = strings.Cut(inner, "['")
	return name, key, ok && name != ""
}

var (
	resourceFields = []string{
		"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory",
	}
	byteDivisors = []string{"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"}
)

// validateResourceRef judges a reference to a container's resources; a volume must name the container.
func validateResourceRef(ref *corev1.ResourceFieldSelector, volume bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	kind := strings.TrimPrefix(strings.TrimPrefix(ref.Resource, "limits."), "requests.")
	hugePages := kind != ref.Resource && strings.HasPrefix(kind, corev1.ResourceHugePagesPrefix)
	switch {
	case volume && ref.ContainerName == "":
		errs = append(errs, field.Required(path.Child("containerName"), ""))
	case ref.Resource == "":
		errs = append(errs, field.Required(path.Child("resource"), ""))
	case !hugePages:
		errs = append(errs, validateSupported(ref.Resource, path.Child("resource"), resourceFields...)...)
	}
	if ref.Divisor.Cmp(resource.Quantity{}) == 0 {
		return errs
	}
	divisors, text := byteDivisors, strings.Join(byteDivisors, ", ")
	switch {
	case hugePages:
		kind = "hugepages"
	case !slices.Contains(resourceFields, ref.Resource):
		return errs
	case kind == "cpu":
		divisors, text = []string{"1m", "1"}, "1m and 1"
	case kind == "ephemeral-storage":
		kind = "local ephemeral storage"
	}
	if !slices.Contains(divisors, ref.Divisor.String()) {
		errs = append(errs, field.Invalid(path.Child("divisor"), ref.Resource,
			fmt.Sprintf("only divisor's values %s are supported with the %s resource", text, kind)))
	}
	return errs
}
