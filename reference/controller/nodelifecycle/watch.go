package nodelifecycle

import (
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

func (c *Controller) nodeAdded(obj any) {
	node := obj.(*corev1.Node)
	c.recorder.Eventf(reference(node), corev1.EventTypeNormal, "RegisteredNode", "Node %s event: Registered Node %s in Controller", node.Name, node.Name)
	c.nodeSeen(node)
	c.enqueuePodsOf(node.Name)
}

func (c *Controller) nodeChanged(oldObj, obj any) {
	old, node := oldObj.(*corev1.Node), obj.(*corev1.Node)
	if old.UID != node.UID {
		c.nodeDeleted(old)
		c.nodeAdded(node)
		return
	}
	c.nodeSeen(node)
	if drivesOthers(old.Spec.Taints, node.Spec.Taints) || isUnknown(old) != isUnknown(node) {
		c.enqueuePodsOf(node.Name)
	}
}

func (c *Controller) nodeDeleted(obj any) {
	node, ok := loop.Deleted[*corev1.Node](obj)
	if !ok {
		return
	}
	c.mu.Lock()
	delete(c.health, node.Name)
	delete(c.ranges, node.Name)
	c.mu.Unlock()
	c.recorder.Eventf(reference(node), corev1.EventTypeNormal, "RemovingNode", "Node %s event: Removing Node %s from Controller", node.Name, node.Name)
	c.judgeAll()
	c.enqueuePodsOf(node.Name)
}

// drivesOthers tells whether the taints that drive Pods out are others than before.
func drivesOthers(old, now []corev1.Taint) bool {
	return !slices.EqualFunc(driving(old), driving(now), func(a, b corev1.Taint) bool { return a.MatchTaint(&b) && a.Value == b.Value })
}

func driving(taints []corev1.Taint) []corev1.Taint {
	return slices.DeleteFunc(slices.Clone(taints), func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectNoExecute })
}

// nodeSeen takes note of a sign of life and has the node looked at.
func (c *Controller) nodeSeen(node *corev1.Node) {
	var renewed *metav1.MicroTime
	if lease, err := c.leases.Leases(corev1.NamespaceNodeLease).Get(node.Name); err == nil {
		renewed = lease.Spec.RenewTime
	}
	c.mu.Lock()
	if c.health[node.Name] == nil {
		c.health[node.Name] = &health{}
	}
	c.health[node.Name].listen(node, renewed, c.clock.Now())
	c.mu.Unlock()
	c.judgeAll()
	c.queue.Add(node.Name)
}

// leaseSeen takes note of a sign of life. The node itself is looked at when it might have fallen silent, not with each renewal.
func (c *Controller) leaseSeen(obj any) {
	lease := obj.(*coordinationv1.Lease)
	if lease.Namespace != corev1.NamespaceNodeLease {
		return
	}
	node, err := c.nodes.Get(lease.Name)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.health[node.Name]; h != nil {
		h.listen(node, lease.Spec.RenewTime, c.clock.Now())
	}
}

// judgeAll finds out whether any node is ready. When that changes, each is looked at again; after a time in which none was, each
// gets a whole grace period, since their silence was probably not theirs.
func (c *Controller) judgeAll() {
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		return
	}
	anyReady := false
	for _, node := range nodes {
		anyReady = anyReady || isReady(node)
	}
	lost := len(nodes) > 0 && !anyReady
	c.mu.Lock()
	changed := lost != c.allLost
	c.allLost = lost
	if changed && !lost {
		for _, h := range c.health {
			h.heard = c.clock.Now()
		}
	}
	c.mu.Unlock()
	if changed {
		for _, node := range nodes {
			c.queue.Add(node.Name)
		}
	}
}
