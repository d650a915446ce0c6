package kind

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// ReplicaSet keeps a number of equal Pods running.
var ReplicaSet = Kind{
	GroupVersion: appsv1.SchemeGroupVersion,
	Kind:         "ReplicaSet",
	Resource:     "replicasets",
	Singular:     "replicaset",
	ShortNames:   []string{"rs"},
	Categories:   []string{"all"},
	Namespaced:   true,
	New:          func() runtime.Object { return &appsv1.ReplicaSet{} },
	NewList:      func() runtime.Object { return &appsv1.ReplicaSetList{} },
}
