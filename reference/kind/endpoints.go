package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Endpoints are the addresses behind a Service, in the older form.
var Endpoints = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Endpoints",
	Resource:     "endpoints",
	Singular:     "endpoints",
	ShortNames:   []string{"ep"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Endpoints{} },
	NewList:      func() runtime.Object { return &corev1.EndpointsList{} },
}
