package apiserver

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// guarded makes a client's mistakes, where the storage finds them, the client's: the library calls them internal errors.
func guarded(decorate generic.StorageDecorator) generic.StorageDecorator {
	return func(config *storagebackend.ConfigForResource, prefix string, key func(runtime.Object) (string, error),
		newFunc, newListFunc func() runtime.Object, attrs storage.AttrFunc, triggers storage.IndexerFuncs,
		indexers *cache.Indexers) (storage.Interface, factory.DestroyFunc, error) {
		s, destroy, err := decorate(config, prefix, key, newFunc, newListFunc, attrs, triggers, indexers)
		if err != nil {
			return nil, destroy, err
		}
		return guard{Interface: s, resource: config.GroupResource}, destroy, nil
	}
}

// guard is a storage whose errors tell whose fault they are.
type guard struct {
	storage.Interface
	resource schema.GroupResource
}

func (g guard) Versioner() storage.Versioner {
	return guardedVersioner{Versioner: g.Interface.Versioner(), resource: g.resource}
}

func (g guard) Create(ctx context.Context, key string, obj, out runtime.Object, ttl uint64) error {
	return blame(g.Interface.Create(ctx, key, obj, out, ttl))
}

func (g guard) GuaranteedUpdate(ctx context.Context, key string, destination runtime.Object, ignoreNotFound bool,
	preconditions *storage.Preconditions, tryUpdate storage.UpdateFunc, cached runtime.Object) error {
	return blame(g.Interface.GuaranteedUpdate(ctx, key, destination, ignoreNotFound, preconditions, tryUpdate, cached))
}

func (g guard) Get(ctx context.Context, key string, opts storage.GetOptions, out runtime.Object) error {
	return blame(g.Interface.Get(ctx, key, opts, out))
}

func (g guard) GetList(ctx context.Context, key string, opts storage.ListOptions, out runtime.Object) error {
	return blame(g.Interface.GetList(ctx, key, opts, out))
}

func (g guard) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	w, err := g.Interface.Watch(ctx, key, opts)
	return w, blame(err)
}

// blame turns errors that the request itself made into answers that say so.
func blame(err error) error {
	var invalid storage.InvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return apierrors.NewBadRequest(err.Error())
	case errors.Is(err, rpctypes.ErrRequestTooLarge), status.Code(err) == codes.ResourceExhausted && !errors.Is(err, rpctypes.ErrNoSpace):
		// By etcd's limit, or already by its client's.
		return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("the object is too large to be stored: %v", err))
	}
	return err
}

// guardedVersioner refuses objects whose resource version is none.
type guardedVersioner struct {
	storage.Versioner
	resource schema.GroupResource
}

func (v guardedVersioner) ObjectResourceVersion(obj runtime.Object) (uint64, error) {
	version, err := v.Versioner.ObjectResourceVersion(obj)
	if err == nil {
		return version, nil
	}
	m, metaErr := meta.Accessor(obj)
	if metaErr != nil {
		return 0, err
	}
	return 0, apierrors.NewInvalid(schema.GroupKind{Group: v.resource.Group, Kind: v.resource.Resource}, m.GetName(), field.ErrorList{
		field.Invalid(field.NewPath("metadata", "resourceVersion"), m.GetResourceVersion(), err.Error()),
	})
}
