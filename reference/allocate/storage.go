package allocate

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"

	"github.com/plumbline/plumbline/reference/kind"
)

// Storage is the Services' registry store with allocation. Embed it where a store is embedded.
//
// A registry store calls its hooks before it writes, and does not tell them what became of the write. Storage waits for
// that: an address is not given up before the Service without it is stored, and none is given back that a Service may
// have got after all.
type Storage struct {
	*registry.Store
	services *Services
}

// NewStorage sets the hooks of store, which must be complete, and returns it with allocation.
func NewStorage(store *registry.Store, services *Services) *Storage {
	store.BeginCreate = func(ctx context.Context, obj runtime.Object, options *metav1.CreateOptions) (registry.FinishFunc, error) {
		return services.beginIn(ctx, obj, nil, dryrun.IsDryRun(options.DryRun))
	}
	store.BeginUpdate = func(ctx context.Context, obj, old runtime.Object, options *metav1.UpdateOptions) (registry.FinishFunc, error) {
		return services.beginIn(ctx, obj, old, dryrun.IsDryRun(options.DryRun))
	}
	store.AfterDelete = services.AfterDelete
	store.Decorator = services.Decorate
	if services.options.List == nil {
		services.options.List = func(ctx context.Context) ([]corev1.Service, error) {
			obj, err := store.List(request.WithNamespace(ctx, metav1.NamespaceAll), &internalversion.ListOptions{})
			if err != nil {
				return nil, err
			}
			list, ok := obj.(*corev1.ServiceList)
			if !ok {
				return nil, fmt.Errorf("list of Services is a %T", obj)
			}
			return list.Items, nil
		}
	}
	return &Storage{Store: store, services: services}
}

// Create stores a new Service with its addresses and ports.
func (s *Storage) Create(ctx context.Context, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	ctx, attempts := withAttempts(ctx)
	out, err := s.Store.Create(ctx, obj, validate, options)
	attempts.settle(err)
	return out, err
}

// Update changes a Service, or creates it where there is none.
func (s *Storage) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, create rest.ValidateObjectFunc, update rest.ValidateObjectUpdateFunc, allowCreate bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	ctx, attempts := withAttempts(ctx)
	out, created, err := s.Store.Update(ctx, name, info, create, update, allowCreate, options)
	attempts.settle(err)
	return out, created, err
}

// beginIn allocates for one attempt to write. Within a Storage's own methods the outcome is theirs to tell, else the
// store's.
func (s *Services) beginIn(ctx context.Context, obj, old runtime.Object, dryRun bool) (registry.FinishFunc, error) {
	svc, ok := obj.(*corev1.Service)
	if !ok {
		return nil, fmt.Errorf("allocate for a %T", obj)
	}
	was, _ := old.(*corev1.Service)
	request, tracked := ctx.Value(attemptsKey{}).(*attempts)
	var earlier []*transaction
	if tracked {
		earlier = request.before()
	}
	t, err := s.begin(ctx, svc, was, dryRun, earlier)
	if err != nil {
		return nil, err
	}
	if tracked {
		request.add(t)
		return func(context.Context, bool) {}, nil
	}
	return func(_ context.Context, success bool) {
		if success {
			t.commit()
		} else {
			t.revert()
		}
	}, nil
}

// AfterDelete releases what a deleted Service had. It is the hook of the main and of the status store, since an update of
// the status may remove the last finalizer.
func (s *Services) AfterDelete(obj runtime.Object, options *metav1.DeleteOptions) {
	svc, ok := obj.(*corev1.Service)
	if !ok || dryrun.IsDryRun(options.DryRun) {
		return
	}
	ctx, cancel := context.WithTimeout(s.background(), settleTimeout)
	defer cancel()
	s.Release(ctx, svc)
}

// Decorate completes Services, or a list of them, as they are read.
func (s *Services) Decorate(obj runtime.Object) {
	switch obj := obj.(type) {
	case *corev1.Service:
		s.DefaultOnRead(obj)
	case *corev1.ServiceList:
		for i := range obj.Items {
			s.DefaultOnRead(&obj.Items[i])
		}
	}
}

// DefaultOnRead fills in what a stored Service may lack because something older than this allocator wrote it.
func (s *Services) DefaultOnRead(svc *corev1.Service) {
	spec := &svc.Spec
	syncClusterIPs(svc, nil)
	if !kind.NeedsClusterIP(svc) {
		spec.InternalTrafficPolicy = nil
		return
	}
	if len(spec.IPFamilies) > 0 {
		return
	}
	single, dual := corev1.IPFamilyPolicySingleStack, corev1.IPFamilyPolicyRequireDualStack
	switch {
	case spec.ClusterIP == corev1.ClusterIPNone && len(spec.Selector) == 0:
		spec.IPFamilyPolicy, spec.IPFamilies = &dual, []corev1.IPFamily{s.primary, otherFamily(s.primary)}
	case spec.ClusterIP == corev1.ClusterIPNone:
		spec.IPFamilyPolicy, spec.IPFamilies = &single, []corev1.IPFamily{s.primary}
	default:
		for _, ip := range spec.ClusterIPs {
			spec.IPFamilies = append(spec.IPFamilies, familyOf(ip))
		}
		switch len(spec.IPFamilies) {
		case 1:
			spec.IPFamilyPolicy = &single
		case 2:
			spec.IPFamilyPolicy = &dual
		}
	}
}

// attempts are the transactions of one request, which is tried again when somebody else wrote in between.
type attempts struct {
	mu  sync.Mutex
	all []*transaction
}

type attemptsKey struct{}

func withAttempts(ctx context.Context) (context.Context, *attempts) {
	a := &attempts{}
	return context.WithValue(ctx, attemptsKey{}, a), a
}

func (a *attempts) before() []*transaction {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

func (a *attempts) add(t *transaction) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, t)
}

// settle ends the request's transactions by its outcome. What earlier attempts took and the last did not is given back; so
// is all that a refused request took. Where it is unknown if the Service was stored, claims stay for the repair loop to
// judge.
func (a *attempts) settle(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, t := range a.all {
		switch {
		case i < len(a.all)-1, err != nil && certain(err):
			t.revert()
		case err != nil:
			t.abandon()
		default:
			t.commit()
		}
	}
}

// certain says whether err means that nothing was stored.
func certain(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) ||
		apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) || apierrors.IsRequestEntityTooLargeError(err) ||
		apierrors.IsMethodNotSupported(err) || apierrors.IsUnauthorized(err)
}
