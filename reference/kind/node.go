package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Node is a machine that runs Pods.
var Node = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Node",
	Resource:     "nodes",
	Singular:     "node",
	ShortNames:   []string{"no"},
	Namespaced:   false,
	New:          func() runtime.Object { return &corev1.Node{} },
	NewList:      func() runtime.Object { return &corev1.NodeList{} },
}
