package kind

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
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

	Default: func(obj runtime.Object) { defaultReplicaSet(obj.(*appsv1.ReplicaSet)) },
	PrepareCreate: func(obj runtime.Object) {
		rs := obj.(*appsv1.ReplicaSet)
		rs.Status = appsv1.ReplicaSetStatus{}
		rs.Generation = 1
		dropGatedFields(&rs.Spec.Template.Spec, nil)
		dropInitAnnotations(rs.Spec.Template.Annotations)
	},
	PrepareUpdate: func(obj, old runtime.Object) {
		rs, before := obj.(*appsv1.ReplicaSet), old.(*appsv1.ReplicaSet)
		rs.Status = before.Status
		dropGatedFields(&rs.Spec.Template.Spec, &before.Spec.Template.Spec)
		dropInitAnnotations(rs.Spec.Template.Annotations)
		rs.Generation = before.Generation
		if !equality.Semantic.DeepEqual(rs.Spec, before.Spec) {
			rs.Generation++
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		rs := obj.(*appsv1.ReplicaSet)
		errs := validateMeta(&rs.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
		return append(errs, validateReplicaSetSpec(&rs.Spec, field.NewPath("spec"))...)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		rs, before := obj.(*appsv1.ReplicaSet), old.(*appsv1.ReplicaSet)
		errs := validateMetaUpdate(&rs.ObjectMeta, &before.ObjectMeta)
		errs = append(errs, validateReplicaSetSpec(&rs.Spec, field.NewPath("spec"))...)
		return append(errs, apivalidation.ValidateImmutableField(rs.Spec.Selector, before.Spec.Selector, field.NewPath("spec", "selector"))...)
	},
	Warn: warnReplicaSet,
	Status: &Status{
		PrepareUpdate: func(obj, old runtime.Object) {
			obj.(*appsv1.ReplicaSet).Spec = old.(*appsv1.ReplicaSet).Spec
		},
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			rs, before := obj.(*appsv1.ReplicaSet), old.(*appsv1.ReplicaSet)
			errs := validateMetaUpdate(&rs.ObjectMeta, &before.ObjectMeta)
			return append(errs, validateReplicaSetStatus(&rs.Status, field.NewPath("status"))...)
		},
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Desired", Type: "integer", Description: appsv1.ReplicaSetSpec{}.SwaggerDoc()["replicas"]},
		{Name: "Current", Type: "integer", Description: appsv1.ReplicaSetStatus{}.SwaggerDoc()["replicas"]},
		{Name: "Ready", Type: "integer", Description: appsv1.ReplicaSetStatus{}.SwaggerDoc()["readyReplicas"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
		{Name: "Containers", Type: "string", Priority: 1, Description: "Names of each container in the template."},
		{Name: "Images", Type: "string", Priority: 1, Description: "Images referenced by each container in the template."},
		{Name: "Selector", Type: "string", Priority: 1, Description: appsv1.ReplicaSetSpec{}.SwaggerDoc()["selector"]},
	},
	Row: func(obj runtime.Object) []any {
		rs := obj.(*appsv1.ReplicaSet)
		names, images := templateCells(&rs.Spec.Template)
		return []any{
			rs.Name, int64(ptr.Deref(rs.Spec.Replicas, 0)), int64(rs.Status.Replicas), int64(rs.Status.ReadyReplicas), age(rs.CreationTimestamp),
			names, images, metav1.FormatLabelSelector(rs.Spec.Selector),
		}
	},
	AllowUnconditionalUpdate: true,
}

// defaultReplicaSet asks for one replica where none is said. The selector stays open: apps/v1 demands one.
func defaultReplicaSet(rs *appsv1.ReplicaSet) {
	if rs.Spec.Replicas == nil {
		rs.Spec.Replicas = ptr.To[int32](1)
	}
	defaultTemplate(&rs.Spec.Template)
}

// validateReplicaSetSpec judges a spec as upstream's pkg/apis/apps/validation does.
func validateReplicaSetSpec(spec *appsv1.ReplicaSetSpec, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateNonnegativeField(int64(ptr.Deref(spec.Replicas, 0)), path.Child("replicas"))
	errs = append(errs, apivalidation.ValidateNonnegativeField(int64(spec.MinReadySeconds), path.Child("minReadySeconds"))...)
	return append(errs, validateSelectedTemplate(spec.Selector, &spec.Template, path)...)
}

// validateReplicaSetStatus judges counts: none negative, none above the count that it is a part of.
func validateReplicaSetStatus(status *appsv1.ReplicaSetStatus, path *field.Path) field.ErrorList {
	errs := validateCounts(path,
		replicaCount{"replicas", int64(status.Replicas)},
		replicaCount{"fullyLabeledReplicas", int64(status.FullyLabeledReplicas)},
		replicaCount{"readyReplicas", int64(status.ReadyReplicas)},
		replicaCount{"availableReplicas", int64(status.AvailableReplicas)},
		replicaCount{"observedGeneration", status.ObservedGeneration},
		replicaCount{"terminatingReplicas", int64(ptr.Deref(status.TerminatingReplicas, 0))},
	)
	labelled := replicaCount{"fullyLabeledReplicas", int64(status.FullyLabeledReplicas)}
	return append(errs, validateParts(path, labelled, status.Replicas, status.ReadyReplicas, status.AvailableReplicas)...)
}

func warnReplicaSet(obj, old runtime.Object) []string {
	rs := obj.(*appsv1.ReplicaSet)
	var before *metav1.ObjectMeta
	if old != nil {
		before = &old.(*appsv1.ReplicaSet).ObjectMeta
	}
	return warnReplicas(&rs.ObjectMeta, before, &rs.Spec.Template)
}
