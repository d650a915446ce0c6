package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
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
}
