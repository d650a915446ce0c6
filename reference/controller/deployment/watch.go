package deployment

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

func (c *Controller) enqueue(obj any) { loop.Enqueue(c.queue, obj) }

func (c *Controller) setAdded(obj any) {
	set := obj.(*appsv1.ReplicaSet)
	if c.enqueueOwner(set) || set.DeletionTimestamp != nil || metav1.GetControllerOfNoCopy(set) != nil {
		return
	}
	c.enqueueSelecting(set)
}

func (c *Controller) setChanged(oldObj, obj any) {
	old, set := oldObj.(*appsv1.ReplicaSet), obj.(*appsv1.ReplicaSet)
	if old.ResourceVersion == set.ResourceVersion {
		return
	}
	oldOwner, owner := metav1.GetControllerOfNoCopy(old), metav1.GetControllerOfNoCopy(set)
	ownerChanged := (oldOwner == nil) != (owner == nil) || (owner != nil && oldOwner.UID != owner.UID)
	if ownerChanged {
		c.enqueueOwner(old)
	}
	if owner != nil {
		c.enqueueOwner(set)
		return
	}
	if ownerChanged || !maps.Equal(old.Labels, set.Labels) {
		c.enqueueSelecting(set)
	}
}

func (c *Controller) setDeleted(obj any) {
	if set, ok := loop.Deleted[*appsv1.ReplicaSet](obj); ok {
		c.enqueueOwner(set)
	}
}

// podDeleted wakes a Deployment that waits for the end of its old Pods: a set does not count those that are on their way out, so that
// its status does not tell when the last one is gone.
func (c *Controller) podDeleted(obj any) {
	pod, ok := loop.Deleted[*corev1.Pod](obj)
	if !ok {
		return
	}
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || owner.Kind != "ReplicaSet" {
		return
	}
	set, err := c.sets.ReplicaSets(pod.Namespace).Get(owner.Name)
	if err != nil || set.UID != owner.UID {
		return
	}
	if d := c.ownerOf(set); d != nil && d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		c.enqueue(d)
	}
}

// ownerOf finds the Deployment that controls the set, or nil when it is another kind's, gone, or only of the same name.
func (c *Controller) ownerOf(set *appsv1.ReplicaSet) *appsv1.Deployment {
	owner := metav1.GetControllerOfNoCopy(set)
	if owner == nil || owner.Kind != kind.Kind {
		return nil
	}
	d, err := c.deployments.Deployments(set.Namespace).Get(owner.Name)
	if err != nil || d.UID != owner.UID {
		return nil
	}
	return d
}

func (c *Controller) enqueueOwner(set *appsv1.ReplicaSet) bool {
	d := c.ownerOf(set)
	if d == nil {
		return false
	}
	c.enqueue(d)
	return true
}

// enqueueSelecting wakes every Deployment that might want to adopt the orphan.
func (c *Controller) enqueueSelecting(set *appsv1.ReplicaSet) {
	all, err := c.deployments.Deployments(set.Namespace).List(labels.Everything())
	if err != nil {
		return
	}
	for _, d := range all {
		selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
		if err == nil && !selector.Empty() && selector.Matches(labels.Set(set.Labels)) {
			c.enqueue(d)
		}
	}
}
