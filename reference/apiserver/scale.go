package apiserver

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// scale shows how many replicas a ReplicaSet wants, and changes that and nothing else.
// (pkg/registry/apps/replicaset/storage in Kubernetes)
type scale struct{ sets *store }

var scaleKind = autoscalingv1.SchemeGroupVersion.WithKind("Scale")

// replicasPath is where the managed fields of the parent have what the scale calls spec.replicas.
var replicasPath = managedfields.ResourcePathMappings{appsv1.SchemeGroupVersion.String(): fieldpath.MakePathOrDie("spec", "replicas")}

func (scale) New() runtime.Object { return &autoscalingv1.Scale{} }

// Destroy leaves the storage to the store that owns it.
func (scale) Destroy() {}

// GroupVersionKind tells discovery that the body is of another group than the ReplicaSet.
func (scale) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind { return scaleKind }

func (s scale) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	obj, err := s.sets.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	return scaleOf(obj.(*appsv1.ReplicaSet))
}

func (s scale) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	obj, _, err := s.sets.Update(ctx, name, scaledSet{name: name, scale: info}, scaleValidation(createValidation),
		scaleUpdateValidation(updateValidation), false, options)
	if err != nil {
		return nil, false, err
	}
	changed, err := scaleOf(obj.(*appsv1.ReplicaSet))
	return changed, false, err
}

func (s scale) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	return rest.NewDefaultTableConvertor(appsv1.Resource("replicasets")).ConvertToTable(ctx, object, options)
}

func scaleOf(set *appsv1.ReplicaSet) (*autoscalingv1.Scale, error) {
	selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	replicas := int32(0)
	if set.Spec.Replicas != nil {
		replicas = *set.Spec.Replicas
	}
	return &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{
			Name: set.Name, Namespace: set.Namespace, UID: set.UID,
			ResourceVersion: set.ResourceVersion, CreationTimestamp: set.CreationTimestamp,
		},
		Spec:   autoscalingv1.ScaleSpec{Replicas: replicas},
		Status: autoscalingv1.ScaleStatus{Replicas: set.Status.Replicas, Selector: selector.String()},
	}, nil
}

func scaleValidation(validate rest.ValidateObjectFunc) rest.ValidateObjectFunc {
	return func(ctx context.Context, obj runtime.Object) error {
		scale, err := scaleOf(obj.(*appsv1.ReplicaSet))
		if err != nil {
			return err
		}
		return validate(ctx, scale)
	}
}

func scaleUpdateValidation(validate rest.ValidateObjectUpdateFunc) rest.ValidateObjectUpdateFunc {
	return func(ctx context.Context, obj, old runtime.Object) error {
		scale, err := scaleOf(obj.(*appsv1.ReplicaSet))
		if err != nil {
			return err
		}
		was, err := scaleOf(old.(*appsv1.ReplicaSet))
		if err != nil {
			return err
		}
		return validate(ctx, scale, was)
	}
}

// scaledSet turns a change of the scale into one of the ReplicaSet.
type scaledSet struct {
	name  string
	scale rest.UpdatedObjectInfo
}

func (s scaledSet) Preconditions() *metav1.Preconditions { return s.scale.Preconditions() }

func (s scaledSet) UpdatedObject(ctx context.Context, old runtime.Object) (runtime.Object, error) {
	set, ok := old.DeepCopyObject().(*appsv1.ReplicaSet)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("expected existing object type to be ReplicaSet, got %T", old))
	}
	if set.ResourceVersion == "" { // there is none
		return nil, apierrors.NewNotFound(appsv1.Resource("replicasets/scale"), s.name)
	}
	fields := managedfields.NewScaleHandler(set.ManagedFields, appsv1.SchemeGroupVersion, replicasPath)
	was, err := scaleOf(set)
	if err != nil {
		return nil, err
	}
	if was.ManagedFields, err = fields.ToSubresource(); err != nil {
		return nil, err
	}
	obj, err := s.scale.UpdatedObject(ctx, was)
	if err != nil {
		return nil, err
	}
	wanted, ok := obj.(*autoscalingv1.Scale)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("expected input object type to be Scale, but %T", obj))
	}
	if errs := validateScale(wanted); len(errs) > 0 {
		return nil, apierrors.NewInvalid(scaleKind.GroupKind(), set.Name, errs)
	}
	if wanted.UID != "" && wanted.UID != set.UID {
		return nil, apierrors.NewConflict(appsv1.Resource("replicasets/scale"), set.Name,
			fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", wanted.UID, set.UID))
	}
	set.Spec.Replicas = &wanted.Spec.Replicas
	set.ResourceVersion = wanted.ResourceVersion
	set.ManagedFields, err = fields.ToParent(wanted.ManagedFields)
	return set, err
}

func validateScale(scale *autoscalingv1.Scale) field.ErrorList {
	errs := metav1validation.ValidateManagedFields(scale.ManagedFields, field.NewPath("metadata", "managedFields"))
	return append(errs, apivalidation.ValidateNonnegativeField(int64(scale.Spec.Replicas), field.NewPath("spec", "replicas"))...)
}
