package kind

import (
	"crypto/tls"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Secret holds what not everybody is to read, as key-value pairs.
var Secret = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Secret",
	Resource:     "secrets",
	Singular:     "secret",
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Secret{} },
	NewList:      func() runtime.Object { return &corev1.SecretList{} },

	Default: func(obj runtime.Object) { defaultSecret(obj.(*corev1.Secret)) },
	PrepareUpdate: func(obj, old runtime.Object) {
		if secret := obj.(*corev1.Secret); secret.Type == "" {
			secret.Type = old.(*corev1.Secret).Type
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList { return validateSecret(obj.(*corev1.Secret)) },
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validateSecretUpdate(obj.(*corev1.Secret), old.(*corev1.Secret))
	},
	Warn:   func(obj, _ runtime.Object) []string { return secretWarnings(obj.(*corev1.Secret)) },
	Fields: func(obj runtime.Object) fields.Set { return fields.Set{"type": string(obj.(*corev1.Secret).Type)} },
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Type", Type: "string", Description: corev1.Secret{}.SwaggerDoc()["type"]},
		{Name: "Data", Type: "string", Description: corev1.Secret{}.SwaggerDoc()["data"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		secret := obj.(*corev1.Secret)
		return []any{secret.Name, string(secret.Type), int64(len(secret.Data)), age(secret.CreationTimestamp)}
	},
	AllowUnconditionalUpdate: true,
}

// defaultSecret turns what is given as text into data, which is all that is stored, and gives a type to a Secret without one.
func defaultSecret(secret *corev1.Secret) {
	if len(secret.StringData) > 0 && secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	for key, text := range secret.StringData {
		secret.Data[key] = []byte(text)
	}
	secret.StringData = nil
	if secret.Type == "" {
		secret.Type = corev1.SecretTypeOpaque
	}
}

// validateSecret judges the keys, the size of all values together, and what the type asks for. Keys are judged in their order,
// so that the same object always gets the same answer; values are in no answer.
func validateSecret(secret *corev1.Secret) field.ErrorList {
	errs := validateMeta(&secret.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
	data := field.NewPath("data")
	size := 0
	for _, key := range slices.Sorted(maps.Keys(secret.Data)) {
		errs = append(errs, invalid(data.Key(key), key, validation.IsConfigMapKey(key)...)...)
		size += len(secret.Data[key])
	}
	if size > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(data, "", corev1.MaxSecretSize))
	}
	return append(errs, validateSecretType(secret, data)...)
}

// validateSecretType wants the keys that a well-known type has.
func validateSecretType(secret *corev1.Secret, data *field.Path) field.ErrorList {
	var errs field.ErrorList
	missing := func(keys ...string) {
		for _, key := range keys {
			errs = append(errs, field.Required(data.Key(key), ""))
		}
	}
	has := func(key string) bool { _, ok := secret.Data[key]; return ok }
	switch secret.Type {
	case corev1.SecretTypeServiceAccountToken:
		if secret.Annotations[corev1.ServiceAccountNameKey] == "" {
			errs = append(errs, field.Required(field.NewPath("metadata", "annotations").Key(corev1.ServiceAccountNameKey), ""))
		}
	case corev1.SecretTypeDockercfg:
		return validateJSON(secret, data, corev1.DockerConfigKey)
	case corev1.SecretTypeDockerConfigJson:
		return validateJSON(secret, data, corev1.DockerConfigJsonKey)
	case corev1.SecretTypeBasicAuth:
		if !has(corev1.BasicAuthUsernameKey) && !has(corev1.BasicAuthPasswordKey) {
			missing(corev1.BasicAuthUsernameKey, corev1.BasicAuthPasswordKey)
		}
	case corev1.SecretTypeSSHAuth:
		if len(secret.Data[corev1.SSHAuthPrivateKey]) == 0 {
			missing(corev1.SSHAuthPrivateKey)
		}
	case corev1.SecretTypeTLS:
		for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
			if !has(key) {
				missing(key)
			}
		}
	}
	return errs
}

func validateJSON(secret *corev1.Secret, data *field.Path, key string) field.ErrorList {
	content, ok := secret.Data[key]
	if !ok {
		return field.ErrorList{field.Required(data.Key(key), "")}
	}
	if err := json.Unmarshal(content, &map[string]any{}); err != nil {
		return invalid(data.Key(key), "<secret contents redacted>", err.Error())
	}
	return nil
}

// validateSecretUpdate keeps the type, what was declared immutable, and the declaration.
func validateSecretUpdate(secret, old *corev1.Secret) field.ErrorList {
	errs := validateMetaUpdate(&secret.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, apivalidation.ValidateImmutableField(secret.Type, old.Type, field.NewPath("type"))...)
	errs = append(errs, validateStays(secret.Immutable, old.Immutable, part{"data", reflect.DeepEqual(secret.Data, old.Data)})...)
	return append(errs, validateSecret(secret)...)
}

// secretWarnings tell of a certificate that its key does not belong to.
func secretWarnings(secret *corev1.Secret) []string {
	if secret.Type != corev1.SecretTypeTLS {
		return nil
	}
	if _, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey]); err != nil {
		return []string{err.Error()}
	}
	return nil
}
