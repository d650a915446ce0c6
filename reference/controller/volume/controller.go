// Package volume joins claims with volumes, has volumes made for claims that none fits, lets go of what is not in use any more,
// and protects what is. It does what upstream does in pkg/controller/volume/{persistentvolume,pvcprotection,pvprotection,ephemeral}.
//
// The decisions are pure functions: binding (decide.go), protection (protect.go). This file is the loop around them; bind.go carries
// bindings out, reclaim.go does as reclaim policies say, provision.go makes volumes on a node's disk, ephemeral.go makes the claims
// of Pods' own volumes.
package volume

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"github.com/plumbline/plumbline/reference/controller/loop"
	"github.com/plumbline/plumbline/reference/storage"
)

// key names what is to be looked at: a claim, a volume or a Pod. One worker looks at one after the other, so that no two claims
// are given the same volume.
type key struct {
	kind string
	cache.ObjectName
}

const (
	claimKind  = "claim"
	volumeKind = "volume"
	podKind    = "pod"
)

// Controller is the loop over claims and volumes.
type Controller struct {
	client   kubernetes.Interface
	recorder record.EventRecorder
	queue    loop.Queue[key]

	claims    corelisters.PersistentVolumeClaimLister
	volumes   corelisters.PersistentVolumeLister
	classes   storagelisters.StorageClassLister
	pods      corelisters.PodLister
	nodes     corelisters.NodeLister
	hasSynced []cache.InformerSynced
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory, recorder record.EventRecorder) (*Controller, error) {
	core, classes := factory.Core().V1(), factory.Storage().V1().StorageClasses()
	c := &Controller{
		client: client, recorder: recorder, queue: loop.NewQueue[key]("volume"),
		claims: core.PersistentVolumeClaims().Lister(), volumes: core.PersistentVolumes().Lister(), classes: classes.Lister(),
		pods: core.Pods().Lister(), nodes: core.Nodes().Lister(),
	}
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		core.PersistentVolumeClaims().Informer(): loop.Always(c.claimSeen),
		core.PersistentVolumes().Informer():      loop.Always(c.volumeSeen),
		classes.Informer():                       loop.Always(func(any) { c.enqueuePending() }),
		core.Pods().Informer():                   loop.Always(c.podSeen),
		core.Nodes().Informer():                  nil,
	})
	return c, err
}

// Run looks after claims and volumes until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "volume", c.hasSynced...); err != nil {
		return err
	}
	loop.Run(ctx, "volume", c.queue, 1, c.sync)
	return nil
}

// claimSeen has a claim looked at, and the volume that it had or has.
func (c *Controller) claimSeen(obj any) {
	claim, ok := loop.Deleted[*corev1.PersistentVolumeClaim](obj)
	if !ok {
		return
	}
	c.queue.Add(key{claimKind, cache.MetaObjectToName(claim)})
	if name := claim.Spec.VolumeName; name != "" {
		c.queue.Add(key{volumeKind, cache.ObjectName{Name: name}})
	}
}

// volumeSeen has a volume looked at, and its claim; one that nobody has may help any claim that waits.
func (c *Controller) volumeSeen(obj any) {
	volume, ok := loop.Deleted[*corev1.PersistentVolume](obj)
	if !ok {
		return
	}
	c.queue.Add(key{volumeKind, cache.ObjectName{Name: volume.Name}})
	if ref := volume.Spec.ClaimRef; ref != nil {
		c.queue.Add(key{claimKind, cache.ObjectName{Namespace: ref.Namespace, Name: ref.Name}})
	} else {
		c.enqueuePending()
	}
}

// podSeen has the claims of a Pod looked at: they may be in use now, or not any more.
func (c *Controller) podSeen(obj any) {
	pod, ok := loop.Deleted[*corev1.Pod](obj)
	if !ok {
		return
	}
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		if name := storage.ClaimName(pod, v); name != "" {
			c.queue.Add(key{claimKind, cache.ObjectName{Namespace: pod.Namespace, Name: name}})
		}
		if v.Ephemeral != nil && pod.DeletionTimestamp == nil {
			c.queue.Add(key{podKind, cache.MetaObjectToName(pod)})
		}
	}
}

func (c *Controller) enqueuePending() {
	claims, err := c.claims.List(labels.Everything())
	if err != nil {
		return
	}
	for _, claim := range claims {
		if claim.Status.Phase == corev1.ClaimPending {
			c.queue.Add(key{claimKind, cache.MetaObjectToName(claim)})
		}
	}
}

func (c *Controller) sync(ctx context.Context, k key) error {
	switch k.kind {
	case claimKind:
		claim, err := c.claims.PersistentVolumeClaims(k.Namespace).Get(k.Name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look up claim %s: %w", k, err)
		}
		return c.syncClaim(ctx, claim)
	case volumeKind:
		volume, err := c.volumes.Get(k.Name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look up volume %s: %w", k.Name, err)
		}
		return c.syncVolume(ctx, volume)
	}
	pod, err := c.pods.Pods(k.Namespace).Get(k.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up pod %s: %w", k, err)
	}
	return c.syncPod(ctx, pod)
}

func (c *Controller) view() (*view, error) {
	volumes, err := c.volumes.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	classes, err := c.classes.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("list storage classes: %w", err)
	}
	return &view{volumes: volumes, classes: classes, waiting: c.waitingPods}, nil
}

func (c *Controller) record(object runtime.Object, t *tell) {
	kind := corev1.EventTypeNormal
	if t.warning {
		kind = corev1.EventTypeWarning
	}
	c.recorder.Event(object, kind, t.reason, t.message)
}
