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

// Followed is an informer, and who is told of its objects.
type Followed struct {
	Informer cache.SharedIndexInformer
	Handler  cache.ResourceEventHandler
}

// Follow registers handlers, and returns what WaitForCaches waits for: that each has been told of everything there is.
func Follow(all ...Followed) ([]cache.InformerSynced, error) {
	synced := make([]cache.InformerSynced, len(all))
	for i, followed := range all {
		handler, err := followed.Informer.AddEventHandler(followed.Handler)
		if err != nil {
			return nil, err
		}
		synced[i] = handler.HasSynced
	}
	return synced, nil
}

// Deleted unwraps what a delete handler gets: the object, or the tombstone of one whose deletion went unseen.
func Deleted[T any](obj any) (T, bool) {
	if tombstone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = tombstone.Obj
	}
	typed, ok := obj.(T)
	return typed, ok
}
