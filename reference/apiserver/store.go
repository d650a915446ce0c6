package apiserver

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/plumbline/plumbline/reference/kind"
)

// store is the REST storage of a kind.
type store struct {
	*genericregistry.Store
	kind *kind.Kind
}

// ShortNames and Categories go into discovery.
func (s *store) ShortNames() []string { return s.kind.ShortNames }
func (s *store) Categories() []string { return s.kind.Categories }

// newStore builds the storage of a kind: the library's generic store, steered by the kind's entry.
func newStore(k *kind.Kind, options generic.RESTOptionsGetter) (*store, error) {
	base := newStrategy(k)
	var creation rest.RESTCreateStrategy = base
	var update rest.RESTUpdateStrategy = base
	var deletion rest.RESTDeleteStrategy = base
	switch {
	case k.GracefulDelete != nil:
		deletion = gracefulStrategy{base}
	case k == &kind.Event:
		creation, update, deletion = eventStrategy{base}, eventStrategy{base}, eventStrategy{base}
	}
	s := &genericregistry.Store{
		NewFunc:                   k.New,
		NewListFunc:               k.NewList,
		DefaultQualifiedResource:  k.GroupVersion.WithResource(k.Resource).GroupResource(),
		SingularQualifiedResource: k.GroupVersion.WithResource(k.Singular).GroupResource(),
		PredicateFunc:             predicate(k),
		CreateStrategy:            creation,
		UpdateStrategy:            update,
		DeleteStrategy:            deletion,
		ResetFieldsStrategy:       base,
		TableConvertor:            newTableConvertor(k),
		ReturnDeletedObject:       k == &kind.Pod || k == &kind.Namespace || k == &kind.Service,
	}
	if k == &kind.Namespace {
		s.ShouldDeleteDuringUpdate = namespaceIsDone // of the status subresource too
	}
	if k.TTL > 0 {
		s.TTLFunc = func(runtime.Object, uint64, bool) (uint64, error) { return uint64(k.TTL / time.Second), nil }
	}
	storeOptions := &generic.StoreOptions{RESTOptions: options, AttrFunc: attributes(k)}
	if k == &kind.Pod {
		// Every node agent watches the Pods of its node: an index keeps a change from being offered to all of them.
		storeOptions.TriggerFunc = storage.IndexerFuncs{nodeName: func(obj runtime.Object) string { return obj.(*corev1.Pod).Spec.NodeName }}
		storeOptions.Indexers = &cache.Indexers{storage.FieldIndex(nodeName): func(obj any) ([]string, error) {
			return []string{obj.(*corev1.Pod).Spec.NodeName}, nil
		}}
	}
	if err := s.CompleteWithOptions(storeOptions); err != nil {
		return nil, fmt.Errorf("make the storage of %s: %w", k.Resource, err)
	}
	return &store{Store: s, kind: k}, nil
}

// nodeName is the field by which Pods are selected most often.
const nodeName = "spec.nodeName"

// attributes tells the labels of an object, and the fields that it can be selected by.
func attributes(k *kind.Kind) storage.AttrFunc {
	return func(obj runtime.Object) (labels.Set, fields.Set, error) {
		m, err := meta.Accessor(obj)
		if err != nil {
			return nil, nil, err
		}
		set := fields.Set{}
		if k.Fields != nil {
			set = k.Fields(obj)
		}
		set["metadata.name"] = m.GetName()
		if k.Namespaced {
			set["metadata.namespace"] = m.GetNamespace()
		}
		return m.GetLabels(), set, nil
	}
}

func predicate(k *kind.Kind) func(labels.Selector, fields.Selector) storage.SelectionPredicate {
	attrs := attributes(k)
	return func(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
		p := storage.SelectionPredicate{Label: label, Field: field, GetAttrs: attrs}
		if k == &kind.Pod {
			p.IndexFields = []string{nodeName}
		}
		return p
	}
}

// part is a subresource that reads and writes a part of the whole object, such as its status.
type part struct {
	store *genericregistry.Store
}

// newPart derives a subresource from a store: same objects, another strategy.
func newPart(s *store, update interface {
	rest.RESTUpdateStrategy
	rest.ResetFieldsStrategy
}) *part {
	derived := *s.Store
	derived.UpdateStrategy = update
	derived.ResetFieldsStrategy = update
	return &part{store: &derived}
}

func (p *part) New() runtime.Object { return p.store.New() }

// Destroy leaves the storage to the store that owns it.
func (p *part) Destroy() {}

func (p *part) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return p.store.Get(ctx, name, options)
}

// Update never creates, whatever the client asked for.
func (p *part) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return p.store.Update(ctx, name, info, createValidation, updateValidation, false, options)
}

func (p *part) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return p.store.GetResetFields()
}

func (p *part) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	return p.store.ConvertToTable(ctx, object, options)
}
