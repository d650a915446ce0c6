package kind

import (
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// EndpointSlice is a part of the addresses behind a Service.
var EndpointSlice = Kind{
	GroupVersion: discoveryv1.SchemeGroupVersion,
	Kind:         "EndpointSlice",
	Resource:     "endpointslices",
	Singular:     "endpointslice",
	Namespaced:   true,
	New:          func() runtime.Object { return &discoveryv1.EndpointSlice{} },
	NewList:      func() runtime.Object { return &discoveryv1.EndpointSliceList{} },
}
