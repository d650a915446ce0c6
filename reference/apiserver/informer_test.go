package apiserver_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/plumbline/plumbline/reference/kind"
)

// TestInformers: client-go's informers list and watch every kind of the table, and see what happens.
func TestInformers(t *testing.T) {
	ns := shared.namespace(t)
	factory := informers.NewSharedInformerFactory(shared.client, 0)
	for _, k := range kind.Table {
		informer, err := factory.ForResource(k.GroupVersion.WithResource(k.Resource))
		if err != nil {
			t.Fatal(err)
		}
		informer.Informer()
	}
	maps := factory.Core().V1().ConfigMaps().Informer()
	seen := make(chan string, 16)
	note := func(what string, obj any) {
		if m, err := meta.Accessor(obj); err == nil && m.GetNamespace() == ns {
			seen <- what + " " + m.GetName()
		}
	}
	_, err := maps.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { note("added", obj) },
		UpdateFunc: func(_, obj any) { note("updated", obj) },
		DeleteFunc: func(obj any) { note("deleted", obj) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	defer cancel()
	for kind, ok := range factory.WaitForCacheSync(ctx.Done()) {
		if !ok {
			t.Errorf("the informer of %v does not sync", kind)
		}
	}
	api := shared.client.CoreV1().ConfigMaps(ns)
	m, err := api.Create(ctx, configMap("map", nil), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m.Data = map[string]string{"a": "1"}
	if _, err := api.Update(ctx, m, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := api.Delete(ctx, "map", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"added map", "updated map", "deleted map"} {
		select {
		case got := <-seen:
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("never saw %q", want)
		}
	}
}

// TestManager: a controller-runtime manager runs a controller on the server.
func TestManager(t *testing.T) {
	ns := shared.namespace(t)
	manager, err := ctrl.NewManager(shared.config, ctrl.Options{Metrics: server.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	err = ctrl.NewControllerManagedBy(manager).Named(ns).For(&corev1.ConfigMap{}).Complete(reconcile.Func(
		func(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
			if r.Namespace != ns {
				return reconcile.Result{}, nil
			}
			var m corev1.ConfigMap
			if err := manager.GetClient().Get(ctx, r.NamespacedName, &m); err != nil {
				return reconcile.Result{}, client.IgnoreNotFound(err)
			}
			if m.Labels["seen"] == "yes" {
				select {
				case done <- nil:
				default:
				}
				return reconcile.Result{}, nil
			}
			m.Labels = map[string]string{"seen": "yes"}
			return reconcile.Result{}, manager.GetClient().Update(ctx, &m)
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := manager.Start(ctx); err != nil {
			done <- fmt.Errorf("run the manager: %w", err)
		}
	}()
	defer func() {
		cancel()
		<-ended
	}()
	if _, err := shared.client.CoreV1().ConfigMaps(ns).Create(ctx, configMap("map", nil), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-ctx.Done():
		t.Error("the controller never saw its own change")
	}
}
