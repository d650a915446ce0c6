// Package loadbalancer is a provider of load balancers: it gives Services of type LoadBalancer addresses of a pool, and says
// which node answers for each on the nodes' network. The node does (reference/node), and its rules do the balancing. What
// it writes and tells is upstream's (k8s.io/cloud-provider/controllers/service).
//
// Addresses and nodes are chosen by pure functions in decide.go; this file is the loop around them.
package loadbalancer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"github.com/plumbline/plumbline/reference/balancer"
	"github.com/plumbline/plumbline/reference/controller/loop"
)

// Controller is the loop over Services. It has one worker, so that no two Services are given the same address.
type Controller struct {
	client   kubernetes.Interface
	recorder record.EventRecorder
	queue    loop.Queue[cache.ObjectName]
	// The worker's own: who has which address, and the version of each Service that was written last.
	book    *book
	written map[cache.ObjectName]string

	services  corelisters.ServiceLister
	nodes     corelisters.NodeLister
	slices    discoverylisters.EndpointSliceLister
	hasSynced []cache.InformerSynced
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory, recorder record.EventRecorder, pool balancer.Pool) (*Controller, error) {
	services, nodes, slices := factory.Core().V1().Services(), factory.Core().V1().Nodes(), factory.Discovery().V1().EndpointSlices()
	c := &Controller{
		client: client, recorder: recorder, queue: loop.NewQueue[cache.ObjectName]("loadbalancer"), book: newBook(pool), written: map[cache.ObjectName]string{},
		services: services.Lister(), nodes: nodes.Lister(), slices: slices.Lister(),
	}
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		services.Informer(): cache.ResourceEventHandlerFuncs{AddFunc: c.serviceSeen, UpdateFunc: c.serviceChanged, DeleteFunc: c.serviceDeleted},
		nodes.Informer(): cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { c.enqueueAll() }, UpdateFunc: c.nodeChanged, DeleteFunc: func(any) { c.enqueueAll() }},
		slices.Informer(): loop.Always(c.sliceSeen),
	})
	return c, err
}

// Run serves load balancers until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "loadbalancer", c.hasSynced...); err != nil {
		return err
	}
	// What was given keeps its owner; only then is anything given anew.
	services, err := c.services.List(labels.Everything())
	if err != nil {
		return fmt.Errorf("list services: %w", err)
	}
	slices.SortFunc(services, func(a, b *corev1.Service) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	for _, service := range services {
		if balancer.Wanted(service) {
			c.book.recall(service)
		}
	}
	loop.Run(ctx, "loadbalancer", c.queue, 1, c.sync)
	return nil
}

func (c *Controller) serviceSeen(obj any) {
	if service := obj.(*corev1.Service); balancer.Wanted(service) || needsCleanup(service) {
		c.queue.Add(cache.MetaObjectToName(service))
	}
}

func (c *Controller) serviceChanged(oldObj, obj any) {
	if balancer.Wanted(oldObj.(*corev1.Service)) {
		c.queue.Add(cache.MetaObjectToName(obj.(*corev1.Service)))
		return
	}
	c.serviceSeen(obj)
}

func (c *Controller) serviceDeleted(obj any) {
	if service, ok := loop.Deleted[*corev1.Service](obj); ok && balancer.Wanted(service) {
		c.queue.Add(cache.MetaObjectToName(service))
	}
}

func (c *Controller) nodeChanged(oldObj, obj any) {
	service := &corev1.Service{}
	old, now := able(service, []*corev1.Node{oldObj.(*corev1.Node)}, nil), able(service, []*corev1.Node{obj.(*corev1.Node)}, nil)
	if !slices.Equal(old, now) {
		c.enqueueAll()
	}
}

// sliceSeen concerns Services whose address has to be at a node with a Pod.
func (c *Controller) sliceSeen(obj any) {
	slice, ok := loop.Deleted[*discoveryv1.EndpointSlice](obj)
	if !ok {
		return
	}
	service, err := c.services.Services(slice.Namespace).Get(slice.Labels[discoveryv1.LabelServiceName])
	if err == nil && balancer.Wanted(service) && service.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
		c.queue.Add(cache.MetaObjectToName(service))
	}
}

// enqueueAll is for what may concern any load balancer: a node, or an address that has come free.
func (c *Controller) enqueueAll() {
	services, err := c.services.List(labels.Everything())
	if err != nil {
		return
	}
	for _, service := range services {
		if balancer.Wanted(service) && service.DeletionTimestamp == nil {
			c.queue.Add(cache.MetaObjectToName(service))
		}
	}
}

// sync brings one Service's load balancer to what the Service wants.
func (c *Controller) sync(ctx context.Context, key cache.ObjectName) error {
	service, err := c.services.Services(key.Namespace).Get(key.Name)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("look up service %s: %w", key, err)
	}
	if has, had := c.book.given[key]; had && (err != nil || has.uid != service.UID) { // it went without its finalizer
		c.release(key)
	}
	if err != nil {
		delete(c.written, key)
		return nil
	}
	if last := c.written[key]; last != "" {
		if order, err := resourceversion.CompareResourceVersion(service.ResourceVersion, last); err == nil && order < 0 {
			return nil // the informer is about to show what was written
		}
	}
	switch {
	case needsCleanup(service):
		return c.remove(ctx, service)
	case !balancer.Wanted(service):
		c.release(key)
		return nil
	case service.DeletionTimestamp != nil: // somebody else's finalizer keeps it
		return nil
	}
	return c.ensure(ctx, service)
}

// release takes an address back. It may be what others wait for.
func (c *Controller) release(key cache.ObjectName) {
	if c.book.free(key) {
		c.enqueueAll()
	}
}

// remove takes a load balancer away. The finalizer goes first: with it goes the Service, unless something else keeps it.
func (c *Controller) remove(ctx context.Context, service *corev1.Service) error {
	key := cache.MetaObjectToName(service)
	c.recorder.Event(service, corev1.EventTypeNormal, "DeletingLoadBalancer", "Deleting load balancer")
	err := c.patch(ctx, service, map[string]any{"metadata": map[string]any{
		"uid":                                 service.UID,
		"annotations":                         map[string]any{balancer.NodeAnnotation: nil},
		"$deleteFromPrimitiveList/finalizers": []string{balancer.Finalizer},
	}})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("let service %s go: %w", key, err)
	}
	c.recorder.Event(service, corev1.EventTypeNormal, "DeletedLoadBalancer", "Deleted load balancer")
	c.release(key)
	if len(service.Status.LoadBalancer.Ingress) == 0 || len(service.Finalizers) == 1 && service.DeletionTimestamp != nil {
		return nil
	}
	return c.writeStatus(ctx, service, nil)
}

// ensure gives a Service its address, chooses the node that answers for it, and writes down what is new of that.
func (c *Controller) ensure(ctx context.Context, service *corev1.Service) error {
	key := cache.MetaObjectToName(service)
	before := c.book.given[key].address
	address, lacks := c.book.take(service)
	if lacks != nil {
		// Nothing to try again before an address comes free: then it is this one's turn.
		c.recorder.Eventf(service, corev1.EventTypeWarning, "SyncLoadBalancerFailed", "Error syncing load balancer: failed to ensure load balancer: %v", lacks)
	}
	if !address.IsValid() {
		return nil
	}
	if before.IsValid() && before != address {
		c.enqueueAll()
	}
	node, err := c.holderOf(service, address)
	if err != nil {
		return err
	}
	desired := ingressOf(address)
	settled := apiequality.Semantic.DeepEqual(service.Status.LoadBalancer.Ingress, desired)
	if !settled {
		c.recorder.Event(service, corev1.EventTypeNormal, "EnsuringLoadBalancer", "Ensuring load balancer")
	}
	was, told := service.Annotations[balancer.NodeAnnotation]
	if was != node || !told || !slices.Contains(service.Finalizers, balancer.Finalizer) {
		err := c.patch(ctx, service, map[string]any{"metadata": map[string]any{
			"uid": service.UID, "annotations": map[string]string{balancer.NodeAnnotation: node}, "finalizers": []string{balancer.Finalizer},
		}})
		if err != nil {
			return fmt.Errorf("write down the node of service %s: %w", key, err)
		}
	}
	switch {
	case node == "" && was != node:
		c.recorder.Event(service, corev1.EventTypeWarning, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")
	case settled && was != node:
		c.recorder.Event(service, corev1.EventTypeNormal, "UpdatedLoadBalancer", "Updated load balancer with new hosts")
	}
	if settled {
		return nil
	}
	if err := c.writeStatus(ctx, service, desired); err != nil {
		return err
	}
	c.recorder.Event(service, corev1.EventTypeNormal, "EnsuredLoadBalancer", "Ensured load balancer")
	return nil
}

func (c *Controller) holderOf(service *corev1.Service, address netip.Addr) (string, error) {
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		return "", fmt.Errorf("list nodes: %w", err)
	}
	endpoints, err := c.slices.EndpointSlices(service.Namespace).List(labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service.Name}))
	if err != nil {
		return "", fmt.Errorf("list the endpoint slices of service %s/%s: %w", service.Namespace, service.Name, err)
	}
	return holder(address, service.Annotations[balancer.NodeAnnotation], able(service, nodes, endpoints)), nil
}

// writeStatus writes the addresses of a Service; none: it has no load balancer any more.
func (c *Controller) writeStatus(ctx context.Context, service *corev1.Service, ingress []corev1.LoadBalancerIngress) error {
	err := c.patch(ctx, service, map[string]any{
		"metadata": map[string]any{"uid": service.UID},
		"status":   map[string]any{"loadBalancer": map[string]any{"ingress": ingress}},
	}, "status")
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("write the load balancer's status of service %s/%s: %w", service.Namespace, service.Name, err)
	}
	return nil
}

// patch writes a change, and remembers as of when the informer shows it.
func (c *Controller) patch(ctx context.Context, service *corev1.Service, change map[string]any, subresources ...string) error {
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	now, err := c.client.CoreV1().Services(service.Namespace).Patch(ctx, service.Name, types.StrategicMergePatchType, body, metav1.PatchOptions{}, subresources...)
	if err == nil {
		c.written[cache.MetaObjectToName(service)] = now.ResourceVersion
	}
	return err
}
