package loop

import (
	"context"
	"errors"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
)

// TestEachKeyIsSyncedUntilItSucceeds: a failure brings the key back, a success ends it, and Run returns once its workers have.
func TestEachKeyIsSyncedUntilItSucceeds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	queue := NewQueue[string]("test")
	var mu sync.Mutex
	calls := map[string]int{}
	queue.Add("good")
	queue.Add("bad")
	queue.Add("bad")
	Run(ctx, "test", queue, 2, func(_ context.Context, key string) error {
		mu.Lock()
		defer mu.Unlock()
		calls[key]++
		if key == "bad" && calls[key] < 3 {
			return errors.New("not yet")
		}
		if calls["good"] == 1 && calls["bad"] == 3 {
			cancel()
		}
		return nil
	})
	if calls["good"] != 1 || calls["bad"] != 3 {
		t.Errorf("calls %v, want good once and bad three times", calls)
	}
}

func TestDeletedUnwrapsTombstones(t *testing.T) {
	value := new(int)
	for name, tc := range map[string]struct {
		obj  any
		want bool
	}{
		"the object itself":           {value, true},
		"a tombstone":                 {cache.DeletedFinalStateUnknown{Key: "k", Obj: value}, true},
		"a tombstone of another kind": {cache.DeletedFinalStateUnknown{Key: "k", Obj: "text"}, false},
	} {
		if got, ok := Deleted[*int](tc.obj); ok != tc.want || (ok && got != value) {
			t.Errorf("%s: %v, %t", name, got, ok)
		}
	}
}

// TestFollow: handlers hear of every object before the caches count as filled, and an informer without one is waited for, too.
func TestFollow(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := fake.NewClientset(
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"}}, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "b"}})
	factory := informers.NewSharedInformerFactory(client, 0)
	queue := NewQueue[string]("test")
	secrets := factory.Core().V1().Secrets()
	synced, err := Follow(Handlers{
		factory.Core().V1().ConfigMaps().Informer(): Always(func(obj any) { Enqueue(queue, obj) }),
		secrets.Informer():                          nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	factory.StartWithContext(ctx)
	defer factory.Shutdown()
	defer cancel()
	if err := WaitForCaches(ctx, "test", synced...); err != nil {
		t.Fatal(err)
	}
	if key, _ := queue.Get(); key != "default/a" {
		t.Errorf("the queue has %q first, want default/a", key)
	}
	if _, err := secrets.Lister().Secrets("default").Get("b"); err != nil {
		t.Errorf("the cache without a handler: %v", err)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := WaitForCaches(stopped, "test", func() bool { return false }); err == nil {
		t.Error("an end before the caches are filled is no error")
	}
}
