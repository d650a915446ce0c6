package apiserver

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	storeerr "k8s.io/apiserver/pkg/storage/errors"
	"k8s.io/apiserver/pkg/util/dryrun"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// namespaceStore is the storage of namespaces. A deletion only marks the namespace as terminating; it goes when
// spec.finalizers is empty, which the namespace controller sees to after the content is gone.
type namespaceStore struct {
	namespaceVerbs
	store *store
}

// namespaceVerbs is what a namespace store has from the generic one: everything but deletion, and the deletion of collections.
type namespaceVerbs interface {
	rest.Storage
	rest.Scoper
	rest.SingularNameProvider
	rest.ShortNamesProvider
	rest.StorageVersionProvider
	rest.StorageWithReadiness
	rest.Getter
	rest.Lister
	rest.Watcher
	rest.Creater
	rest.Updater
	rest.ResetFieldsStrategy
}

func newNamespaceStore(s *store) *namespaceStore {
	return &namespaceStore{namespaceVerbs: s, store: s}
}

// namespaceIsDone says whether an update of a namespace that is being deleted ends it.
func namespaceIsDone(ctx context.Context, key string, obj, existing runtime.Object) bool {
	namespace, ok := obj.(*corev1.Namespace)
	return ok && len(namespace.Spec.Finalizers) == 0 && genericregistry.ShouldDeleteDuringUpdate(ctx, key, obj, existing)
}

// Delete starts the termination of a namespace, or ends it when nothing holds the namespace any more.
func (s *namespaceStore) Delete(ctx context.Context, name string, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, bool, error) {
	obj, err := s.store.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, false, err
	}
	namespace := obj.(*corev1.Namespace)
	if options, err = pinned(namespace, options); err != nil {
		return nil, false, err
	}
	if namespace.DeletionTimestamp.IsZero() {
		out, err := s.terminate(ctx, name, validate, options)
		return out, false, err
	}
	if len(namespace.Spec.Finalizers) != 0 {
		return namespace, false, nil
	}
	return s.store.Delete(ctx, name, validate, options)
}

// pinned makes sure that the namespace which was read is the one that will be deleted.
func pinned(namespace *corev1.Namespace, options *metav1.DeleteOptions) (*metav1.DeleteOptions, error) {
	if options == nil {
		options = metav1.NewDeleteOptions(0)
	}
	if options.Preconditions == nil {
		options.Preconditions = &metav1.Preconditions{}
	}
	if options.Preconditions.UID == nil {
		options.Preconditions.UID = &namespace.UID
	} else if want := *options.Preconditions.UID; want != namespace.UID {
		return nil, apierrors.NewConflict(corev1.Resource("namespaces"), namespace.Name,
			fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", want, namespace.UID))
	}
	if want := options.Preconditions.ResourceVersion; want != nil && *want != namespace.ResourceVersion {
		return nil, apierrors.NewConflict(corev1.Resource("namespaces"), namespace.Name,
			fmt.Errorf("Precondition failed: ResourceVersion in precondition: %v, ResourceVersion in object meta: %v", *want, namespace.ResourceVersion))
	}
	return options, nil
}

func (s *namespaceStore) terminate(ctx context.Context, name string, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, error) {
	key, err := s.store.KeyFunc(ctx, name)
	if err != nil {
		return nil, err
	}
	out := s.store.NewFunc()
	preconditions := &storage.Preconditions{UID: options.Preconditions.UID, ResourceVersion: options.Preconditions.ResourceVersion}
	mark := storage.SimpleUpdate(func(existing runtime.Object) (runtime.Object, error) {
		if err := validate(ctx, existing); err != nil {
			return nil, err
		}
		namespace := existing.(*corev1.Namespace)
		if namespace.DeletionTimestamp.IsZero() {
			now := metav1.Now()
			namespace.DeletionTimestamp = &now
		}
		namespace.Status.Phase = corev1.NamespaceTerminating
		namespace.Finalizers = propagated(namespace.Finalizers, options)
		return namespace, nil
	})
	err = s.store.Storage.GuaranteedUpdate(ctx, key, out, false, preconditions, mark, dryrun.IsDryRun(options.DryRun), nil)
	if err != nil {
		err = storeerr.InterpretGetError(err, corev1.Resource("namespaces"), name)
		err = storeerr.InterpretUpdateError(err, corev1.Resource("namespaces"), name)
		if _, ok := err.(*apierrors.StatusError); !ok {
			err = apierrors.NewInternalError(err)
		}
		return nil, err
	}
	return out, nil
}

// propagated returns the finalizers with those of the garbage collector as the options ask for.
func propagated(finalizers []string, options *metav1.DeleteOptions) []string {
	for finalizer, policy := range map[string]metav1.DeletionPropagation{
		metav1.FinalizerOrphanDependents: metav1.DeletePropagationOrphan,
		metav1.FinalizerDeleteDependents: metav1.DeletePropagationForeground,
	} {
		want := slices.Contains(finalizers, finalizer)
		if options.OrphanDependents != nil { //nolint:staticcheck // older clients still send it
			want = *options.OrphanDependents == (policy == metav1.DeletePropagationOrphan)
		} else if options.PropagationPolicy != nil {
			want = *options.PropagationPolicy == policy
		}
		finalizers = slices.DeleteFunc(slices.Clone(finalizers), func(f string) bool { return f == finalizer })
		if want {
			finalizers = append(finalizers, finalizer)
		}
	}
	return finalizers
}

// finalize is the subresource by which the namespace controller takes its finalizer away. It can be written, not read.
type finalize struct{ part *part }

func (f finalize) New() runtime.Object { return f.part.New() }

// Destroy leaves the storage to the store that owns it.
func (finalize) Destroy() {}

func (f finalize) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, force bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return f.part.Update(ctx, name, info, createValidation, updateValidation, force, options)
}

func (f finalize) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return f.part.GetResetFields()
}
