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
	"k8s.io/utils/ptr"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/plumbline/plumbline/reference/kind"
)

// scale shows how many replicas a ReplicaSet or a Deployment wants, and changes that and nothing else.
// (pkg/registry/apps/replicaset/storage and its sibling in Kubernetes)
type scale struct{ store *store }

// scaled is what a scale shows of an object, and where it writes.
type scaled struct {
	*metav1.ObjectMeta
	wanted   **int32
	selector *metav1.LabelSelector
	replicas int32
}

func scaledBy(obj runtime.Object) (scaled, bool) {
	switch obj := obj.(type) {
	case *appsv1.ReplicaSet:
		return scaled{&obj.ObjectMeta, &obj.Spec.Replicas, obj.Spec.Selector, obj.Status.Replicas}, true
	case *appsv1.Deployment:
		return scaled{&obj.ObjectMeta, &obj.Spec.Replicas, obj.Spec.Selector, obj.Status.Replicas}, true
	}
	return scaled{}, false
}

var scaleKind = autoscalingv1.SchemeGroupVersion.WithKind("Scale")

// replicasPath is where the managed fields of the parent have what the scale calls spec.replicas.
var replicasPath = managedfields.ResourcePathMappings{appsv1.SchemeGroupVersion.String(): fieldpath.MakePathOrDie("spec", "replicas")}

func (scale) New() runtime.Object { return &autoscalingv1.Scale{} }

// Destroy leaves the storage to the store that owns it.
func (scale) Destroy() {}

// GroupVersionKind tells discovery that the body is of another group than what is scaled.
func (scale) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind { return scaleKind }

func (s scale) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	obj, err := s.store.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	return scaleOf(obj)
}

func (s scale) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	obj, _, err := s.store.Update(ctx, name, scaling{kind: s.store.kind, name: name, scale: info}, scaleValidation(createValidation),
		scaleUpdateValidation(updateValidation), false, options)
	if err != nil {
		return nil, false, err
	}
	changed, err := scaleOf(obj)
	return changed, false, err
}

func (s scale) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	return rest.NewDefaultTableConvertor(s.store.DefaultQualifiedResource).ConvertToTable(ctx, object, options)
}

func scaleOf(obj runtime.Object) (*autoscalingv1.Scale, error) {
	of, ok := scaledBy(obj)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("%T has no scale", obj))
	}
	selector, err := metav1.LabelSelectorAsSelector(of.selector)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{
			Name: of.Name, Namespace: of.Namespace, UID: of.UID,
			ResourceVersion: of.ResourceVersion, CreationTimestamp: of.CreationTimestamp,
		},
		Spec:   autoscalingv1.ScaleSpec{Replicas: ptr.Deref(*of.wanted, 0)},
		Status: autoscalingv1.ScaleStatus{Replicas: of.replicas, Selector: selector.String()},
	}, nil
}

func scaleValidation(validate rest.ValidateObjectFunc) rest.ValidateObjectFunc {
	return func(ctx context.Context, obj runtime.Object) error {
		scale, err := scaleOf(obj)
		if err != nil {
			return err
		}
		return validate(ctx, scale)
	}
}

func scaleUpdateValidation(validate rest.ValidateObjectUpdateFunc) rest.ValidateObjectUpdateFunc {
	return func(ctx context.Context, obj, old runtime.Object) error {
		scale, err := scaleOf(obj)
		if err != nil {
			return err
		}
		was, err := scaleOf(old)
		if err != nil {
			return err
		}
		return validate(ctx, scale, was)
	}
}

// scaling turns a change of the scale into one of the object that is scaled.
type scaling struct {
	kind  *kind.Kind
	name  string
	scale rest.UpdatedObjectInfo
}

func (s scaling) Preconditions() *metav1.Preconditions { return s.scale.Preconditions() }

func (s scaling) UpdatedObject(ctx context.Context, old runtime.Object) (runtime.Object, error) {
	resource := schema.GroupResource{Group: s.kind.GroupVersion.Group, Resource: s.kind.Resource + "/scale"}
	changed := old.DeepCopyObject()
	target, ok := scaledBy(changed)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("expected existing object type to be %s, got %T", s.kind.Kind, old))
	}
	if target.ResourceVersion == "" { // there is none
		return nil, apierrors.NewNotFound(resource, s.name)
	}
	fields := managedfields.NewScaleHandler(target.ManagedFields, s.kind.GroupVersion, replicasPath)
	was, err := scaleOf(changed)
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
		return nil, apierrors.NewInvalid(scaleKind.GroupKind(), target.Name, errs)
	}
	if wanted.UID != "" && wanted.UID != target.UID {
		return nil, apierrors.NewConflict(resource, target.Name,
			fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", wanted.UID, target.UID))
	}
	*target.wanted = &wanted.Spec.Replicas
	target.ResourceVersion = wanted.ResourceVersion
	target.ManagedFields, err = fields.ToParent(wanted.ManagedFields)
	return changed, err
}

func validateScale(scale *autoscalingv1.Scale) field.ErrorList {
	errs := metav1validation.ValidateManagedFields(scale.ManagedFields, field.NewPath("metadata", "managedFields"))
	return append(errs, apivalidation.ValidateNonnegativeField(int64(scale.Spec.Replicas), field.NewPath("spec", "replicas"))...)
}
