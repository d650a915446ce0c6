package volume

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/reference"
	"k8s.io/component-helpers/storage/volume"
	"k8s.io/utils/ptr"

	"github.com/plumbline/plumbline/reference/storage"
)

// provision has a volume made for a claim: a directory on a node's disk, or whatever the class's provisioner makes, who is told
// by annotations.
func (c *Controller) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) error {
	claim, err := c.setClaimStatus(ctx, claim, corev1.ClaimPending, nil)
	if err != nil {
		return err
	}
	if claim.Annotations[volume.AnnStorageProvisioner] != class.Provisioner {
		claim = claim.DeepCopy()
		metav1.SetMetaDataAnnotation(&claim.ObjectMeta, volume.AnnStorageProvisioner, class.Provisioner)
		metav1.SetMetaDataAnnotation(&claim.ObjectMeta, volume.AnnBetaStorageProvisioner, class.Provisioner)
		if claim, err = c.client.CoreV1().PersistentVolumeClaims(claim.Namespace).Update(ctx, claim, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("name the provisioner of claim %s/%s: %w", claim.Namespace, claim.Name, err)
		}
	}
	if class.Provisioner != storage.Provisioner {
		c.record(claim, &tell{reason: "ExternalProvisioning", message: fmt.Sprintf(
			"Waiting for a volume to be created either by the external provisioner '%s' or manually by the system administrator. "+
				"If volume creation is delayed, please verify that the provisioner is running and correctly registered.", class.Provisioner)})
		return nil
	}
	node, err := c.nodeFor(claim, class)
	if err == nil {
		err = onDisk(claim)
	}
	if err != nil {
		c.record(claim, &tell{warning: true, reason: "ProvisioningFailed", message: fmt.Sprintf("failed to provision volume with StorageClass %q: %v", class.Name, err)})
		return nil
	}
	made, err := nodeDisk(claim, class, node)
	if err != nil {
		return err
	}
	if _, err := c.client.CoreV1().PersistentVolumes().Create(ctx, made, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create volume %s: %w", made.Name, err)
	}
	c.record(claim, &tell{reason: "ProvisioningSucceeded", message: "Successfully provisioned volume " + made.Name})
	return nil
}

// onDisk says why a directory on a disk is not what a claim asks for.
func onDisk(claim *corev1.PersistentVolumeClaim) error {
	switch {
	case claim.Spec.Selector != nil:
		return errors.New("claim.Spec.Selector is not supported")
	case claim.Spec.DataSource != nil || claim.Spec.DataSourceRef != nil:
		return errors.New("a volume on a node's disk cannot be filled from another object")
	case ptr.Deref(claim.Spec.VolumeMode, corev1.PersistentVolumeFilesystem) == corev1.PersistentVolumeBlock:
		return errors.New("a volume on a node's disk cannot be a block device")
	}
	for _, mode := range claim.Spec.AccessModes {
		if mode != corev1.ReadWriteOnce && mode != corev1.ReadWriteOncePod {
			return fmt.Errorf("a volume on a node's disk is for one node: it cannot be %s", mode)
		}
	}
	return nil
}

// nodeFor is the node on which a volume is made: the one that the scheduler chose for the first Pod, or, when nobody waits for a Pod,
// the one with the fewest volumes among those that the class allows.
func (c *Controller) nodeFor(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) (*corev1.Node, error) {
	if name := claim.Annotations[volume.AnnSelectedNode]; name != "" {
		node, err := c.nodes.Get(name)
		if err != nil {
			return nil, fmt.Errorf("look up the selected node: %w", err)
		}
		return node, nil
	}
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	volumes, err := c.volumes.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(node *corev1.Node) bool {
		return node.Spec.Unschedulable || !storage.Allows(class.AllowedTopologies, node)
	})
	if len(nodes) == 0 {
		return nil, errors.New("no node is in the topologies that the class allows")
	}
	holds := func(node *corev1.Node) int {
		n := 0
		for _, v := range volumes {
			if storage.IsOne(v) && volume.CheckNodeAffinity(v, node.Labels) == nil {
				n++
			}
		}
		return n
	}
	return slices.MinFunc(nodes, func(a, b *corev1.Node) int {
		return cmp.Or(cmp.Compare(holds(a), holds(b)), cmp.Compare(a.Name, b.Name))
	}), nil
}

// nodeDisk is the volume that is made: bound to its claim from the beginning, and to the node.
func nodeDisk(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, node *corev1.Node) (*corev1.PersistentVolume, error) {
	ref, err := reference.GetReference(scheme.Scheme, claim)
	if err != nil {
		return nil, fmt.Errorf("refer to claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	name := "pvc-" + string(claim.UID)
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Finalizers: []string{storage.Finalizer},
			Annotations: map[string]string{volume.AnnDynamicallyProvisioned: storage.Provisioner},
		},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: storage.Path(name), Type: ptr.To(corev1.HostPathDirectoryOrCreate)},
			},
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:                   claim.Spec.AccessModes,
			PersistentVolumeReclaimPolicy: ptr.Deref(class.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete),
			StorageClassName:              class.Name,
			VolumeMode:                    claim.Spec.VolumeMode,
			MountOptions:                  class.MountOptions,
			ClaimRef:                      ref,
			NodeAffinity:                  storage.Affinity(node.Labels[corev1.LabelHostname]),
		},
	}, nil
}
