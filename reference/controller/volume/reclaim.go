package volume

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/storage/volume"
)

// reclaim does with a volume whose claim is no more what its policy says: one that is retained stays as it is, for somebody to look
// at; one that is to be deleted goes with what it holds, by whoever made it.
func (c *Controller) reclaim(ctx context.Context, v *corev1.PersistentVolume) error {
	switch v.Spec.PersistentVolumeReclaimPolicy {
	case corev1.PersistentVolumeReclaimRetain:
		return nil
	case corev1.PersistentVolumeReclaimDelete:
		return c.delete(ctx, v)
	case corev1.PersistentVolumeReclaimRecycle:
		return c.failed(ctx, v, "VolumeFailedRecycle", "No recycler plugin found for the volume!")
	}
	return c.failed(ctx, v, "VolumeUnknownReclaimPolicy", "Volume has unrecognized PersistentVolumeReclaimPolicy")
}

// deletablePath are the paths that upstream's host-path plugin removes. It is meant for trying things on a single node: the path is
// removed where the controllers run.
var deletablePath = regexp.MustCompile("^/tmp/.+")

func (c *Controller) delete(ctx context.Context, v *corev1.PersistentVolume) error {
	if v.DeletionTimestamp != nil || v.Status.Phase == corev1.VolumeFailed {
		return nil
	}
	maker := v.Annotations[volume.AnnDynamicallyProvisioned]
	switch {
	case maker != "" && !strings.HasPrefix(maker, "kubernetes.io/"), maker == "" && v.Spec.CSI != nil:
		return nil // its provisioner deletes it
	case v.Spec.HostPath == nil:
		return c.failed(ctx, v, "VolumeFailedDelete", fmt.Sprintf("error getting deleter volume plugin for volume %q: no deletable volume plugin matched", v.Name))
	case !deletablePath.MatchString(v.Spec.HostPath.Path):
		return c.failed(ctx, v, "VolumeFailedDelete", "host_path deleter only supports /tmp/.+ but received provided "+v.Spec.HostPath.Path)
	}
	if err := os.RemoveAll(v.Spec.HostPath.Path); err != nil {
		return c.failed(ctx, v, "VolumeFailedDelete", err.Error())
	}
	err := c.client.CoreV1().PersistentVolumes().Delete(ctx, v.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(v.UID))})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete volume %s: %w", v.Name, err)
	}
	return nil
}

func (c *Controller) failed(ctx context.Context, v *corev1.PersistentVolume, reason, message string) error {
	if v.Status.Phase == corev1.VolumeFailed {
		return nil
	}
	marked, err := c.setVolumePhase(ctx, v, corev1.VolumeFailed, message)
	if err != nil {
		return err
	}
	c.record(marked, &tell{warning: true, reason: reason, message: message})
	return nil
}
