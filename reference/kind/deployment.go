package kind

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// Deployment brings out one version of a template after the other, a ReplicaSet each.
var Deployment = Kind{
	GroupVersion: appsv1.SchemeGroupVersion,
	Kind:         "Deployment",
	Resource:     "deployments",
	Singular:     "deployment",
	ShortNames:   []string{"deploy"},
	Categories:   []string{"all"},
	Namespaced:   true,
	New:          func() runtime.Object { return &appsv1.Deployment{} },
	NewList:      func() runtime.Object { return &appsv1.DeploymentList{} },

	Default: func(obj runtime.Object) { defaultDeployment(obj.(*appsv1.Deployment)) },
	PrepareCreate: func(obj runtime.Object) {
		d := obj.(*appsv1.Deployment)
		d.Status = appsv1.DeploymentStatus{}
		d.Generation = 1
		dropGatedFields(&d.Spec.Template.Spec, nil)
		dropInitAnnotations(d.Spec.Template.Annotations)
	},
	PrepareUpdate: func(obj, old runtime.Object) {
		d, before := obj.(*appsv1.Deployment), old.(*appsv1.Deployment)
		d.Status = before.Status
		dropGatedFields(&d.Spec.Template.Spec, &before.Spec.Template.Spec)
		dropInitAnnotations(d.Spec.Template.Annotations)
		d.Generation = before.Generation
		// Annotations count too, since ReplicaSets get a copy of them.
		if !equality.Semantic.DeepEqual(d.Spec, before.Spec) || !equality.Semantic.DeepEqual(d.Annotations, before.Annotations) {
			d.Generation++
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		d := obj.(*appsv1.Deployment)
		errs := validateMeta(&d.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
		return append(errs, validateDeploymentSpec(&d.Spec, field.NewPath("spec"))...)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		d, before := obj.(*appsv1.Deployment), old.(*appsv1.Deployment)
		errs := validateMetaUpdate(&d.ObjectMeta, &before.ObjectMeta)
		errs = append(errs, validateDeploymentSpec(&d.Spec, field.NewPath("spec"))...)
		return append(errs, apivalidation.ValidateImmutableField(d.Spec.Selector, before.Spec.Selector, field.NewPath("spec", "selector"))...)
	},
	Warn: warnDeployment,
	Status: &Status{
		Keeps: []string{"labels"},
		// Annotations may change: the controller writes the revision together with the status.
		PrepareUpdate: func(obj, old runtime.Object) {
			d, before := obj.(*appsv1.Deployment), old.(*appsv1.Deployment)
			d.Spec, d.Labels = before.Spec, before.Labels
		},
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			d, before := obj.(*appsv1.Deployment), old.(*appsv1.Deployment)
			errs := validateMetaUpdate(&d.ObjectMeta, &before.ObjectMeta)
			return append(errs, validateDeploymentStatus(&d.Status, &before.Status, field.NewPath("status"))...)
		},
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Ready", Type: "string", Description: "Number of the pod with ready state"},
		{Name: "Up-to-date", Type: "string", Description: appsv1.DeploymentStatus{}.SwaggerDoc()["updatedReplicas"]},
		{Name: "Available", Type: "string", Description: appsv1.DeploymentStatus{}.SwaggerDoc()["availableReplicas"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
		{Name: "Containers", Type: "string", Priority: 1, Description: "Names of each container in the template."},
		{Name: "Images", Type: "string", Priority: 1, Description: "Images referenced by each container in the template."},
		{Name: "Selector", Type: "string", Priority: 1, Description: appsv1.DeploymentSpec{}.SwaggerDoc()["selector"]},
	},
	Row: func(obj runtime.Object) []any {
		d := obj.(*appsv1.Deployment)
		names, images := templateCells(&d.Spec.Template)
		selected := "<invalid>"
		if selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector); err == nil {
			selected = selector.String()
		}
		return []any{
			d.Name, fmt.Sprintf("%d/%d", d.Status.ReadyReplicas, ptr.Deref(d.Spec.Replicas, 0)), int64(d.Status.UpdatedReplicas),
			int64(d.Status.AvailableReplicas), age(d.CreationTimestamp), names, images, selected,
		}
	},
	AllowUnconditionalUpdate: true,
}

// defaultDeployment asks for one replica, brought out a quarter at a time, within ten minutes, with ten versions to go back to.
func defaultDeployment(d *appsv1.Deployment) {
	orDefault(&d.Spec.Replicas, 1)
	orDefault(&d.Spec.RevisionHistoryLimit, 10)
	orDefault(&d.Spec.ProgressDeadlineSeconds, 600)
	strategy := &d.Spec.Strategy
	if strategy.Type == "" {
		strategy.Type = appsv1.RollingUpdateDeploymentStrategyType
	}
	if strategy.Type == appsv1.RollingUpdateDeploymentStrategyType {
		if strategy.RollingUpdate == nil {
			strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{}
		}
		orDefault(&strategy.RollingUpdate.MaxUnavailable, intstr.FromString("25%"))
		orDefault(&strategy.RollingUpdate.MaxSurge, intstr.FromString("25%"))
	}
	defaultTemplate(&d.Spec.Template)
}

// orDefault sets what is left open.
func orDefault[T any](field **T, value T) {
	if *field == nil {
		*field = &value
	}
}

func warnDeployment(obj, old runtime.Object) []string {
	d := obj.(*appsv1.Deployment)
	var before *metav1.ObjectMeta
	if old != nil {
		before = &old.(*appsv1.Deployment).ObjectMeta
	}
	return warnReplicas(&d.ObjectMeta, before, &d.Spec.Template)
}
