package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
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
}
