// Package loop runs the work queue of a controller: keys in, one sync a key at a time, failures back with a growing delay.
package loop

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

// Delays between two attempts at a key that fails: doubling from the first to the second.
const (
	firstRetry = 5 * time.Millisecond
	lastRetry  = time.Minute
)

// Queue holds the keys that wait to be synced. A key is in it once, and never in two hands at once.
type Queue[K comparable] = workqueue.TypedRateLimitingInterface[K]

// NewQueue makes an empty queue.
func NewQueue[K comparable](name string) Queue[K] {
	return workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[K](firstRetry, lastRetry),
		workqueue.TypedRateLimitingQueueConfig[K]{Name: name})
}

// Run syncs what the queue holds in the given number of workers. It returns when ctx has ended and every worker has too.
func Run[K comparable](ctx context.Context, name string, queue Queue[K], workers int, syncKey func(context.Context, K) error) {
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for next(ctx, name, queue, syncKey) {
			}
		})
	}
	<-ctx.Done()
	queue.ShutDown()
	group.Wait()
}

func next[K comparable](ctx context.Context, name string, queue Queue[K], syncKey func(context.Context, K) error) bool {
	key, shutdown := queue.Get()
	if shutdown {
		return false
	}
	defer queue.Done(key)
	if ctx.Err() != nil {
		return true
	}
	if err := syncKey(ctx, key); err != nil {
		if ctx.Err() == nil {
			klog.FromContext(ctx).V(2).Info("Sync failed, trying again", "controller", name, "key", key, "attempts", queue.NumRequeues(key), "err", err)
		}
		queue.AddRateLimited(key)
		return true
	}
	queue.Forget(key)
	return true
}

// WaitForCaches waits until every informer has delivered its first list, or says that ctx ended before.
func WaitForCaches(ctx context.Context, name string, synced ...cache.InformerSynced) error {
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return fmt.Errorf("%s: stopped before its caches were filled", name)
	}
	return nil
}

// Handlers are whom informers tell of their objects. One whose handler is nil is only read.
type Handlers map[cache.SharedIndexInformer]cache.ResourceEventHandler

// Follow registers handlers with informers that have not been started yet, and returns what WaitForCaches waits for: that each has been
// told of everything there is.
func Follow(handlers Handlers) ([]cache.InformerSynced, error) {
	var synced []cache.InformerSynced
	for informer, handler := range handlers {
		if handler == nil {
			synced = append(synced, informer.HasSynced)
			continue
		}
		registered, err := informer.AddEventHandler(handler)
		if err != nil {
			return nil, fmt.Errorf("follow an informer: %w", err)
		}
		synced = append(synced, registered.HasSynced)
	}
	return synced, nil
}

// Always tells do of each object that comes, changes (as it is then) or goes (which may be a tombstone: see Deleted).
func Always(do func(obj any)) cache.ResourceEventHandlerFuncs {
	return cache.ResourceEventHandlerFuncs{AddFunc: do, UpdateFunc: func(_, obj any) { do(obj) }, DeleteFunc: do}
}

// Enqueue adds the key NAMESPACE/NAME of an object, or of a tombstone, to the queue.
func Enqueue(queue Queue[string], obj any) {
	if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
		queue.Add(key)
	}
}

// Deleted unwraps what a delete handler gets: the object, or the tombstone of one whose deletion went unseen.
func Deleted[T any](obj any) (T, bool) {
	if tombstone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = tombstone.Obj
	}
	typed, ok := obj.(T)
	return typed, ok
}
