// Package nodelifecycle looks after nodes: it gives each its range of Pod addresses, notices when one falls silent, taints nodes by their
// condition, evicts Pods that do not tolerate it, and removes Pods whose node is no more.
//
// The decisions are pure functions: ranges (cidr.go), signs of life (health.go), taints and how long a Pod may stay (taints.go). This file is
// the loop over nodes, pods.go the loop over their Pods. It joins what upstream does in pkg/controller/{nodeipam,nodelifecycle,tainteviction,podgc}.
package nodelifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		core.Nodes().Informer(): cache.ResourceEventHandlerFuncs{AddFunc: c.nodeAdded, UpdateFunc: c.nodeChanged, DeleteFunc: c.nodeDeleted},
		leases.Informer():       cache.ResourceEventHandlerFuncs{AddFunc: c.leaseSeen, UpdateFunc: func(_, obj any) { c.leaseSeen(obj) }},
		core.Pods().Informer():  cache.ResourceEventHandlerFuncs{AddFunc: c.podSeen, UpdateFunc: c.podChanged, DeleteFunc: c.podDeleted},
	})
	return c, err
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

// reference is a node as events name it.
func reference(node *corev1.Node) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}
}
