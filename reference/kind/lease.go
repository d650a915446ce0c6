package kind

import (
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Lease is a heartbeat or a lock.
var Lease = Kind{
	GroupVersion: coordinationv1.SchemeGroupVersion,
	Kind:         "Lease",
	Resource:     "leases",
	Singular:     "lease",
	Namespaced:   true,
	New:          func() runtime.Object { return &coordinationv1.Lease{} },
	NewList:      func() runtime.Object { return &coordinationv1.LeaseList{} },
}
