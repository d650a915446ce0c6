package kind

import (
	coordinationv1 "k8s.io/api/coordination/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
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

	// Coordinated leader election is off in Kubernetes by default, and its two fields are dropped then.
	PrepareCreate: func(obj runtime.Object) {
		lease := obj.(*coordinationv1.Lease)
		lease.Spec.Strategy, lease.Spec.PreferredHolder = nil, nil
	},
	PrepareUpdate: func(obj, old runtime.Object) {
		lease, was := obj.(*coordinationv1.Lease), old.(*coordinationv1.Lease)
		if was.Spec.Strategy == nil {
			lease.Spec.Strategy = nil
		}
		if was.Spec.PreferredHolder == nil {
			lease.Spec.PreferredHolder = nil
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		lease := obj.(*coordinationv1.Lease)
		errs := apivalidation.ValidateObjectMeta(&lease.ObjectMeta, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
		return append(errs, validateLeaseSpec(&lease.Spec, field.NewPath("spec"))...)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		lease, was := obj.(*coordinationv1.Lease), old.(*coordinationv1.Lease)
		errs := apivalidation.ValidateObjectMetaUpdate(&lease.ObjectMeta, &was.ObjectMeta, field.NewPath("metadata"))
		return append(errs, validateLeaseSpec(&lease.Spec, field.NewPath("spec"))...)
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Holder", Type: "string", Description: coordinationv1.LeaseSpec{}.SwaggerDoc()["holderIdentity"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		lease := obj.(*coordinationv1.Lease)
		var holder string
		if lease.Spec.HolderIdentity != nil {
			holder = *lease.Spec.HolderIdentity
		}
		return []any{lease.Name, holder, age(lease.CreationTimestamp)}
	},
	// A PUT without a resource version is refused: it could take a lock from its holder.
	AllowCreateOnUpdate: true,
}

func validateLeaseSpec(spec *coordinationv1.LeaseSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if d := spec.LeaseDurationSeconds; d != nil && *d <= 0 {
		errs = append(errs, invalid(path.Child("leaseDurationSeconds"), *d, "must be greater than 0")...)
	}
	if n := spec.LeaseTransitions; n != nil && *n < 0 {
		errs = append(errs, invalid(path.Child("leaseTransitions"), *n, "must be greater than or equal to 0")...)
	}
	return errs
}
