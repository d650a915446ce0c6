package volume

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/storage/ephemeral"
	"k8s.io/component-helpers/storage/volume"
	"k8s.io/utils/ptr"

	"github.com/plumbline/plumbline/reference/storage"
)

// claimed sets up the volume that a claim is bound to.
func (v *Volumes) claimed(ctx context.Context, pod *v1.Pod, spec *v1.Volume) (Volume, error) {
	name, readOnly := "", false
	if spec.Ephemeral != nil {
		name = ephemeral.VolumeClaimName(pod, spec)
	} else {
		name, readOnly = spec.PersistentVolumeClaim.ClaimName, spec.PersistentVolumeClaim.ReadOnly
	}
	claim, err := v.Source.Claim(ctx, pod.Namespace, name)
	if err != nil {
		return Volume{}, fmt.Errorf("failed to fetch PVC from API server: %w", err)
	}
	if spec.Ephemeral != nil {
		if err := ephemeral.VolumeIsForPod(pod, claim); err != nil {
			return Volume{}, err
		}
	}
	if err := usable(claim, pod.Namespace); err != nil {
		return Volume{}, err
	}
	persistent, err := v.Source.PersistentVolume(ctx, claim.Spec.VolumeName)
	if err != nil {
		return Volume{}, fmt.Errorf("failed to fetch PV %s from API server: %w", claim.Spec.VolumeName, err)
	}
	if ref := persistent.Spec.ClaimRef; ref == nil || ref.UID != claim.UID {
		return Volume{}, fmt.Errorf("failed to get PV %s: the PV is bound to another claim", persistent.Name)
	}
	if err := volume.CheckNodeAffinity(persistent, v.Source.NodeLabels()); err != nil {
		return Volume{}, fmt.Errorf("MountVolume.NodeAffinity check failed for volume %q: %w", persistent.Name, err)
	}
	if ptr.Deref(claim.Spec.VolumeMode, v1.PersistentVolumeFilesystem) != v1.PersistentVolumeFilesystem {
		return Volume{}, fmt.Errorf("volume %s has volumeMode %s: this node mounts file systems only", spec.Name, *claim.Spec.VolumeMode)
	}
	mounted, err := v.persistent(ctx, pod, persistent)
	if err != nil {
		return Volume{}, &Error{Volume: persistent.Name, Err: err}
	}
	mounted.ReadOnly = mounted.ReadOnly || readOnly
	return mounted, nil
}

// usable says why a claim cannot be used (upstream's getPVCExtractPV).
func usable(claim *v1.PersistentVolumeClaim, namespace string) error {
	switch {
	case claim.DeletionTimestamp != nil:
		return fmt.Errorf("PVC is being deleted")
	case claim.Status.Phase != v1.ClaimBound:
		return fmt.Errorf("PVC %s/%s is not bound", namespace, claim.Name)
	case claim.Spec.VolumeName == "":
		return fmt.Errorf("PVC %s/%s has empty pvc.Spec.VolumeName", namespace, claim.Name)
	}
	return nil
}

// persistent sets up a volume by what it is made of.
func (v *Volumes) persistent(ctx context.Context, pod *v1.Pod, persistent *v1.PersistentVolume) (Volume, error) {
	source := &persistent.Spec.PersistentVolumeSource
	switch {
	case storage.IsOne(persistent):
		// Whoever the Pod's processes run as may write, as in an emptyDir.
		if err := makeDir(source.HostPath.Path, 0o777); err != nil {
			return Volume{}, err
		}
		return Volume{Path: source.HostPath.Path}, giveGroup(pod, source.HostPath.Path)
	case source.HostPath != nil:
		return hostPath(source.HostPath)
	case source.Local != nil:
		return local(pod, source.Local)
	case source.NFS != nil:
		return v.nfs(ctx, pod, persistent.Name, source.NFS, persistent.Spec.MountOptions...)
	}
	return Volume{}, errNoPlugin
}

// local is a directory that somebody made on this node for the purpose. It is not made when it is missing: a disk may not be there.
func local(pod *v1.Pod, source *v1.LocalVolumeSource) (Volume, error) {
	is, err := fileType(source.Path)
	if err != nil {
		return Volume{}, err
	}
	if is != v1.HostPathDirectory {
		return Volume{}, fmt.Errorf("local volume %s is a %s: this node mounts directories only", source.Path, is)
	}
	return Volume{Path: source.Path}, giveGroup(pod, source.Path)
}
