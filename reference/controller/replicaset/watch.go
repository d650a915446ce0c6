package replicaset

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

func (c *Controller) enqueue(obj any) { loop.Enqueue(c.queue, obj) }

func (c *Controller) setChanged(old, obj any) {
	if old.(*appsv1.ReplicaSet).UID != obj.(*appsv1.ReplicaSet).UID {
		c.setDeleted(old)
	}
	c.enqueue(obj)
}

func (c *Controller) setDeleted(obj any) {
	if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
		c.expectations.forget(key)
		c.queue.Add(key)
	}
}

func (c *Controller) podAdded(obj any) {
	pod := obj.(*corev1.Pod)
	if pod.DeletionTimestamp != nil {
		// Seen first when already on its way out, after a restart: not the creation that somebody waits for.
		c.podDeleted(pod)
		return
	}
	if set := c.ownerOf(pod); set != nil {
		c.expectations.created(keyOf(set))
		c.enqueue(set)
		return
	}
	if metav1.GetControllerOfNoCopy(pod) == nil {
		c.enqueueSelecting(pod)
	}
}

func (c *Controller) podChanged(oldObj, obj any) {
	old, pod := oldObj.(*corev1.Pod), obj.(*corev1.Pod)
	if old.ResourceVersion == pod.ResourceVersion {
		return
	}
	if pod.DeletionTimestamp != nil {
		// A set replaces a terminating Pod at once; it does not wait for its end.
		c.podDeleted(pod)
		if !maps.Equal(old.Labels, pod.Labels) {
			c.podDeleted(old)
		}
		return
	}
	oldOwner, owner := metav1.GetControllerOfNoCopy(old), metav1.GetControllerOfNoCopy(pod)
	ownerChanged := (oldOwner == nil) != (owner == nil) || (owner != nil && oldOwner.UID != owner.UID)
	if ownerChanged {
		if set := c.ownerOf(old); set != nil {
			c.enqueue(set)
		}
	}
	if owner != nil {
		if set := c.ownerOf(pod); set != nil {
			c.enqueue(set)
		}
		return
	}
	if ownerChanged || !maps.Equal(old.Labels, pod.Labels) {
		c.enqueueSelecting(pod)
	}
}

func (c *Controller) podDeleted(obj any) {
	pod, ok := loop.Deleted[*corev1.Pod](obj)
	if !ok {
		return
	}
	if set := c.ownerOf(pod); set != nil {
		c.expectations.deleted(keyOf(set), pod.UID)
		c.enqueue(set)
	}
}

// ownerOf finds the ReplicaSet that controls the Pod, or nil when it is another kind's, gone, or only of the same name.
func (c *Controller) ownerOf(pod *corev1.Pod) *appsv1.ReplicaSet {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || owner.Kind != kind.Kind {
		return nil
	}
	set, err := c.sets.ReplicaSets(pod.Namespace).Get(owner.Name)
	if err != nil || set.UID != owner.UID {
		return nil
	}
	return set
}

// enqueueSelecting wakes every set that might want to adopt the orphan.
func (c *Controller) enqueueSelecting(pod *corev1.Pod) {
	sets, err := c.sets.GetPodReplicaSets(pod)
	if err != nil {
		return
	}
	for _, set := range sets {
		c.enqueue(set)
	}
}
