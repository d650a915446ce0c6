package node

import (
	"context"
	"fmt"
	"os"
	"slices"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/component-helpers/storage/volume"

	"github.com/plumbline/plumbline/reference/controller/loop"
	"github.com/plumbline/plumbline/reference/storage"
)

// disks removes the volumes on this node's disk that nobody needs any more: those that are released and whose policy is Delete,
// and those that somebody deleted. It is the deleting half of a provisioner; the controllers are the making half.
type disks struct {
	agent *Agent
	queue loop.Queue[string] // names of volumes to look at
	store cache.Store
}

// followDisks watches all volumes; a server knows no selector for those of a node, and there are few.
func (a *Agent) followDisks(ctx context.Context, factory informers.SharedInformerFactory) error {
	informer := factory.Core().V1().PersistentVolumes().Informer()
	d := &disks{agent: a, queue: loop.NewQueue[string]("disks"), store: informer.GetStore()}
	seen := func(obj any) {
		if v, ok := obj.(*v1.PersistentVolume); ok && d.unneeded(v) {
			d.queue.Add(v.Name)
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: seen, UpdateFunc: func(_, obj any) { seen(obj) }}); err != nil {
		return fmt.Errorf("watch volumes: %w", err)
	}
	a.group.Go(func() { loop.Run(ctx, "disks", d.queue, 1, d.remove) })
	return nil
}

// unneeded tells whether a volume is on this node's disk, and is to be removed.
func (d *disks) unneeded(v *v1.PersistentVolume) bool {
	if !storage.IsOne(v) || volume.CheckNodeAffinity(v, d.agent.NodeLabels()) != nil || !slices.Contains(v.Finalizers, storage.Finalizer) {
		return false
	}
	if v.DeletionTimestamp != nil {
		return v.Status.Phase != v1.VolumeBound
	}
	return v.Status.Phase == v1.VolumeReleased && v.Spec.PersistentVolumeReclaimPolicy == v1.PersistentVolumeReclaimDelete
}

// remove removes the directory, then the object. Whoever deleted a volume with the policy Retain wants the data kept.
func (d *disks) remove(ctx context.Context, name string) error {
	object, found, err := d.store.GetByKey(name)
	if err != nil || !found {
		return err
	}
	v, ok := object.(*v1.PersistentVolume)
	if !ok || !d.unneeded(v) {
		return nil
	}
	volumes := d.agent.client.CoreV1().PersistentVolumes()
	if v.Spec.PersistentVolumeReclaimPolicy == v1.PersistentVolumeReclaimDelete {
		if err := os.RemoveAll(v.Spec.HostPath.Path); err != nil {
			return fmt.Errorf("remove directory: %w", err)
		}
	}
	if v.DeletionTimestamp == nil {
		if err := volumes.Delete(ctx, name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(v.UID))}); err != nil {
			return ignoreGone(err)
		}
		return nil // the watch shows it as deleted, and brings it back here
	}
	freed := v.DeepCopy()
	freed.Finalizers = slices.DeleteFunc(freed.Finalizers, func(f string) bool { return f == storage.Finalizer })
	_, err = volumes.Update(ctx, freed, metav1.UpdateOptions{})
	return ignoreGone(err)
}

// ignoreGone: a conflict means that the watch brings a newer version, which is looked at again.
func ignoreGone(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
