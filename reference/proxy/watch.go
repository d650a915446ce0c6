package proxy

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// What is not ours: Services that another proxy serves, and the slices of headless Services. What a Service's labels say of being headless
// is no matter, and its controller hands the name of another proxy down to its slices, where nobody needs it.
const (
	serviceSelector = "!service.kubernetes.io/service-proxy-name"
	sliceSelector   = "!" + corev1.IsHeadlessService
)

const indexByService = "service"

// informed is the cluster as the informers know it.
type informed struct {
	serviceInformer, sliceInformer, nodeInformer cache.SharedIndexInformer
	handlers                                     []cache.ResourceEventHandlerRegistration
	nodeName                                     string
}

// watch starts the informers; what they see goes into the ledger. stop ends them and waits.
func watch(ctx context.Context, options Options, changes *ledger) (*informed, func(), error) {
	client, err := kubernetes.NewForConfig(options.Config)
	if err != nil {
		return nil, nil, err
	}
	factory := func(narrow func(*metav1.ListOptions)) informers.SharedInformerFactory {
		return informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(withoutManagedFields), informers.WithTweakListOptions(narrow))
	}
	services := factory(func(o *metav1.ListOptions) { o.LabelSelector = serviceSelector })
	slices := factory(func(o *metav1.ListOptions) { o.LabelSelector = sliceSelector })
	nodes := factory(func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector("metadata.name", options.NodeName).String()
	})
	c := &informed{
		serviceInformer: services.Core().V1().Services().Informer(),
		sliceInformer:   slices.Discovery().V1().EndpointSlices().Informer(),
		nodeInformer:    nodes.Core().V1().Nodes().Informer(),
		nodeName:        options.NodeName,
	}
	if err := c.sliceInformer.AddIndexers(cache.Indexers{indexByService: serviceOfSlice}); err != nil {
		return nil, nil, err
	}
	if err := c.listen(changes); err != nil {
		return nil, nil, err
	}
	all := []informers.SharedInformerFactory{services, slices, nodes}
	for _, one := range all {
		one.StartWithContext(ctx)
	}
	return c, func() {
		for _, one := range all {
			one.Shutdown()
		}
	}, nil
}

func (c *informed) listen(changes *ledger) error {
	var problems []error
	add := func(informer cache.SharedIndexInformer, handler cache.ResourceEventHandler) {
		registration, err := informer.AddEventHandler(handler)
		problems = append(problems, err)
		c.handlers = append(c.handlers, registration)
	}
	add(c.serviceInformer, onEvery(func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			changes.add(key)
		}
	}))
	add(c.sliceInformer, onEvery(func(object any) {
		if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = tombstone.Obj
		}
		if keys, err := serviceOfSlice(object); err == nil {
			changes.add(keys...)
		}
	}))
	add(c.nodeInformer, cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { changes.addAll() },
		UpdateFunc: func(before, now any) {
			if zoneOf(before) != zoneOf(now) {
				changes.addAll()
			}
		},
	})
	return errors.Join(problems...)
}

// onEvery calls f with every object that was, or is, in any event.
func onEvery(f func(object any)) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{AddFunc: f, DeleteFunc: f, UpdateFunc: func(before, now any) { f(before); f(now) }}
}

func (c *informed) synced(ctx context.Context) bool {
	checkers := make([]cache.DoneChecker, 0, len(c.handlers))
	for _, h := range c.handlers {
		checkers = append(checkers, h.HasSyncedChecker())
	}
	return cache.WaitFor(ctx, "", checkers...)
}

func serviceOfSlice(object any) ([]string, error) {
	slice, ok := object.(*discoveryv1.EndpointSlice)
	if !ok {
		return nil, fmt.Errorf("%T is no EndpointSlice", object)
	}
	name := slice.Labels[discoveryv1.LabelServiceName]
	if name == "" {
		return nil, nil
	}
	return []string{slice.Namespace + "/" + name}, nil
}

func withoutManagedFields(object any) (any, error) {
	if o, ok := object.(metav1.Object); ok {
		o.SetManagedFields(nil)
	}
	return object, nil
}

func zoneOf(object any) string {
	if node, ok := object.(*corev1.Node); ok {
		return node.Labels[corev1.LabelTopologyZone]
	}
	return ""
}

func (c *informed) services() []*corev1.Service {
	all := c.serviceInformer.GetStore().List()
	services := make([]*corev1.Service, 0, len(all))
	for _, object := range all {
		if service, ok := object.(*corev1.Service); ok {
			services = append(services, service)
		}
	}
	return services
}

func (c *informed) service(key string) *corev1.Service {
	object, exists, err := c.serviceInformer.GetStore().GetByKey(key)
	if err != nil || !exists {
		return nil
	}
	service, _ := object.(*corev1.Service)
	return service
}

func (c *informed) slices(key string) []*discoveryv1.EndpointSlice {
	objects, err := c.sliceInformer.GetIndexer().ByIndex(indexByService, key)
	if err != nil {
		return nil
	}
	slices := make([]*discoveryv1.EndpointSlice, 0, len(objects))
	for _, object := range objects {
		if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
			slices = append(slices, slice)
		}
	}
	return slices
}

func (c *informed) zone() string {
	object, exists, err := c.nodeInformer.GetStore().GetByKey(c.nodeName)
	if err != nil || !exists {
		return ""
	}
	return zoneOf(object)
}
