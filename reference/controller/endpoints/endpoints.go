// Package endpoints keeps, for every Service with a selector, its Endpoints object and its endpoint slices, and mirrors the Endpoints
// that users write for Services without one into slices.
//
// The decisions are pure functions: the object (object.go), the slices (slices.go), the mirrored slices (mirror.go). This file carries
// them out. It joins what upstream does in pkg/controller/{endpoint,endpointslice,endpointslicemirroring}.
package endpoints

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

// workers is how many Services are synced at once, in each of the two loops.
const workers = 5

// staleRetry is when a sync that waits for its own writes to show looks again, should no event wake it before.
const staleRetry = time.Second

// Controller is the loop around the decisions.
type Controller struct {
	client   kubernetes.Interface
	recorder record.EventRecorder
	queue    loop.Queue[string] // Services, for the object and the slices of their selectors
	mirrors  loop.Queue[string] // Services, for the slices of users' Endpoints
	writes   *ownWrites
	triggers *triggers

	services  corelisters.ServiceLister
	pods      corelisters.PodLister
	nodes     corelisters.NodeLister
	objects   corelisters.EndpointsLister
	slices    discoverylisters.EndpointSliceLister
	hasSynced []cache.InformerSynced
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory, recorder record.EventRecorder) (*Controller, error) {
	core := factory.Core().V1()
	slices := factory.Discovery().V1().EndpointSlices()
	c := &Controller{
		client: client, recorder: recorder,
		queue:   loop.NewQueue[string]("endpoints"),
		mirrors: loop.NewQueue[string]("endpointslicemirroring"),
		writes:  newOwnWrites(clock.RealClock{}), triggers: newTriggers(),
		services: core.Services().Lister(), pods: core.Pods().Lister(), nodes: core.Nodes().Lister(),
		objects: core.Endpoints().Lister(), slices: slices.Lister(),
	}
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		core.Services().Informer(): loop.Always(c.serviceChanged),
		core.Pods().Informer():     cache.ResourceEventHandlerFuncs{AddFunc: c.podSeen, UpdateFunc: c.podChanged, DeleteFunc: c.podSeen},
		core.Nodes().Informer():    cache.ResourceEventHandlerFuncs{AddFunc: c.nodeSeen, UpdateFunc: c.nodeChanged, DeleteFunc: c.nodeSeen},
		core.Endpoints().Informer(): cache.ResourceEventHandlerFuncs{
			AddFunc: c.objectSeen, UpdateFunc: func(_, obj any) { c.objectSeen(obj) }, DeleteFunc: c.objectDeleted},
		slices.Informer(): cache.ResourceEventHandlerFuncs{
			AddFunc: c.sliceSeen, UpdateFunc: func(old, obj any) { c.sliceSeen(old); c.sliceSeen(obj) }, DeleteFunc: c.sliceDeleted},
	})
	return c, err
}

// Run syncs Services until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "endpoints", c.hasSynced...); err != nil {
		return err
	}
	c.enqueueLeftovers()
	var group sync.WaitGroup
	group.Go(func() { loop.Run(ctx, "endpoints", c.queue, workers, c.sync) })
	group.Go(func() { loop.Run(ctx, "endpointslicemirroring", c.mirrors, workers, c.syncMirror) })
	group.Wait()
	return nil
}

// sync brings the Endpoints object and the slices of one Service up to date. The slices come first: traffic follows them.
func (c *Controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("split key %q: %w", key, err)
	}
	service, err := c.services.Services(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		c.triggers.forget(key)
		return c.removeObject(ctx, namespace, name)
	}
	if err != nil {
		return fmt.Errorf("look up service %s: %w", key, err)
	}
	if !selects(service) {
		return nil
	}
	pods, err := c.pods.Pods(namespace).List(labels.SelectorFromValidatedSet(service.Spec.Selector))
	if err != nil {
		return fmt.Errorf("list pods of service %s: %w", key, err)
	}
	trigger := c.triggers.earliest(key, service, pods)
	return errors.Join(c.syncSlices(ctx, key, service, pods, trigger), c.syncObject(ctx, service, pods, trigger))
}

// removeObject deletes the Endpoints of a Service that is gone. Its slices have the Service as owner and go with it.
func (c *Controller) removeObject(ctx context.Context, namespace, name string) error {
	err := c.client.CoreV1().Endpoints(namespace).Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete endpoints %s/%s: %w", namespace, name, err)
	}
	return nil
}

func (c *Controller) syncObject(ctx context.Context, service *corev1.Service, pods []*corev1.Pod, trigger time.Time) error {
	current, err := c.objects.Endpoints(service.Namespace).Get(service.Name)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("look up endpoints %s/%s: %w", service.Namespace, service.Name, err)
	}
	if err != nil {
		current = nil
	}
	desired := decideEndpoints(service, pods, current, trigger)
	if desired == nil {
		return nil
	}
	client := c.client.CoreV1().Endpoints(service.Namespace)
	if current != nil {
		_, err = client.Update(ctx, desired, metav1.UpdateOptions{})
	} else {
		_, err = client.Create(ctx, desired, metav1.CreateOptions{})
	}
	switch {
	case err == nil:
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		// The informer has not shown the newest object yet.
	case current == nil:
		c.recorder.Eventf(desired, corev1.EventTypeWarning, "FailedToCreateEndpoint", "Failed to create endpoint for service %v/%v: %v", service.Namespace, service.Name, err)
	default:
		c.recorder.Eventf(desired, corev1.EventTypeWarning, "FailedToUpdateEndpoint", "Failed to update endpoint %v/%v: %v", service.Namespace, service.Name, err)
	}
	return fmt.Errorf("write endpoints %s/%s: %w", service.Namespace, service.Name, err)
}

func (c *Controller) syncSlices(ctx context.Context, key string, service *corev1.Service, pods []*corev1.Pod, trigger time.Time) error {
	existing, err := c.slicesOf(service.Namespace, service.Name, sliceManager)
	if err != nil {
		return err
	}
	if !c.writes.seen(key, existing) {
		c.queue.AddAfter(key, staleRetry)
		return nil
	}
	nodes := map[string]*corev1.Node{}
	for _, pod := range pods {
		if node, err := c.nodes.Get(pod.Spec.NodeName); err == nil {
			nodes[pod.Spec.NodeName] = node
		}
	}
	plan := decideSlices(service, pods, nodes, existing)
	for _, slice := range append(plan.create, plan.update...) {
		setAnnotation(&slice.ObjectMeta, corev1.EndpointsLastChangeTriggerTime, trigger.UTC().Format(time.RFC3339Nano), !trigger.IsZero())
	}
	return c.carryOut(ctx, key, plan)
}

func (c *Controller) syncMirror(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("split key %q: %w", key, err)
	}
	service, err := c.services.Services(namespace).Get(name)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("look up service %s: %w", key, err)
	}
	object, err := c.objects.Endpoints(namespace).Get(name)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("look up endpoints %s: %w", key, err)
	}
	existing, err := c.slicesOf(namespace, name, mirrorManager)
	if err != nil {
		return err
	}
	if !c.writes.seen("mirror "+key, existing) {
		c.mirrors.AddAfter(key, staleRetry)
		return nil
	}
	return c.carryOut(ctx, "mirror "+key, decideMirror(service, object, existing))
}

func (c *Controller) slicesOf(namespace, name, manager string) ([]*discoveryv1.EndpointSlice, error) {
	selector := labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: name, discoveryv1.LabelManagedBy: manager})
	existing, err := c.slices.EndpointSlices(namespace).List(selector)
	if err != nil {
		return nil, fmt.Errorf("list endpoint slices of service %s/%s: %w", namespace, name, err)
	}
	return existing, nil
}

// carryOut writes the plan: first what is new, last what goes, so that no endpoint is missing in between.
func (c *Controller) carryOut(ctx context.Context, key string, plan slicePlan) error {
	for _, slice := range plan.create {
		written, err := c.client.DiscoveryV1().EndpointSlices(slice.Namespace).Create(ctx, slice, metav1.CreateOptions{})
		if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("create endpoint slice for %s: %w", key, err)
		}
		c.writes.wrote(key, written)
	}
	for _, slice := range plan.update {
		written, err := c.client.DiscoveryV1().EndpointSlices(slice.Namespace).Update(ctx, slice, metav1.UpdateOptions{})
		if err != nil {
			return fmt.Errorf("update endpoint slice %s/%s: %w", slice.Namespace, slice.Name, err)
		}
		c.writes.wrote(key, written)
	}
	for _, slice := range plan.remove {
		err := c.client.DiscoveryV1().EndpointSlices(slice.Namespace).Delete(ctx, slice.Name, metav1.DeleteOptions{
			Preconditions: metav1.NewUIDPreconditions(string(slice.UID)),
		})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return fmt.Errorf("delete endpoint slice %s/%s: %w", slice.Namespace, slice.Name, err)
		}
		if err == nil {
			c.writes.removed(key, slice)
		}
	}
	return nil
}
