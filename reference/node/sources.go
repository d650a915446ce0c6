package node

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/kind"
)

// sources follows the config maps and secrets that the node's Pods refer to,
// each by a watch of its own: a node sees no others.
type sources struct {
	client  kubernetes.Interface
	changed func(uid types.UID) // a source of the Pod's came, changed, or went

	mu      sync.Mutex
	watched map[sourceKey]*watchedSource
	wg      sync.WaitGroup
}

type sourceKey struct {
	kind.Source
	namespace string
}

type watchedSource struct {
	users      map[types.UID]bool
	store      cache.Store
	controller cache.Controller
	cancel     context.CancelFunc
}

func newSources(client kubernetes.Interface, changed func(types.UID)) *sources {
	return &sources{client: client, changed: changed, watched: map[sourceKey]*watchedSource{}}
}

// register begins to follow what a Pod refers to, until ctx ends or the Pod is
// unregistered.
func (c *sources) register(ctx context.Context, pod *v1.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for source := range kind.Sources(pod) {
		key := sourceKey{source, pod.Namespace}
		w := c.watched[key]
		if w == nil {
			w = c.watch(ctx, key)
			c.watched[key] = w
		}
		w.users[pod.UID] = true
	}
}

// unregister: the Pod needs none any more.
func (c *sources) unregister(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, w := range c.watched {
		if delete(w.users, uid); len(w.users) == 0 {
			w.cancel()
			delete(c.watched, key)
		}
	}
}

func (c *sources) watch(ctx context.Context, key sourceKey) *watchedSource {
	ctx, cancel := context.WithCancel(ctx)
	w := &watchedSource{users: map[types.UID]bool{}, cancel: cancel}
	notify := func() {
		c.mu.Lock()
		users := maps.Clone(w.users)
		c.mu.Unlock()
		for uid := range users {
			c.changed(uid)
		}
	}
	w.store, w.controller = cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(c.client.CoreV1().RESTClient(), key.Resource, key.namespace,
			fields.OneTermEqualSelector("metadata.name", key.Name)),
		ObjectType: objectOf(key.Resource),
		Handler: cache.ResourceEventHandlerDetailedFuncs{
			AddFunc: func(_ any, initial bool) {
				if !initial {
					notify()
				}
			},
			UpdateFunc: func(_, _ any) { notify() },
			DeleteFunc: func(any) { notify() },
		},
	})
	c.wg.Go(func() { w.controller.RunWithContext(ctx) })
	return w
}

// objectOf is an empty object of a resource that is followed.
func objectOf(resource string) runtime.Object {
	if resource == kind.Secrets {
		return &v1.Secret{}
	}
	return &v1.ConfigMap{}
}

// get returns a source of a registered Pod.
func (c *sources) get(ctx context.Context, key sourceKey) (any, error) {
	c.mu.Lock()
	w := c.watched[key]
	c.mu.Unlock()
	singular := strings.TrimSuffix(key.Resource, "s")
	if w == nil {
		return nil, fmt.Errorf("%s %s/%s is not followed", singular, key.namespace, key.Name)
	}
	if !cache.WaitFor(ctx, "", w.controller.HasSyncedChecker()) {
		return nil, fmt.Errorf("get %s %s/%s: %w", singular, key.namespace, key.Name, context.Cause(ctx))
	}
	object, found, err := w.store.GetByKey(key.namespace + "/" + key.Name)
	if err != nil {
		return nil, fmt.Errorf("get %s %s/%s: %w", singular, key.namespace, key.Name, err)
	}
	if !found {
		return nil, apierrors.NewNotFound(v1.Resource(singular), key.Name)
	}
	return object, nil
}
