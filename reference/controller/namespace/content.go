package namespace

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

var pods = corev1.SchemeGroupVersion.WithResource("pods")

// finalizerPatience is how long objects that wait for a finalizer are given before they are looked at again.
const finalizerPatience = 15 * time.Second

// resource is a kind that a namespace can contain.
type resource struct {
	schema.GroupVersionResource
	collection bool // it can be deleted as a whole
	listable   bool
}

// discover asks the server for every kind that lives in namespaces and can be deleted.
func (c *Controller) discover() ([]resource, error) {
	lists, err := c.client.Discovery().ServerPreferredNamespacedResources()
	var found []resource
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"delete"}}, lists) {
		version, parseErr := schema.ParseGroupVersion(list.GroupVersion)
		if parseErr != nil {
			continue
		}
		for _, described := range list.APIResources {
			r := resource{GroupVersionResource: version.WithResource(described.Name)}
			for _, verb := range described.Verbs {
				r.collection = r.collection || verb == "deletecollection"
				r.listable = r.listable || verb == "list"
			}
			found = append(found, r)
		}
	}
	return found, err
}

// empty deletes what the namespace contains: the Pods first, and the rest once they are gone, so that nothing that a Pod uses to end
// well disappears under it.
func (c *Controller) empty(ctx context.Context, namespace string) findings {
	found := findings{remaining: map[schema.GroupVersionResource]int{}, finalizers: map[string]int{}}
	resources, err := c.discover()
	found.discovery = err
	var others []resource
	for _, r := range resources {
		if r.GroupVersionResource == pods {
			c.emptyOf(ctx, r, namespace, &found)
		} else {
			others = append(others, r)
		}
	}
	if found.remaining[pods] > 0 {
		return found
	}
	var group sync.WaitGroup
	parts := make([]findings, len(others))
	for i, r := range others {
		parts[i] = findings{remaining: map[schema.GroupVersionResource]int{}, finalizers: map[string]int{}}
		group.Go(func() { c.emptyOf(ctx, r, namespace, &parts[i]) })
	}
	group.Wait()
	for _, part := range parts {
		found.deletion = append(found.deletion, part.deletion...)
		for resource, count := range part.remaining {
			found.remaining[resource] += count
		}
		for finalizer, count := range part.finalizers {
			found.finalizers[finalizer] += count
		}
		found.wait = max(found.wait, part.wait)
	}
	found.counted = true
	return found
}

// emptyOf deletes the objects of one kind and notes what remains. What is on its way out already is not asked again.
func (c *Controller) emptyOf(ctx context.Context, r resource, namespace string, found *findings) {
	client := c.metadata.Resource(r.GroupVersionResource).Namespace(namespace)
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background}
	failed := func(doing string, err error) {
		if !apierrors.IsNotFound(err) && !apierrors.IsMethodNotSupported(err) {
			found.deletion = append(found.deletion, fmt.Errorf("%s %s in namespace %s: %w", doing, r.Resource, namespace, err))
		}
	}
	if !r.listable {
		if r.collection {
			if err := client.DeleteCollection(ctx, options, metav1.ListOptions{}); err != nil {
				failed("delete", err)
			}
		}
		return
	}
	list, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		failed("list", err)
		return
	}
	var waiting []metav1.PartialObjectMetadata
	for _, item := range list.Items {
		if item.DeletionTimestamp == nil {
			waiting = append(waiting, item)
		}
	}
	switch {
	case len(waiting) > 0 && r.collection:
		if err := client.DeleteCollection(ctx, options, metav1.ListOptions{}); err != nil {
			failed("delete", err)
			return
		}
	default:
		for _, item := range waiting {
			if err := client.Delete(ctx, item.Name, options); err != nil {
				failed("delete", err)
			}
		}
	}
	if len(waiting) > 0 {
		if list, err = client.List(ctx, metav1.ListOptions{}); err != nil {
			failed("list", err)
			return
		}
	}
	note(r.GroupVersionResource, list.Items, found, c.clock.Now())
}

// note counts what remains, and how long it may take: until the last grace period ends, or for a finalizer's sake.
func note(resource schema.GroupVersionResource, items []metav1.PartialObjectMetadata, found *findings, now time.Time) {
	if len(items) == 0 {
		return
	}
	found.remaining[resource] += len(items)
	for _, item := range items {
		for _, finalizer := range item.Finalizers {
			found.finalizers[finalizer]++
			found.wait = max(found.wait, finalizerPatience)
		}
		// The deletion timestamp is when the grace period ends.
		if item.DeletionTimestamp != nil {
			found.wait = max(found.wait, item.DeletionTimestamp.Sub(now))
		}
	}
}
