package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Pod is a group of containers that share a network identity and volumes.
var Pod = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Pod",
	Resource:     "pods",
	Singular:     "pod",
	ShortNames:   []string{"po"},
	Categories:   []string{"all"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Pod{} },
	NewList:      func() runtime.Object { return &corev1.PodList{} },
}
