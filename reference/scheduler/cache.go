package scheduler

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// cache is the scheduler's view of nodes and of the Pods on them. Pods that it has just promised to a node are in it too, so that
// two that are decided one after the other never overfill a node.
type cache struct {
	mu      sync.Mutex
	hosts   map[string]*host
	where   map[types.UID]string // the host of each Pod
	assumed map[types.UID]bool   // promised, and not yet seen bound
}

func newCache() *cache {
	return &cache{hosts: map[string]*host{}, where: map[types.UID]string{}, assumed: map[types.UID]bool{}}
}

func (c *cache) host(name string) *host {
	if c.hosts[name] == nil {
		c.hosts[name] = newHost()
	}
	return c.hosts[name]
}

// drop forgets a host of which nothing is known any more.
func (c *cache) drop(name string) {
	if h := c.hosts[name]; h != nil && h.node == nil && len(h.pods) == 0 {
		delete(c.hosts, name)
	}
}

func (c *cache) setNode(node *corev1.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.host(node.Name).setNode(node)
}

func (c *cache) removeNode(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.host(name).setNode(nil)
	c.drop(name)
}

// setPod notes a Pod that the API server shows bound.
func (c *cache) setPod(pod *corev1.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.assumed, pod.UID)
	c.place(placed(pod), pod.Spec.NodeName)
}

// place is called with the lock held.
func (c *cache) place(pod *placedPod, node string) {
	c.remove(pod.pod.UID)
	c.host(node).put(pod)
	c.where[pod.pod.UID] = node
}

// removePod forgets a Pod that is gone or has ended, or whose promise was not kept.
func (c *cache) removePod(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.assumed, uid)
	c.remove(uid)
}

// forget takes back a promise, unless the Pod was seen bound in the meantime.
func (c *cache) forget(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.assumed[uid] {
		delete(c.assumed, uid)
		c.remove(uid)
	}
}

// remove is called with the lock held.
func (c *cache) remove(uid types.UID) {
	if node, ok := c.where[uid]; ok {
		c.hosts[node].take(uid)
		delete(c.where, uid)
		c.drop(node)
	}
}

// holds tells whether the Pod is on a node or promised to one.
func (c *cache) holds(uid types.UID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.where[uid]
	return ok
}

// decideAndAssume decides for the Pod and promises it to the node chosen, in one step.
func (c *cache) decideAndAssume(pod *placedPod, lookups cluster, choose func(n int) int) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lookups.hosts = sortedHosts(c.hosts)
	node, err := decide(pod, &lookups, choose)
	if err != nil {
		return "", err
	}
	c.assumed[pod.pod.UID] = true
	c.place(pod, node)
	return node, nil
}
