package node

import (
	"context"
	"fmt"
	"maps"
	"sync"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// configMaps follows the config maps that the node's Pods refer to, each by a
// watch of its own: a node sees no others.
type configMaps struct {
	client  kubernetes.Interface
	changed func(uid types.UID) // a map of the Pod's came, changed, or went

	mu      sync.Mutex
	watched map[types.NamespacedName]*watchedMap
	wg      sync.WaitGroup
}

type watchedMap struct {
	users      map[types.UID]bool
	store      cache.Store
	controller cache.Controller
	cancel     context.CancelFunc
}

func newConfigMaps(client kubernetes.Interface, changed func(types.UID)) *configMaps {
	return &configMaps{client: client, changed: changed, watched: map[types.NamespacedName]*watchedMap{}}
}

// configMapRefs are the names of the config maps that a Pod refers to.
func configMapRefs(pod *v1.Pod) map[string]bool {
	names := map[string]bool{}
	for i := range pod.Spec.Volumes {
		if v := &pod.Spec.Volumes[i]; v.ConfigMap != nil {
			names[v.ConfigMap.Name] = true
		} else if v.Projected != nil {
			for _, s := range v.Projected.Sources {
				if s.ConfigMap != nil {
					names[s.ConfigMap.Name] = true
				}
			}
		}
	}
	for _, list := range [][]v1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			for _, from := range list[i].EnvFrom {
				if from.ConfigMapRef != nil {
					names[from.ConfigMapRef.Name] = true
				}
			}
			for _, env := range list[i].Env {
				if env.ValueFrom != nil && env.ValueFrom.ConfigMapKeyRef != nil {
					names[env.ValueFrom.ConfigMapKeyRef.Name] = true
				}
			}
		}
	}
	return names
}

// register begins to follow what a Pod refers to, until ctx ends or the Pod is
// unregistered.
func (c *configMaps) register(ctx context.Context, pod *v1.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range configMapRefs(pod) {
		key := types.NamespacedName{Namespace: pod.Namespace, Name: name}
		w := c.watched[key]
		if w == nil {
			w = c.watch(ctx, key)
			c.watched[key] = w
		}
		w.users[pod.UID] = true
	}
}

// unregister: the Pod needs none any more.
func (c *configMaps) unregister(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, w := range c.watched {
		if delete(w.users, uid); len(w.users) == 0 {
			w.cancel()
			delete(c.watched, key)
		}
	}
}

func (c *configMaps) watch(ctx context.Context, key types.NamespacedName) *watchedMap {
	ctx, cancel := context.WithCancel(ctx)
	w := &watchedMap{users: map[types.UID]bool{}, cancel: cancel}
	notify := func() {
		c.mu.Lock()
		users := maps.Clone(w.users)
		c.mu.Unlock()
		for uid := range users {
			c.changed(uid)
		}
	}
	w.store, w.controller = cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(c.client.CoreV1().RESTClient(), "configmaps", key.Namespace,
			fields.OneTermEqualSelector("metadata.name", key.Name)),
		ObjectType: &v1.ConfigMap{},
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

// get returns a config map of a registered Pod.
func (c *configMaps) get(ctx context.Context, namespace, name string) (*v1.ConfigMap, error) {
	c.mu.Lock()
	w := c.watched[types.NamespacedName{Namespace: namespace, Name: name}]
	c.mu.Unlock()
	if w == nil {
		return nil, fmt.Errorf("config map %s/%s is not followed", namespace, name)
	}
	if !cache.WaitFor(ctx, "", w.controller.HasSyncedChecker()) {
		return nil, fmt.Errorf("get config map %s/%s: %w", namespace, name, context.Cause(ctx))
	}
	object, found, err := w.store.GetByKey(namespace + "/" + name)
	if err != nil {
		return nil, fmt.Errorf("get config map %s/%s: %w", namespace, name, err)
	}
	if !found {
		return nil, apierrors.NewNotFound(v1.Resource("configmap"), name)
	}
	return object.(*v1.ConfigMap), nil
}
