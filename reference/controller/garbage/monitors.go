package garbage

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

// refresh is how often the server is asked for kinds that came or went.
const refresh = 30 * time.Second

// served is a kind that the collector can watch and delete.
type served struct {
	resource   schema.GroupVersionResource
	kind       schema.GroupVersionKind
	namespaced bool
}

// monitor is the watch on one kind.
type monitor struct {
	served
	synced cache.InformerSynced
	stop   context.CancelFunc
}

// watchAll keeps one watch on every kind that the server has, until ctx ends. Ready is closed once all kinds found first are known.
func (c *Controller) watchAll(ctx context.Context, ready func()) {
	var running sync.WaitGroup
	defer running.Wait()
	ticker := c.clock.NewTicker(refresh)
	defer ticker.Stop()
	first := true
	for ctx.Err() == nil {
		if err := c.refreshMonitors(ctx, &running); err != nil {
			klog.FromContext(ctx).Error(err, "Some kinds cannot be collected for now")
		}
		if first && c.waitForMonitors(ctx) {
			first = false
			ready()
		}
		select {
		case <-ctx.Done():
		case <-ticker.C():
		}
	}
}

func (c *Controller) refreshMonitors(ctx context.Context, running *sync.WaitGroup) error {
	kinds, err := c.discover()
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[schema.GroupVersionResource]bool{}
	changed := false
	for _, kind := range kinds {
		found[kind.resource] = true
		if c.monitors[kind.resource] != nil {
			continue
		}
		m, startErr := c.start(ctx, kind, running)
		if startErr != nil {
			return startErr
		}
		c.monitors[kind.resource], changed = m, true
	}
	// Kinds are dropped only when discovery was complete: a group that does not answer is not a group that is gone.
	if err == nil {
		for resource, m := range c.monitors {
			if !found[resource] {
				m.stop()
				delete(c.monitors, resource)
				changed = true
			}
		}
	}
	if changed {
		c.mapper.Reset()
	}
	return err
}

func (c *Controller) discover() ([]served, error) {
	lists, err := c.discovery.ServerPreferredResources()
	var kinds []served
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"delete", "list", "watch"}}, lists) {
		version, parseErr := schema.ParseGroupVersion(list.GroupVersion)
		if parseErr != nil {
			continue
		}
		for _, described := range list.APIResources {
			// Events are many, own nothing, and expire by themselves.
			if described.Name == "events" && (version.Group == "" || version.Group == "events.k8s.io") {
				continue
			}
			kinds = append(kinds, served{version.WithResource(described.Name), version.WithKind(described.Kind), described.Namespaced})
		}
	}
	return kinds, err
}

func (c *Controller) start(ctx context.Context, kind served, running *sync.WaitGroup) (*monitor, error) {
	informer := metadatainformer.NewFilteredMetadataInformer(c.client, kind.resource, metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()
	if err := informer.SetTransform(onlyOwnership); err != nil {
		return nil, fmt.Errorf("watch %v: %w", kind.resource, err)
	}
	handler, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) { c.seen(kind, obj.(*metav1.PartialObjectMetadata)) },
		UpdateFunc: func(old, obj any) {
			was, is := old.(*metav1.PartialObjectMetadata), obj.(*metav1.PartialObjectMetadata)
			if was.UID != is.UID {
				c.gone(was)
			}
			c.seen(kind, is)
		},
		DeleteFunc: func(obj any) {
			if meta, ok := loop.Deleted[*metav1.PartialObjectMetadata](obj); ok {
				c.gone(meta)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watch %v: %w", kind.resource, err)
	}
	ctx, stop := context.WithCancel(ctx)
	running.Go(func() { informer.RunWithContext(ctx) })
	return &monitor{served: kind, synced: handler.HasSynced, stop: stop}, nil
}

// onlyOwnership keeps of an object what the graph needs.
func onlyOwnership(obj any) (any, error) {
	if meta, ok := obj.(*metav1.PartialObjectMetadata); ok {
		meta.ManagedFields, meta.Labels, meta.Annotations = nil, nil, nil
	}
	return obj, nil
}

func (c *Controller) waitForMonitors(ctx context.Context) bool {
	c.mu.Lock()
	var synced []cache.InformerSynced
	for _, m := range c.monitors {
		synced = append(synced, m.synced)
	}
	c.mu.Unlock()
	return len(synced) > 0 && cache.WaitForCacheSync(ctx.Done(), synced...)
}
