package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Event reports what happened to an object.
var Event = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Event",
	Resource:     "events",
	Singular:     "event",
	ShortNames:   []string{"ev"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Event{} },
	NewList:      func() runtime.Object { return &corev1.EventList{} },
}
