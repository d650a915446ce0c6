package allocate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/plumbline/plumbline/reference/kind"
)

// serviceStrategy judges Services as the API server does.
type serviceStrategy struct {
	runtime.ObjectTyper
	names.NameGenerator
}

func (serviceStrategy) NamespaceScoped() bool                         { return true }
func (serviceStrategy) AllowCreateOnUpdate(context.Context) bool      { return true }
func (serviceStrategy) AllowUnconditionalUpdate(context.Context) bool { return true }
func (serviceStrategy) Canonicalize(runtime.Object)                   {}
func (serviceStrategy) PrepareForCreate(_ context.Context, obj runtime.Object) {
	kind.Service.PrepareCreate(obj)
}
func (serviceStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	kind.Service.PrepareUpdate(obj, old)
}
func (serviceStrategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return kind.Service.Validate(obj)
}
func (serviceStrategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return kind.Service.ValidateUpdate(obj, old)
}
func (serviceStrategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }
func (serviceStrategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// newStorage is a real registry store over etcd, with allocation.
func newStorage(t *testing.T) (context.Context, *Storage, *Services) {
	t.Helper()
	services, _ := newServices(t, "10.96.0.0/24", "30000-32767", func(o *Options) { o.List = nil })
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	scheme.AddKnownTypes(schema.GroupVersion{Version: runtime.APIVersionInternal}, &corev1.Service{}, &corev1.ServiceList{})
	codec := serializer.NewCodecFactory(scheme).LegacyCodec(corev1.SchemeGroupVersion)
	config := storagebackend.NewDefaultConfig("/"+t.Name()+"/registry", codec)
	config.Transport.ServerList = etcd.Endpoints()
	attributes := func(obj runtime.Object) (labels.Set, fields.Set, error) {
		svc := obj.(*corev1.Service)
		return svc.Labels, fields.Set{"metadata.name": svc.Name, "metadata.namespace": svc.Namespace}, nil
	}
	strategy := serviceStrategy{scheme, names.SimpleNameGenerator}
	store := &registry.Store{
		NewFunc: kind.Service.New, NewListFunc: kind.Service.NewList,
		DefaultQualifiedResource: corev1.Resource("services"), SingularQualifiedResource: corev1.Resource("service"),
		PredicateFunc: func(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
			return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: attributes}
		},
		CreateStrategy: strategy, UpdateStrategy: strategy, DeleteStrategy: strategy,
		ReturnDeletedObject: true,
		TableConvertor:      rest.NewDefaultTableConvertor(corev1.Resource("services")),
	}
	options := generic.RESTOptions{
		StorageConfig: config.ForResource(corev1.Resource("services")), ResourcePrefix: "services", Decorator: generic.UndecoratedStorage,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: options, AttrFunc: attributes}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Destroy)
	return request.WithNamespace(t.Context(), "default"), NewStorage(store, services), services
}

// manifest is what a client sends.
func manifest(name string, change ...func(*corev1.Service)) *corev1.Service {
	svc := newService(name, change...)
	svc.UID = ""
	kind.Service.Default(svc)
	return svc
}

func (s *Storage) put(ctx context.Context, svc *corev1.Service) (*corev1.Service, error) {
	obj, _, err := s.Update(ctx, svc.Name, rest.DefaultUpdatedObjectInfo(svc), nil, nil, false, &metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	return obj.(*corev1.Service), nil
}

func (s *Storage) post(ctx context.Context, svc *corev1.Service) (*corev1.Service, error) {
	obj, err := s.Create(ctx, svc, nil, &metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return obj.(*corev1.Service), nil
}

func (s *Storage) remove(ctx context.Context, name string) error {
	_, _, err := s.Delete(ctx, name, rest.ValidateAllObjectFunc, &metav1.DeleteOptions{})
	return err
}

func TestStorageLifeOfAService(t *testing.T) {
	ctx, s, services := newStorage(t)
	svc, err := s.post(ctx, manifest("web", withIP("10.96.0.10"), withType("NodePort"), withNodePort(0, 30010)))
	if err != nil {
		t.Fatal(err)
	}
	wantTaken(t, services, "10.96.0.10", "30010")
	if _, err := s.post(ctx, manifest("other", withIP("10.96.0.10"))); !apierrors.IsInvalid(err) {
		t.Errorf("the address was given twice: %v", err)
	}
	if _, err := s.post(ctx, manifest("web")); !apierrors.IsAlreadyExists(err) {
		t.Errorf("the name was given twice: %v", err)
	}
	if _, err := s.put(ctx, manifest("web", withIP("10.96.0.11"))); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "may not change once set") {
		t.Errorf("the address was changed: %v", err)
	}
	wantTaken(t, services, "10.96.0.10", "30010")
	if svc, err = s.put(ctx, manifest("web")); err != nil || svc.Spec.ClusterIP != "10.96.0.10" || svc.Spec.Ports[0].NodePort != 0 {
		t.Errorf("to ClusterIP: %v, %+v", err, svc)
	}
	wantTaken(t, services, "10.96.0.10")
	if err := s.remove(ctx, "web"); err != nil {
		t.Error(err)
	}
	wantTaken(t, services)
	// A PUT creates as well.
	if _, err := s.put(ctx, manifest("put", withIP("10.96.0.12"))); err != nil {
		t.Error(err)
	}
	wantTaken(t, services, "10.96.0.12")
	if err := services.Repair(ctx); err != nil {
		t.Error(err)
	}
	wantTaken(t, services, "10.96.0.12")
}

// What validation or admission refuses has taken nothing.
func TestStorageRefusals(t *testing.T) {
	ctx, s, services := newStorage(t)
	if _, err := s.post(ctx, manifest("Bad_name", withType("NodePort"))); !apierrors.IsInvalid(err) {
		t.Errorf("created: %v", err)
	}
	forbidden := apierrors.NewForbidden(corev1.Resource("services"), "web", errors.New("by policy"))
	refuse := func(context.Context, runtime.Object) error { return forbidden }
	if _, err := s.Create(ctx, manifest("web", withType("NodePort")), refuse, &metav1.CreateOptions{}); !errors.Is(err, forbidden) {
		t.Errorf("created: %v", err)
	}
	dry := &metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	if _, err := s.Create(ctx, manifest("web", withType("NodePort")), nil, dry); err != nil {
		t.Errorf("dry run: %v", err)
	}
	wantTaken(t, services)
	if _, err := s.post(ctx, manifest("web", withIP("10.96.0.10"))); err != nil {
		t.Fatal(err)
	}
	refuseUpdate := func(context.Context, runtime.Object, runtime.Object) error { return forbidden }
	_, _, err := s.Update(ctx, "web", rest.DefaultUpdatedObjectInfo(manifest("web", withType("NodePort"))), nil, refuseUpdate, false, &metav1.UpdateOptions{})
	if !errors.Is(err, forbidden) {
		t.Errorf("updated: %v", err)
	}
	old := manifest("web", withType("NodePort"))
	old.ResourceVersion = "1"
	if _, err := s.put(ctx, old); !apierrors.IsConflict(err) {
		t.Errorf("updated an old version: %v", err)
	}
	wantTaken(t, services, "10.96.0.10")
}

// Updates that race for one Service never take away what the stored one has. What they leave over goes with a repair.
func TestStorageUpdatesRace(t *testing.T) {
	ctx, s, services := newStorage(t)
	if _, err := s.post(ctx, manifest("web", withIP("10.96.0.10"))); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			svc := manifest("web")
			if i%2 == 0 {
				svc = manifest("web", withType("NodePort"), withNodePort(0, 30080+int32(i%3)))
			}
			if _, err := s.put(ctx, svc); err != nil {
				t.Errorf("update %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	obj, err := s.Get(ctx, "web", &metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := append([]string{"10.96.0.10"}, heldPorts(obj.(*corev1.Service))...)
	got := taken(t, services)
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("the stored Service has %s, but taken is %v", name, got)
		}
	}
	if err := services.Repair(ctx); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, services, want...)
}

// Creates and deletes of the same names and addresses race; afterwards what is taken is what is stored.
func TestStorageCreatesAndDeletesRace(t *testing.T) {
	ctx, s, services := newStorage(t)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 25 {
				name := fmt.Sprintf("s%d", (worker+i)%5)
				_, err := s.post(ctx, manifest(name, withIP(fmt.Sprintf("10.96.0.%d", 10+i%4)), withType("NodePort")))
				if err != nil && !apierrors.IsInvalid(err) && !apierrors.IsAlreadyExists(err) {
					t.Errorf("create %s: %v", name, err)
				}
				if err := s.remove(ctx, name); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
					t.Errorf("delete %s: %v", name, err)
				}
			}
		})
	}
	wg.Wait()
	list, err := services.options.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range list {
		want = append(append(want, heldIPs(&list[i])...), heldPorts(&list[i])...)
	}
	got := taken(t, services)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("taken (-stored +taken):\n%s", diff)
	}
}

// Where it is unknown whether a Service was stored, nothing is given back, and the repair finds out.
func TestStorageUnknownOutcome(t *testing.T) {
	_, s, services := newStorage(t)
	ctx := request.WithNamespace(t.Context(), "default")
	timeout := apierrors.NewTimeoutError("no answer from etcd", 0)
	fail := func(context.Context, runtime.Object) error { return timeout }
	if _, err := s.Create(ctx, manifest("lost", withIP("10.96.0.20")), fail, &metav1.CreateOptions{}); !errors.Is(err, timeout) {
		t.Fatal(err)
	}
	wantTaken(t, services, "10.96.0.20")
	if err := services.Repair(ctx); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, services)
}
