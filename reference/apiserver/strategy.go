package apiserver

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/operation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/apiserver/pkg/warning"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/plumbline/plumbline/reference/kind"
)

// strategy lets the library's generic store ask an entry of the kinds' table.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	kind *kind.Kind
}

func newStrategy(k *kind.Kind) strategy {
	return strategy{ObjectTyper: scheme, NameGenerator: names.SimpleNameGenerator, kind: k}
}

func (s strategy) NamespaceScoped() bool { return s.kind.Namespaced }

func (s strategy) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	if s.kind.WarnMended != nil {
		for _, text := range s.kind.WarnMended(obj) {
			warning.AddWarning(ctx, "", text)
		}
	}
	if s.kind.PrepareCreate != nil {
		s.kind.PrepareCreate(obj)
	}
}

func (s strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	if s.kind.Validate == nil {
		return nil
	}
	return bounded(s.kind.Validate(obj))
}

// maxErrors bounds what one answer says is wrong. The library joins errors in time that grows with the square of their number:
// an object of some hundred thousand mistakes would keep it busy until the request times out.
const maxErrors = 1000

func bounded(errs field.ErrorList) field.ErrorList {
	return errs[:min(len(errs), maxErrors)]
}

func (s strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	if s.kind.Warn == nil {
		return nil
	}
	return s.kind.Warn(obj, nil)
}

// Canonicalize applies defaults once more to an object whose name was generated: a default may be made of the name, as the
// label kubernetes.io/metadata.name of a Namespace is, and there was none yet when the object was decoded.
func (s strategy) Canonicalize(obj runtime.Object) {
	if s.kind.Default == nil {
		return
	}
	if m, err := meta.Accessor(obj); err == nil && m.GetGenerateName() != "" {
		s.kind.Default(obj)
	}
}

func (s strategy) AllowCreateOnUpdate(context.Context) bool { return s.kind.AllowCreateOnUpdate }

func (s strategy) AllowUnconditionalUpdate(context.Context) bool {
	return s.kind.AllowUnconditionalUpdate
}

func (s strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	if s.kind.PrepareUpdate != nil {
		s.kind.PrepareUpdate(obj, old)
	}
}

func (s strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	if s.kind.ValidateUpdate == nil {
		return nil
	}
	return bounded(s.kind.ValidateUpdate(obj, old))
}

func (s strategy) WarningsOnUpdate(_ context.Context, obj, old runtime.Object) []string {
	if s.kind.Warn == nil {
		return nil
	}
	return s.kind.Warn(obj, old)
}

// GetResetFields keeps server-side apply from owning what an update through this endpoint does not change.
func (s strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	if s.kind.Status == nil {
		return nil
	}
	return resets(s.kind, fieldpath.MakePathOrDie("status"))
}

// ValidateDeclaratively has no rules of its own. It makes one error of what the library and the kind both found, as
// upstream's declarative validation does by the way.
func (strategy) ValidateDeclaratively(_ context.Context, _, _ runtime.Object, errs field.ErrorList, _ operation.Type,
	_ rest.DeclarativeValidationConfig) field.ErrorList {
	return errs.Filter()
}

// DeclarativeValidationConfig is needed for ValidateDeclaratively only.
func (strategy) DeclarativeValidationConfig(context.Context, runtime.Object, runtime.Object) rest.DeclarativeValidationConfig {
	return rest.DeclarativeValidationConfig{}
}

// gracefulStrategy is a strategy for a kind that may stay for a while after its deletion was asked for.
type gracefulStrategy struct{ strategy }

func (s gracefulStrategy) CheckGracefulDelete(ctx context.Context, obj runtime.Object, options *metav1.DeleteOptions) bool {
	if options == nil {
		return false
	}
	restorePeriod(ctx, options)
	return s.kind.GracefulDelete(obj, options)
}

// eventStrategy is a strategy for a kind whose objects own nothing and wait for nothing. What comes by way of
// events.k8s.io is judged more strictly than what comes by way of the core group.
type eventStrategy struct{ strategy }

func (s eventStrategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	if event, ok := obj.(*corev1.Event); ok && viaEventsGroup(ctx) {
		return kind.ValidateEventsV1(event)
	}
	return s.strategy.Validate(ctx, obj)
}

func (s eventStrategy) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	event, ok := obj.(*corev1.Event)
	was, wasOK := old.(*corev1.Event)
	if ok && wasOK && viaEventsGroup(ctx) {
		return kind.ValidateEventsV1Update(event, was)
	}
	return s.strategy.ValidateUpdate(ctx, obj, old)
}

func viaEventsGroup(ctx context.Context) bool {
	info, ok := request.RequestInfoFrom(ctx)
	return ok && info.APIGroup == eventsv1.GroupName
}

func (eventStrategy) DefaultGarbageCollectionPolicy(context.Context) rest.GarbageCollectionPolicy {
	return rest.Unsupported
}

// partStrategy is a strategy for a subresource that changes a part of the object, such as its status.
type partStrategy struct {
	strategy
	part   *kind.Status
	resets []fieldpath.Path
}

// newStatusStrategy is the strategy of a kind's status subresource.
func newStatusStrategy(k *kind.Kind) partStrategy {
	s := partStrategy{strategy: newStrategy(k), part: k.Status, resets: []fieldpath.Path{fieldpath.MakePathOrDie("spec")}}
	if k.Status != nil {
		for _, name := range k.Status.Keeps {
			s.resets = append(s.resets, fieldpath.MakePathOrDie("metadata", name))
		}
	}
	return s
}

func (s partStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	if s.part.PrepareUpdate != nil {
		s.part.PrepareUpdate(obj, old)
	}
}

func (s partStrategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	if s.part.ValidateUpdate == nil {
		return nil
	}
	return bounded(s.part.ValidateUpdate(obj, old))
}

func (partStrategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

func (s partStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return resets(s.kind, s.resets...)
}

func resets(k *kind.Kind, paths ...fieldpath.Path) map[fieldpath.APIVersion]*fieldpath.Set {
	sets := map[fieldpath.APIVersion]*fieldpath.Set{}
	for _, version := range scheme.PrioritizedVersionsForGroup(k.GroupVersion.Group) {
		sets[fieldpath.APIVersion(version.String())] = fieldpath.NewSet(paths...)
	}
	return sets
}
