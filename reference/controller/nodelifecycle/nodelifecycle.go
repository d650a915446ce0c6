// Package nodelifecycle looks after nodes: it gives each its range of Pod addresses, notices when one falls silent, taints nodes by their
// condition, evicts Pods that do not tolerate it, and removes Pods whose node is no more.
//
// The decisions are pure functions: ranges (cidr.go), signs of life (health.go), taints and how long a Pod may stay (taints.go). This file is
// the loop over nodes, pods.go the loop over their Pods. It joins what upstream does in pkg/controller/{nodeipam,nodelifecycle,tainteviction,podgc}.
package nodelifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	coordinationlisters "k8s.io/client-go/listers/coordination/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

const workers = 4

// podsByNode is the name of the index that this controller adds to the Pods' informer.
const podsByNode = "nodelifecycle/node"

// Options are what differs between clusters.
type Options struct {
	// ClusterCIDR is divided among the nodes; without it nodes get no range.
	ClusterCIDR netip.Prefix
	// MaskSize is the length of a node's prefix.
	MaskSize int
	// GracePeriod is how long a node may stay silent before it counts as lost.
	GracePeriod time.Duration
}

// Controller is the loop over nodes and their Pods.
type Controller struct {
	options  Options
	client   kubernetes.Interface
	recorder record.EventRecorder // as node-controller
	evictor  record.EventRecorder // as taint-eviction-controller
	clock    clock.PassiveClock
	queue    loop.Queue[string] // nodes
	podQueue loop.Queue[cache.ObjectName]

	nodes     corelisters.NodeLister
	leases    coordinationlisters.LeaseLister
	pods      corelisters.PodLister
	podIndex  cache.Indexer
	hasSynced []cache.InformerSynced

	mu       sync.Mutex
	health   map[string]*health
	ranges   map[string]netip.Prefix // promised to nodes and perhaps not yet seen on them
	allLost  bool                    // no node at all is ready
	tainted  map[types.UID]time.Time // since when each Pod was seen on a node with taints that it tolerates for a while
	homeless map[types.UID]time.Time // since when each Pod was seen bound to a node that does not exist
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory, recorder, evictor record.EventRecorder, options Options) (*Controller, error) {
	core, leases := factory.Core().V1(), factory.Coordination().V1().Leases()
	c := &Controller{
		options: options, client: client, recorder: recorder, evictor: evictor, clock: clock.RealClock{},
		queue: loop.NewQueue[string]("nodelifecycle"), podQueue: loop.NewQueue[cache.ObjectName]("nodelifecycle_pods"),
		nodes: core.Nodes().Lister(), leases: leases.Lister(), pods: core.Pods().Lister(), podIndex: core.Pods().Informer().GetIndexer(),
		health: map[string]*health{}, ranges: map[string]netip.Prefix{},
		tainted: map[types.UID]time.Time{}, homeless: map[types.UID]time.Time{},
	}
	if err := core.Pods().Informer().AddIndexers(cache.Indexers{podsByNode: func(obj any) ([]string, error) {
		if pod, ok := obj.(*corev1.Pod); ok && pod.Spec.NodeName != "" {
			return []string{pod.Spec.NodeName}, nil
		}
		return nil, nil
	}}); err != nil {
		return nil, fmt.Errorf("index pods by node: %w", err)
	}
	for _, watched := range []struct {
		informer cache.SharedIndexInformer
		handler  cache.ResourceEventHandlerFuncs
	}{
		{core.Nodes().Informer(), cache.ResourceEventHandlerFuncs{AddFunc: c.nodeAdded, UpdateFunc: c.nodeChanged, DeleteFunc: c.nodeDeleted}},
		{leases.Informer(), cache.ResourceEventHandlerFuncs{AddFunc: c.leaseSeen, UpdateFunc: func(_, obj any) { c.leaseSeen(obj) }}},
		{core.Pods().Informer(), cache.ResourceEventHandlerFuncs{AddFunc: c.podSeen, UpdateFunc: c.podChanged, DeleteFunc: c.podDeleted}},
	} {
		handler, err := watched.informer.AddEventHandler(watched.handler)
		if err != nil {
			return nil, fmt.Errorf("watch: %w", err)
		}
		c.hasSynced = append(c.hasSynced, handler.HasSynced)
	}
	return c, nil
}

// Run looks after nodes until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "nodelifecycle", c.hasSynced...); err != nil {
		return err
	}
	var group sync.WaitGroup
	group.Go(func() { loop.Run(ctx, "nodelifecycle", c.queue, workers, c.sync) })
	group.Go(func() { loop.Run(ctx, "nodelifecycle pods", c.podQueue, workers, c.syncPod) })
	group.Wait()
	return nil
}

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

// sync brings one node up to date: its range, its conditions, its taints.
func (c *Controller) sync(ctx context.Context, name string) error {
	node, err := c.nodes.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up node %s: %w", name, err)
	}
	if err := c.assignRange(ctx, node); err != nil {
		return err
	}
	c.mu.Lock()
	evict, h := !c.allLost, c.health[name]
	var left time.Duration
	if h != nil {
		left = h.silentIn(c.options.GracePeriod, c.clock.Now())
	}
	c.mu.Unlock()
	if h == nil {
		return nil
	}
	if left <= 0 {
		if changed, err := c.markLost(ctx, node); err != nil || changed {
			return err
		}
	} else {
		c.queue.AddAfter(name, left)
	}
	taints, changed := decideTaints(node, evict, c.clock.Now())
	if !changed {
		return nil
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": node.UID, "resourceVersion": node.ResourceVersion}, "spec": map[string]any{"taints": taints},
	})
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	if _, err := c.client.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("taint node %s: %w", name, err)
	}
	return nil
}

// markLost writes that nobody has heard of the node. It tells whether there was anything to write; the next look is after the
// informer has shown it.
func (c *Controller) markLost(ctx context.Context, node *corev1.Node) (bool, error) {
	conditions, changed := decideLost(node, c.clock.Now())
	if !changed {
		return false, nil
	}
	// The lease is read from the server: should the informers be behind, the node is not to blame.
	lease, err := c.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, node.Name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("read lease of node %s: %w", node.Name, err)
	}
	if err == nil && lease.Spec.RenewTime != nil {
		c.mu.Lock()
		h := c.health[node.Name]
		alive := h != nil && h.renewed.Before(lease.Spec.RenewTime)
		if alive {
			h.listen(node, lease.Spec.RenewTime, c.clock.Now())
		}
		c.mu.Unlock()
		if alive {
			c.queue.Add(node.Name)
			return true, nil
		}
	}
	wasReady := isReady(node)
	node = node.DeepCopy()
	node.Status.Conditions = conditions
	if _, err := c.client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return false, fmt.Errorf("mark node %s as lost: %w", node.Name, err)
	}
	if wasReady {
		c.recorder.Eventf(reference(node), corev1.EventTypeNormal, "NodeNotReady", "Node %s status is now: NodeNotReady", node.Name)
	}
	return true, nil
}

// assignRange gives the node its part of the cluster's range, once.
func (c *Controller) assignRange(ctx context.Context, node *corev1.Node) error {
	if node.Spec.PodCIDR != "" || !c.options.ClusterCIDR.IsValid() {
		return nil
	}
	assigned, err := c.reserveRange(node.Name)
	if err != nil {
		if errors.Is(err, errNoCIDR) {
			c.recorder.Eventf(reference(node), corev1.EventTypeNormal, "CIDRNotAvailable", "Node %s status is now: CIDRNotAvailable", node.Name)
		}
		return fmt.Errorf("assign a pod range to node %s: %w", node.Name, err)
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": node.UID},
		"spec":     map[string]any{"podCIDR": assigned.String(), "podCIDRs": []string{assigned.String()}},
	})
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	if _, err := c.client.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("assign pod range %v to node %s: %w", assigned, node.Name, err)
	}
	return nil
}

// reserveRange chooses a range that no node has, and none was promised.
func (c *Controller) reserveRange(name string) (netip.Prefix, error) {
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("list nodes: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if promised, ok := c.ranges[name]; ok {
		return promised, nil
	}
	var used []netip.Prefix
	for _, node := range nodes {
		if prefix, err := netip.ParsePrefix(node.Spec.PodCIDR); err == nil {
			used = append(used, prefix)
		}
	}
	for _, prefix := range c.ranges {
		used = append(used, prefix)
	}
	chosen, err := nextCIDR(c.options.ClusterCIDR, c.options.MaskSize, used)
	if err == nil {
		c.ranges[name] = chosen
	}
	return chosen, err
}

// reference is a node as events name it.
func reference(node *corev1.Node) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}
}
