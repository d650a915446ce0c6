package kind

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ServiceAccount is who a Pod is when it speaks to the API.
var ServiceAccount = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "ServiceAccount",
	Resource:     "serviceaccounts",
	Singular:     "serviceaccount",
	ShortNames:   []string{"sa"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.ServiceAccount{} },
	NewList:      func() runtime.Object { return &corev1.ServiceAccountList{} },

	PrepareCreate: func(obj runtime.Object) { cleanSecretReferences(obj.(*corev1.ServiceAccount)) },
	PrepareUpdate: func(obj, _ runtime.Object) { cleanSecretReferences(obj.(*corev1.ServiceAccount)) },
	Validate: func(obj runtime.Object) field.ErrorList {
		return validateMeta(&obj.(*corev1.ServiceAccount).ObjectMeta, true, apivalidation.ValidateServiceAccountName)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validateMetaUpdate(&obj.(*corev1.ServiceAccount).ObjectMeta, &old.(*corev1.ServiceAccount).ObjectMeta)
	},
	Warn: warnServiceAccount,
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		account := obj.(*corev1.ServiceAccount)
		return []any{account.Name, age(account.CreationTimestamp)}
	},
	AllowUnconditionalUpdate: true,
}

// EnforceMountableSecrets is the annotation by which an account's Pods may use no other secrets than those that the account names.
const EnforceMountableSecrets = "kubernetes.io/enforce-mountable-secrets"

// cleanSecretReferences leaves names: secrets are in the account's own namespace.
func cleanSecretReferences(account *corev1.ServiceAccount) {
	for i, secret := range account.Secrets {
		account.Secrets[i] = corev1.ObjectReference{Name: secret.Name}
	}
}

// warnServiceAccount speaks of an old annotation when it is newly set.
func warnServiceAccount(obj, old runtime.Object) []string {
	if old != nil {
		if _, had := old.(*corev1.ServiceAccount).Annotations[EnforceMountableSecrets]; had {
			return nil
		}
	}
	if _, has := obj.(*corev1.ServiceAccount).Annotations[EnforceMountableSecrets]; has {
		return []string{fmt.Sprintf(
			"metadata.annotations[%s]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets", EnforceMountableSecrets)}
	}
	return nil
}
