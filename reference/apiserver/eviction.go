package apiserver

import (
	"context"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"
)

// eviction deletes a Pod and says in its status why. (pkg/registry/core/pod/storage/eviction.go in Kubernetes)
type eviction struct {
	pods   *store
	status *part
}

var evictionKind = policyv1.SchemeGroupVersion.WithKind("Eviction")

func (eviction) New() runtime.Object { return &policyv1.Eviction{} }

// Destroy leaves the storage to the store that owns it.
func (eviction) Destroy() {}

// GroupVersionKind tells discovery that the body is of another group than the Pod.
func (eviction) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind { return evictionKind }

// AcceptsGroupVersion lets the body be of another group than the path. Of the group's older version clients are still about.
func (eviction) AcceptsGroupVersion(version schema.GroupVersion) bool {
	return version == policyv1.SchemeGroupVersion || version == policyv1beta1.SchemeGroupVersion
}

// addOldEviction teaches a scheme to read evictions of the version before v1, which says the same in the same fields.
func addOldEviction(s *runtime.Scheme) error {
	s.AddKnownTypes(policyv1beta1.SchemeGroupVersion, &policyv1beta1.Eviction{})
	return s.AddConversionFunc((*policyv1beta1.Eviction)(nil), (*policyv1.Eviction)(nil), func(from, to any, _ conversion.Scope) error {
		old, eviction := from.(*policyv1beta1.Eviction), to.(*policyv1.Eviction)
		eviction.ObjectMeta, eviction.DeleteOptions = old.ObjectMeta, old.DeleteOptions
		return nil
	})
}

func (e eviction) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	wanted, ok := obj.(*policyv1.Eviction)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a Eviction object: %T", obj))
	}
	if name != wanted.Name {
		return nil, apierrors.NewBadRequest("name in URL does not match name in Eviction object")
	}
	deletion, err := evictionOptions(wanted, options)
	if err != nil {
		return nil, err
	}
	if validate != nil {
		if err := validate(ctx, wanted.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	if !dryrun.IsDryRun(deletion.DryRun) {
		if deletion, err = e.mark(ctx, name, deletion); err != nil {
			return nil, err
		}
	}
	if _, _, err := e.pods.Delete(ctx, name, rest.ValidateAllObjectFunc, deletion); err != nil {
		return nil, err
	}
	return &metav1.Status{Status: metav1.StatusSuccess}, nil
}

// evictionOptions joins the options of the request and those in its body.
func evictionOptions(wanted *policyv1.Eviction, options *metav1.CreateOptions) (*metav1.DeleteOptions, error) {
	deletion := wanted.DeleteOptions
	if deletion == nil {
		return &metav1.DeleteOptions{DryRun: options.DryRun}, nil
	}
	if unsafe := deletion.IgnoreStoreReadErrorWithClusterBreakingPotential; unsafe != nil && *unsafe {
		return nil, apierrors.NewInvalid(evictionKind.GroupKind(), wanted.Name, field.ErrorList{field.Invalid(
			field.NewPath("deleteOptions").Child("ignoreStoreReadErrorWithClusterBreakingPotential"), true,
			"can not be set for pod eviction, try after removing the option")})
	}
	switch {
	case len(deletion.DryRun) == 0:
		deletion.DryRun = options.DryRun
	case len(options.DryRun) > 0 && !reflect.DeepEqual(options.DryRun, deletion.DryRun):
		return nil, apierrors.NewBadRequest(fmt.Sprintf("Non-matching dry-run options in request and content: %v and %v", options.DryRun, deletion.DryRun))
	}
	return deletion, nil
}

// mark says in the Pod's status that it is evicted. Preconditions are of the Pod before; the options that are returned are of the Pod after.
func (e eviction) mark(ctx context.Context, name string, deletion *metav1.DeleteOptions) (*metav1.DeleteOptions, error) {
	latest := func(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
		pod := old.(*corev1.Pod).DeepCopy()
		if p := deletion.Preconditions; p != nil {
			if p.UID != nil && *p.UID != "" && *p.UID != pod.UID {
				return nil, apierrors.NewConflict(schema.GroupResource{Resource: "Pod"}, name,
					fmt.Errorf("the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted and then recreated", *p.UID, pod.UID))
			}
			if p.ResourceVersion != nil && *p.ResourceVersion != "" && *p.ResourceVersion != pod.ResourceVersion {
				return nil, apierrors.NewConflict(schema.GroupResource{Resource: "Pod"}, name,
					fmt.Errorf("the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The object might have been modified", *p.ResourceVersion, pod.ResourceVersion))
			}
		}
		setCondition(&pod.Status, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue,
			Reason: "EvictionByEvictionAPI", Message: "Eviction API: evicting",
		}, metav1.Now())
		return pod, nil
	}
	obj, _, err := e.status.Update(ctx, name, rest.DefaultUpdatedObjectInfo(nil, latest), rest.ValidateAllObjectFunc,
		rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	if deletion.Preconditions != nil && deletion.Preconditions.ResourceVersion != nil {
		deletion = deletion.DeepCopy()
		deletion.Preconditions.ResourceVersion = &obj.(*corev1.Pod).ResourceVersion
	}
	return deletion, nil
}
