// Package garbage deletes what has no owner left, and carries out how owners are deleted: in the background, in the foreground, or leaving
// what they own behind.
//
// Who owns whom is in graph.go, what becomes of an object is a pure function in decide.go, the watches on every kind are in monitors.go, the
// writes in operations.go. This file is the loop between them.
package garbage

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	"k8s.io/utils/lru"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

const (
	workers = 10
	// absentOwners is how many owners that do not exist are remembered, so that each is looked for once, not once a dependent.
	absentOwners = 500
)

// errUnobserved keeps an object in the queue until its owner shows in an informer: one that came and went unseen would
// otherwise never be missed.
var errUnobserved = errors.New("an owner exists but was not observed yet")

// Controller is the garbage collector.
type Controller struct {
	client    metadata.Interface
	discovery discovery.DiscoveryInterface
	mapper    meta.ResettableRESTMapper
	recorder  record.EventRecorder
	clock     clock.WithTicker
	removed   func(namespace string)
	checks    loop.Queue[types.UID]
	orphans   loop.Queue[types.UID]
	absent    *lru.Cache

	mu       sync.Mutex
	graph    *graph
	monitors map[schema.GroupVersionResource]*monitor
}

// New makes a collector. Removed is called for every object that goes from a namespace; it must return soon.
func New(client metadata.Interface, discovery discovery.DiscoveryInterface, recorder record.EventRecorder, removed func(namespace string)) *Controller {
	return &Controller{
		client: client, discovery: discovery, recorder: recorder, removed: removed, clock: clock.RealClock{},
		mapper:   restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discovery)),
		checks:   loop.NewQueue[types.UID]("garbage"),
		orphans:  loop.NewQueue[types.UID]("garbage_orphans"),
		absent:   lru.New(absentOwners),
		graph:    newGraph(),
		monitors: map[schema.GroupVersionResource]*monitor{},
	}
}

// Run collects until ctx ends. It deletes nothing before it has seen everything once.
func (c *Controller) Run(ctx context.Context) error {
	var group sync.WaitGroup
	ready := make(chan struct{})
	group.Go(func() { c.watchAll(ctx, func() { close(ready) }) })
	select {
	case <-ready:
		group.Go(func() { loop.Run(ctx, "garbage", c.checks, workers, c.check) })
		group.Go(func() { loop.Run(ctx, "garbage orphans", c.orphans, workers, c.orphan) })
	case <-ctx.Done():
	}
	group.Wait()
	return nil
}

func (c *Controller) seen(kind served, metadata *metav1.PartialObjectMetadata) {
	o := describe(kind.resource, kind.kind, metadata)
	c.mu.Lock()
	w := c.graph.put(o)
	misplaced := c.misplacedOwners(o)
	c.mu.Unlock()
	c.enqueue(w)
	for _, reference := range misplaced {
		c.recorder.Eventf(&corev1.ObjectReference{APIVersion: o.kind.GroupVersion().String(), Kind: o.kind.Kind, Namespace: o.namespace, Name: o.name, UID: o.uid},
			corev1.EventTypeWarning, "OwnerRefInvalidNamespace", "ownerRef %s does not exist in namespace %q", describeReference(reference), o.namespace)
	}
}

// misplacedOwners are references to owners that exist, but in another namespace. It is called with the lock held.
func (c *Controller) misplacedOwners(o *object) []metav1.OwnerReference {
	var misplaced []metav1.OwnerReference
	for _, reference := range o.owners {
		owner := c.graph.objects[reference.UID]
		if owner != nil && owner.namespace != "" && owner.namespace != o.namespace {
			misplaced = append(misplaced, reference)
		}
	}
	return misplaced
}

func describeReference(r metav1.OwnerReference) string {
	return fmt.Sprintf("[%s/%s, name: %s, uid: %s]", r.APIVersion, r.Kind, r.Name, r.UID)
}

func (c *Controller) gone(metadata *metav1.PartialObjectMetadata) {
	c.forget(metadata.UID)
	if metadata.Namespace != "" {
		c.removed(metadata.Namespace)
	}
}

func (c *Controller) forget(uid types.UID) {
	c.mu.Lock()
	w := c.graph.remove(uid)
	c.mu.Unlock()
	c.enqueue(w)
}

func (c *Controller) enqueue(w work) {
	for _, uid := range w.check {
		c.checks.Add(uid)
	}
	for _, uid := range w.orphan {
		c.orphans.Add(uid)
	}
}

// check decides about one object on live reads, and carries the decision out.
func (c *Controller) check(ctx context.Context, uid types.UID) error {
	c.mu.Lock()
	o := c.graph.objects[uid]
	hasDependents, inCycle := len(c.graph.dependents[uid]) > 0, c.graph.inCycle(uid)
	settled := o == nil || (o.deleted && !o.deletingDependents) || (!o.deleted && c.graph.allOwnersStay(o))
	c.mu.Unlock()
	if settled {
		return nil
	}
	live, err := c.read(ctx, o.resource, o.namespace, o.name)
	if err != nil {
		return err
	}
	if live == nil || live.UID != uid {
		c.forget(uid)
		return nil
	}
	if o.deletingDependents {
		return c.finishForeground(ctx, o)
	}
	stands := map[types.UID]standing{}
	var unobserved error
	for _, reference := range live.OwnerReferences {
		stand, err := c.standing(ctx, reference, o.namespace)
		if errors.Is(err, errClusterScoped) {
			return nil // no retry makes a namespaced owner of something that is in no namespace
		}
		if err != nil {
			return err
		}
		stands[reference.UID] = stand
		if stand == solid && !c.observed(reference) {
			unobserved = errUnobserved
		}
	}
	decided := decide(live.OwnerReferences, live.Finalizers, stands, hasDependents, inCycle)
	if err := c.carryOut(ctx, o, live, decided); err != nil {
		return err
	}
	return unobserved
}

// observed tells whether the owner shows in an informer, or is of a kind that none watches.
func (c *Controller) observed(reference metav1.OwnerReference) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.graph.objects[reference.UID] != nil {
		return true
	}
	kind := schema.FromAPIVersionAndKind(reference.APIVersion, reference.Kind)
	for _, m := range c.monitors {
		if m.kind.GroupKind() == kind.GroupKind() {
			return false
		}
	}
	return true
}

// finishForeground lets an owner go once nothing that blocks it is left; before, it sees to it that what blocks it goes.
func (c *Controller) finishForeground(ctx context.Context, o *object) error {
	c.mu.Lock()
	blocking := c.graph.blocking(o.uid)
	c.mu.Unlock()
	for _, dependent := range blocking {
		if !dependent.deletingDependents {
			c.checks.Add(dependent.uid)
		}
	}
	if len(blocking) > 0 {
		return nil
	}
	// Informers of different kinds do not keep step: what was created just before the deletion may not show yet.
	dependents, err := c.liveDependents(ctx, o)
	if err != nil {
		return err
	}
	for _, dependent := range dependents {
		if reference, ok := find(dependent.meta.OwnerReferences, o.uid); ok && blocks(reference) {
			return fmt.Errorf("%s %s/%s still blocks its owner", dependent.resource.Resource, dependent.meta.Namespace, dependent.meta.Name)
		}
	}
	return c.removeFinalizer(ctx, o, metav1.FinalizerDeleteDependents)
}

// orphan parts an owner from what it owns, and then lets it go.
func (c *Controller) orphan(ctx context.Context, uid types.UID) error {
	c.mu.Lock()
	o := c.graph.objects[uid]
	c.mu.Unlock()
	if o == nil || !o.orphaning {
		return nil
	}
	dependents, err := c.liveDependents(ctx, o)
	if err != nil {
		return err
	}
	failures := make([]error, len(dependents))
	var group sync.WaitGroup
	for i, dependent := range dependents {
		group.Go(func() {
			failures[i] = c.removeOwners(ctx, dependent.resource, &dependent.meta, []types.UID{uid})
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	return c.removeFinalizer(ctx, o, metav1.FinalizerOrphanDependents)
}
