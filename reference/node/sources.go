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

// The resources that are followed.
const (
	configMapSource = "configmaps"
	secretSource    = "secrets"
)

// sourceRef is one source that a Pod refers to, in its own namespace.
type sourceRef struct{ resource, name string }

type sourceKey struct {
	sourceRef
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

// sourceRefs are the config maps and secrets that a Pod refers to.
func sourceRefs(pod *v1.Pod) map[sourceRef]bool {
	refs := map[sourceRef]bool{}
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		switch {
		case v.ConfigMap != nil:
			refs[sourceRef{configMapSource, v.ConfigMap.Name}] = true
		case v.Secret != nil:
			refs[sourceRef{secretSource, v.Secret.SecretName}] = true
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				if s.ConfigMap != nil {
					refs[sourceRef{configMapSource, s.ConfigMap.Name}] = true
				}
				if s.Secret != nil {
					refs[sourceRef{secretSource, s.Secret.Name}] = true
				}
			}
		}
	}
	for _, list := range [][]v1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			for _, from := range list[i].EnvFrom {
				if from.ConfigMapRef != nil {
					refs[sourceRef{configMapSource, from.ConfigMapRef.Name}] = true
				}
				if from.SecretRef != nil {
					refs[sourceRef{secretSource, from.SecretRef.Name}] = true
				}
			}
			for _, env := range list[i].Env {
				if env.ValueFrom != nil && env.ValueFrom.ConfigMapKeyRef != nil {
					refs[sourceRef{configMapSource, env.ValueFrom.ConfigMapKeyRef.Name}] = true
				}
				if env.ValueFrom != nil && env.ValueFrom.SecretKeyRef != nil {
					refs[sourceRef{secretSource, env.ValueFrom.SecretKeyRef.Name}] = true
				}
			}
		}
	}
	return refs
}

// register begins to follow what a Pod refers to, until ctx ends or the Pod is
// unregistered.
func (c *sources) register(ctx context.Context, pod *v1.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ref := range sourceRefs(pod) {
		key := sourceKey{ref, pod.Namespace}
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
		ListerWatcher: cache.NewListWatchFromClient(c.client.CoreV1().RESTClient(), key.resource, key.namespace,
			fields.OneTermEqualSelector("metadata.name", key.name)),
		ObjectType: objectOf(key.resource),
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
	if resource == secretSource {
		return &v1.Secret{}
	}
	return &v1.ConfigMap{}
}

// get returns a source of a registered Pod.
func (c *sources) get(ctx context.Context, key sourceKey) (any, error) {
	c.mu.Lock()
	w := c.watched[key]
	c.mu.Unlock()
	singular := strings.TrimSuffix(key.resource, "s")
	if w == nil {
		return nil, fmt.Errorf("%s %s/%s is not followed", singular, key.namespace, key.name)
	}
	if !cache.WaitFor(ctx, "", w.controller.HasSyncedChecker()) {
		return nil, fmt.Errorf("get %s %s/%s: %w", singular, key.namespace, key.name, context.Cause(ctx))
	}
	object, found, err := w.store.GetByKey(key.namespace + "/" + key.name)
	if err != nil {
		return nil, fmt.Errorf("get %s %s/%s: %w", singular, key.namespace, key.name, err)
	}
	if !found {
		return nil, apierrors.NewNotFound(v1.Resource(singular), key.name)
	}
	return object, nil
}
