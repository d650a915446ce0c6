package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Service is a stable address for a set of Pods.
var Service = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Service",
	Resource:     "services",
	Singular:     "service",
	ShortNames:   []string{"svc"},
	Categories:   []string{"all"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Service{} },
	NewList:      func() runtime.Object { return &corev1.ServiceList{} },
}
