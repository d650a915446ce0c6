package apiserver

import (
	"context"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	storeerr "k8s.io/apiserver/pkg/storage/errors"
	"k8s.io/apiserver/pkg/util/dryrun"

	"github.com/plumbline/plumbline/reference/kind"
)

// binding gives a Pod its node, once. (pkg/registry/core/pod/storage in Kubernetes)
type binding struct{ pods *store }

func (binding) New() runtime.Object { return &corev1.Binding{} }

// Destroy leaves the storage to the store that owns it.
func (binding) Destroy() {}

// PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate keeps the UID and the resource version, which are preconditions here.
func (binding) PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate() bool { return true }

func (b binding) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	wanted, ok := obj.(*corev1.Binding)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a Binding object: %T", obj))
	}
	if name != wanted.Name {
		return nil, apierrors.NewBadRequest("name in URL does not match name in Binding object")
	}
	if errs := kind.ValidateBinding(wanted); len(errs) > 0 {
		return nil, apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Binding").GroupKind(), name, errs)
	}
	if validate != nil {
		if err := validate(ctx, wanted.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	if err := b.assign(ctx, wanted, dryrun.IsDryRun(options.DryRun)); err != nil {
		return nil, err
	}
	return &metav1.Status{Status: metav1.StatusSuccess}, nil
}

func (b binding) assign(ctx context.Context, wanted *corev1.Binding, dryRun bool) error {
	key, err := b.pods.KeyFunc(ctx, wanted.Name)
	if err != nil {
		return err
	}
	var preconditions *storage.Preconditions
	if wanted.UID != "" || wanted.ResourceVersion != "" {
		preconditions = &storage.Preconditions{}
		if wanted.UID != "" {
			preconditions.UID = &wanted.UID
		}
		if wanted.ResourceVersion != "" {
			preconditions.ResourceVersion = &wanted.ResourceVersion
		}
	}
	update := storage.SimpleUpdate(func(obj runtime.Object) (runtime.Object, error) {
		pod := obj.(*corev1.Pod)
		return pod, bind(pod, wanted, metav1.Now())
	})
	err = b.pods.Storage.GuaranteedUpdate(ctx, key, &corev1.Pod{}, false, preconditions, update, dryRun, nil)
	if err == nil {
		return nil
	}
	err = storeerr.InterpretGetError(err, corev1.Resource("pods"), wanted.Name)
	err = storeerr.InterpretUpdateError(err, corev1.Resource("pods"), wanted.Name)
	var status *apierrors.StatusError
	if !errors.As(err, &status) {
		err = apierrors.NewConflict(corev1.Resource("pods/binding"), wanted.Name, err)
	}
	return err
}

// bind puts a Pod on a node, if it can still be put anywhere.
func bind(pod *corev1.Pod, wanted *corev1.Binding, now metav1.Time) error {
	switch {
	case pod.DeletionTimestamp != nil:
		return fmt.Errorf("pod %s is being deleted, cannot be assigned to a host", pod.Name)
	case pod.Spec.NodeName != "":
		return fmt.Errorf("pod %v is already assigned to node %q", pod.Name, pod.Spec.NodeName)
	case len(pod.Spec.SchedulingGates) != 0:
		return fmt.Errorf("pod %v has non-empty .spec.schedulingGates", pod.Name)
	}
	pod.Spec.NodeName = wanted.Target.Name
	pod.Status.NominatedNodeName = ""
	pod.Annotations = merged(pod.Annotations, wanted.Annotations)
	pod.Labels = merged(pod.Labels, wanted.Labels)
	setCondition(&pod.Status, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, now)
	return nil
}

func merged(base, more map[string]string) map[string]string {
	if base == nil && len(more) > 0 {
		base = map[string]string{}
	}
	maps.Copy(base, more)
	return base
}

// setCondition replaces the condition of the same type. The time of transition changes only when the condition's status does.
func setCondition(status *corev1.PodStatus, condition corev1.PodCondition, now metav1.Time) {
	condition.LastTransitionTime = now
	for i, old := range status.Conditions {
		if old.Type != condition.Type {
			continue
		}
		if old.Status == condition.Status {
			condition.LastTransitionTime = old.LastTransitionTime
		}
		status.Conditions[i] = condition
		return
	}
	status.Conditions = append(status.Conditions, condition)
}

// legacyBinding is the resource bindings, by which the name of the Pod comes with the object.
type legacyBinding struct{ binding }

func (legacyBinding) NamespaceScoped() bool   { return true }
func (legacyBinding) GetSingularName() string { return "binding" }

func (b legacyBinding) Create(ctx context.Context, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	wanted, ok := obj.(*corev1.Binding)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a Binding object: %T", obj))
	}
	return b.binding.Create(ctx, wanted.Name, obj, validate, options)
}
