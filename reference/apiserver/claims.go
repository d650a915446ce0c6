package apiserver

import (
	"context"
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/component-helpers/storage/volume"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/storage"
)

// storageAdmission does what upstream's plugins DefaultStorageClass, StorageObjectInUseProtection and PersistentVolumeClaimResize
// do: claims without a class get the default one, volumes and claims are protected while they are in use, and only what a class
// lets grow may grow.
type storageAdmission struct {
	*admission.Handler
	classes *store // known once the storage is built
}

func newStorageAdmission() *storageAdmission {
	return &storageAdmission{Handler: admission.NewHandler(admission.Create, admission.Update)}
}

func (s *storageAdmission) Admit(ctx context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	if a.GetOperation() != admission.Create || a.GetSubresource() != "" {
		return nil
	}
	switch object := a.GetObject().(type) {
	case *corev1.PersistentVolume:
		object.Finalizers = with(object.Finalizers, storage.VolumeProtection)
	case *corev1.PersistentVolumeClaim:
		object.Finalizers = with(object.Finalizers, storage.ClaimProtection)
		if volume.PersistentVolumeClaimHasClass(object) {
			return nil
		}
		class, err := s.defaultClass(ctx)
		if err != nil {
			return admission.NewForbidden(a, err)
		}
		if class != "" {
			object.Spec.StorageClassName = &class
		}
	}
	return nil
}

func with(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// defaultClass is the newest class that is marked as the default, the first by name among several of one age; "" when there is none.
func (s *storageAdmission) defaultClass(ctx context.Context) (string, error) {
	list, err := s.classes.List(clusterScope(ctx, "storageclasses"), &internalversion.ListOptions{})
	if err != nil {
		return "", apierrors.NewInternalError(err)
	}
	classes, ok := list.(*storagev1.StorageClassList)
	if !ok {
		return "", errors.New("the list of storage classes holds something else")
	}
	defaults := slices.DeleteFunc(slices.Clone(classes.Items), func(class storagev1.StorageClass) bool {
		return class.Annotations[kind.DefaultClassAnnotation] != "true"
	})
	if len(defaults) == 0 {
		return "", nil
	}
	return slices.MinFunc(defaults, func(a, b storagev1.StorageClass) int {
		if order := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); order != 0 {
			return order
		}
		return strings.Compare(a.Name, b.Name)
	}).Name, nil
}

// Validate lets a claim ask for more only if it is bound, and its class lets volumes grow.
func (s *storageAdmission) Validate(ctx context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	claim, ok := a.GetObject().(*corev1.PersistentVolumeClaim)
	old, wasOK := a.GetOldObject().(*corev1.PersistentVolumeClaim)
	if !ok || !wasOK || a.GetSubresource() != "" {
		return nil
	}
	size, oldSize := claim.Spec.Resources.Requests[corev1.ResourceStorage], old.Spec.Resources.Requests[corev1.ResourceStorage]
	if size.Cmp(oldSize) <= 0 {
		return nil
	}
	if old.Status.Phase != corev1.ClaimBound {
		return admission.NewForbidden(a, errors.New("Only bound persistent volume claims can be expanded")) //nolint:staticcheck // upstream's words
	}
	if !s.grows(ctx, volume.GetPersistentVolumeClaimClass(claim), volume.GetPersistentVolumeClaimClass(old)) {
		return admission.NewForbidden(a, errors.New("only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"))
	}
	return nil
}

func (s *storageAdmission) grows(ctx context.Context, name, old string) bool {
	if name == "" || name != old {
		return false
	}
	object, err := s.classes.Get(clusterScope(ctx, "storageclasses"), name, &metav1.GetOptions{})
	if err != nil {
		return false
	}
	class, ok := object.(*storagev1.StorageClass)
	return ok && class.AllowVolumeExpansion != nil && *class.AllowVolumeExpansion
}
