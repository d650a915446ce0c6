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
	var errs field.ErrorList
	for _, count := range []struct {
		name  string
		value int64
	}{
		{"replicas", int64(status.Replicas)},
		{"fullyLabeledReplicas", int64(status.FullyLabeledReplicas)},
		{"readyReplicas", int64(status.ReadyReplicas)},
		{"availableReplicas", int64(status.AvailableReplicas)},
		{"observedGeneration", status.ObservedGeneration},
		{"terminatingReplicas", int64(ptr.Deref(status.TerminatingReplicas, 0))},
	} {
		errs = append(errs, apivalidation.ValidateNonnegativeField(count.value, path.Child(count.name))...)
	}
	for _, part := range []struct {
		name         string
		count, whole int32
		text         string
	}{
		{"fullyLabeledReplicas", status.FullyLabeledReplicas, status.Replicas, "cannot be greater than status.replicas"},
		{"readyReplicas", status.ReadyReplicas, status.Replicas, "cannot be greater than status.replicas"},
		{"availableReplicas", status.AvailableReplicas, status.Replicas, "cannot be greater than status.replicas"},
		{"availableReplicas", status.AvailableReplicas, status.ReadyReplicas, "cannot be greater than readyReplicas"},
	} {
		if part.count > part.whole {
			errs = append(errs, field.Invalid(path.Child(part.name), part.count, part.text))
		}
	}
	return errs
}

// warnReplicaSet warns about the template, at creation and whenever the spec changes.
func warnReplicaSet(obj, old runtime.Object) []string {
	rs := obj.(*appsv1.ReplicaSet)
	var warnings []string
	if old == nil {
		warnings = hostnameWarning(rs.Name, "Pod names and hostnames")
	} else if rs.Generation == old.(*appsv1.ReplicaSet).Generation {
		return nil
	}
	return append(warnings, podSpecWarnings(&rs.Spec.Template.Spec, &rs.Spec.Template.ObjectMeta, field.NewPath("spec", "template"))...)
}
