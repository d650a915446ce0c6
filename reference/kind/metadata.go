package kind

import (
	"fmt"
	"strings"
	"time"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateMeta judges the metadata of a new object. name judges its name, which has been generated already.
func validateMeta(meta *metav1.ObjectMeta, namespaced bool, name apivalidation.ValidateNameFunc) field.ErrorList {
	path := field.NewPath("metadata")
	errs := apivalidation.ValidateObjectMeta(meta, namespaced, name, path)
	return append(errs, validateFinalizers(meta.Finalizers, path.Child("finalizers"))...)
}

// validateMetaUpdate judges a change of metadata, immutable fields included.
func validateMetaUpdate(meta, old *metav1.ObjectMeta) field.ErrorList {
	path := field.NewPath("metadata")
	errs := apivalidation.ValidateObjectMetaUpdate(meta, old, path)
	return append(errs, validateFinalizers(meta.Finalizers, path.Child("finalizers"))...)
}

// validateFinalizers refuses finalizers without a domain, but for the three that Kubernetes itself defines so.
func validateFinalizers(finalizers []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, name := range finalizers {
		errs = append(errs, validateFinalizerDomain(name, path.Index(i))...)
	}
	return errs
}

func validateFinalizerDomain(name string, path *field.Path) field.ErrorList {
	switch name {
	case "kubernetes", metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents:
		return nil
	}
	if strings.Contains(name, "/") {
		return nil
	}
	return field.ErrorList{field.Invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified")}
}

// invalid makes one Invalid error of each message.
func invalid(path *field.Path, value any, messages ...string) field.ErrorList {
	var errs field.ErrorList
	for _, message := range messages {
		errs = append(errs, field.Invalid(path, value, message))
	}
	return errs
}

// validateDNSLabel demands an RFC 1123 label.
func validateDNSLabel(value string, path *field.Path) field.ErrorList {
	return invalid(path, value, validation.IsDNS1123Label(value)...)
}

// validateQualifiedName demands a name with an optional domain in front, such as example.com/name.
func validateQualifiedName(value string, path *field.Path) field.ErrorList {
	return invalid(path, value, validation.IsQualifiedName(value)...)
}

// hostnameWarning is the warning for a name that other names are made of, but that is no DNS label. use says what is
// made of it, e.g. "the Pod's hostname".
func hostnameWarning(name, use string) []string {
	messages := validation.IsDNS1123Label(name)
	if len(messages) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("metadata.name: this is used in %s, which can result in surprising behavior; a DNS label is recommended: %v", use, messages)}
}

// age is the time since t as an age column shows it.
func age(t metav1.Time) string {
	if t.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(time.Since(t.Time))
}
