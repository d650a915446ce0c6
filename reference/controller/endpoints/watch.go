package endpoints

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

// enqueueLeftovers finds the Endpoints whose Service was deleted while nobody watched. Those that serve elections never had one.
func (c *Controller) enqueueLeftovers() {
	objects, err := c.objects.List(labels.Everything())
	if err != nil {
		return
	}
	for _, object := range objects {
		if _, elects := object.Annotations[resourcelock.LeaderElectionRecordAnnotationKey]; !elects {
			c.queue.Add(object.Namespace + "/" + object.Name)
		}
	}
}

func (c *Controller) serviceChanged(obj any) {
	if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
		c.queue.Add(key)
		c.mirrors.Add(key)
	}
}

func (c *Controller) podSeen(obj any) {
	if pod, ok := loop.Deleted[*corev1.Pod](obj); ok {
		c.enqueueSelecting(pod.Namespace, pod.Labels)
	}
}

func (c *Controller) podChanged(oldObj, obj any) {
	old, pod := oldObj.(*corev1.Pod), obj.(*corev1.Pod)
	relabelled := !maps.Equal(old.Labels, pod.Labels)
	if !relabelled && !endpointChanged(old, pod) {
		return
	}
	if relabelled {
		c.enqueueSelecting(old.Namespace, old.Labels)
	}
	c.enqueueSelecting(pod.Namespace, pod.Labels)
}

// endpointChanged tells whether anything differs that endpoints are made of.
func endpointChanged(old, pod *corev1.Pod) bool {
	if len(old.Status.PodIPs) != len(pod.Status.PodIPs) {
		return true
	}
	for i := range pod.Status.PodIPs {
		if old.Status.PodIPs[i] != pod.Status.PodIPs[i] {
			return true
		}
	}
	return isReady(old) != isReady(pod) || hasEnded(old) != hasEnded(pod) || old.UID != pod.UID ||
		(old.DeletionTimestamp == nil) != (pod.DeletionTimestamp == nil) || old.Spec.NodeName != pod.Spec.NodeName ||
		old.Spec.Hostname != pod.Spec.Hostname || old.Spec.Subdomain != pod.Spec.Subdomain
}

func (c *Controller) enqueueSelecting(namespace string, podLabels map[string]string) {
	services, err := c.services.Services(namespace).List(labels.Everything())
	if err != nil {
		return
	}
	for _, service := range services {
		if selects(service) && labels.SelectorFromValidatedSet(service.Spec.Selector).Matches(labels.Set(podLabels)) {
			c.queue.Add(service.Namespace + "/" + service.Name)
		}
	}
}

// nodeSeen wakes the Services of the node's Pods: they may be listed from the moment it exists until it is gone.
func (c *Controller) nodeSeen(obj any) {
	node, ok := loop.Deleted[*corev1.Node](obj)
	if !ok {
		return
	}
	pods, err := c.pods.List(labels.Everything())
	if err != nil {
		return
	}
	for _, pod := range pods {
		if pod.Spec.NodeName == node.Name {
			c.enqueueSelecting(pod.Namespace, pod.Labels)
		}
	}
}

func (c *Controller) nodeChanged(old, obj any) {
	if old.(*corev1.Node).Labels[corev1.LabelTopologyZone] != obj.(*corev1.Node).Labels[corev1.LabelTopologyZone] {
		c.nodeSeen(obj)
	}
}

func (c *Controller) objectSeen(obj any) {
	object := obj.(*corev1.Endpoints)
	c.mirrors.Add(object.Namespace + "/" + object.Name)
}

func (c *Controller) objectDeleted(obj any) {
	object, ok := loop.Deleted[*corev1.Endpoints](obj)
	if !ok {
		return
	}
	c.mirrors.Add(object.Namespace + "/" + object.Name)
	if _, err := c.services.Services(object.Namespace).Get(object.Name); err == nil {
		c.queue.Add(object.Namespace + "/" + object.Name)
	}
}

// sliceSeen wakes the loop that the slice belongs to: it puts right what others changed, and goes on where it waited for this slice.
func (c *Controller) sliceSeen(obj any) {
	slice := obj.(*discoveryv1.EndpointSlice)
	key := slice.Namespace + "/" + slice.Labels[discoveryv1.LabelServiceName]
	switch slice.Labels[discoveryv1.LabelManagedBy] {
	case sliceManager:
		c.queue.Add(key)
	case mirrorManager:
		c.mirrors.Add(key)
	}
}

func (c *Controller) sliceDeleted(obj any) {
	if slice, ok := loop.Deleted[*discoveryv1.EndpointSlice](obj); ok {
		c.writes.gone(slice.UID)
		c.sliceSeen(slice)
	}
}
