// Package namespace empties namespaces that are deleted, whatever kinds the server may have, and then lets them go.
//
// What the conditions say is a pure function in conditions.go; content.go deletes; this file is the loop around both.
package namespace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

// workers is how many namespaces are emptied at once.
const workers = 5

// Controller is the loop that empties namespaces.
type Controller struct {
	client     kubernetes.Interface
	metadata   metadata.Interface
	clock      clock.PassiveClock
	queue      loop.Queue[string]
	namespaces corelisters.NamespaceLister
	hasSynced  []cache.InformerSynced
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, metadata metadata.Interface, factory informers.SharedInformerFactory) (*Controller, error) {
	informer := factory.Core().V1().Namespaces()
	c := &Controller{
		client: client, metadata: metadata, clock: clock.RealClock{},
		queue: loop.NewQueue[string]("namespace"), namespaces: informer.Lister(),
	}
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		informer.Informer(): cache.ResourceEventHandlerFuncs{AddFunc: c.changed, UpdateFunc: func(_, obj any) { c.changed(obj) }},
	})
	return c, err
}

// Run empties namespaces until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "namespace", c.hasSynced...); err != nil {
		return err
	}
	loop.Run(ctx, "namespace", c.queue, workers, c.sync)
	return nil
}

func (c *Controller) changed(obj any) {
	if namespace := obj.(*corev1.Namespace); namespace.DeletionTimestamp != nil {
		c.queue.Add(namespace.Name)
	}
}

// Removed notes that an object has gone from a namespace. If the namespace was waiting for that, its turn is now, not at the next look.
func (c *Controller) Removed(namespace string) {
	if known, err := c.namespaces.Get(namespace); err == nil && known.DeletionTimestamp != nil {
		c.queue.Add(namespace)
	}
}

// sync takes one namespace as far as it goes: deleted, emptied, finalized, gone.
func (c *Controller) sync(ctx context.Context, name string) error {
	client := c.client.CoreV1().Namespaces()
	// Read from the server: a view from before the deletion would miss it, one from before the end would empty a successor.
	namespace, err := client.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read namespace %s: %w", name, err)
	}
	if namespace.DeletionTimestamp == nil || !slices.Contains(namespace.Spec.Finalizers, corev1.FinalizerKubernetes) {
		return nil
	}
	if namespace.Status.Phase != corev1.NamespaceTerminating {
		namespace.Status.Phase = corev1.NamespaceTerminating
		if namespace, err = client.UpdateStatus(ctx, namespace, metav1.UpdateOptions{}); err != nil {
			return ignoreGone(fmt.Errorf("mark namespace %s as terminating: %w", name, err))
		}
	}

	found := c.empty(ctx, name)
	if conditions, changed := decideConditions(namespace.Status.Conditions, found, c.clock.Now()); changed {
		namespace.Status.Conditions = conditions
		if namespace, err = client.UpdateStatus(ctx, namespace, metav1.UpdateOptions{}); err != nil {
			return ignoreGone(fmt.Errorf("write conditions of namespace %s: %w", name, err))
		}
	}
	if failure := errors.Join(append(found.deletion, found.discovery)...); failure != nil {
		return fmt.Errorf("empty namespace %s: %w", name, failure)
	}
	if len(found.remaining) > 0 {
		// Each object that goes wakes this namespace; the wait is for an event that got lost.
		c.queue.AddAfter(name, found.wait/2+time.Second)
		return nil
	}
	namespace.Spec.Finalizers = slices.DeleteFunc(namespace.Spec.Finalizers, func(f corev1.FinalizerName) bool { return f == corev1.FinalizerKubernetes })
	if _, err := client.Finalize(ctx, namespace, metav1.UpdateOptions{}); err != nil {
		return ignoreGone(fmt.Errorf("finalize namespace %s: %w", name, err))
	}
	return nil
}

func ignoreGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
