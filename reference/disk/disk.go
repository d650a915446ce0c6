// Package disk is what the parts that make, use and remove volumes on nodes' own disks agree on: the controller makes such a
// volume, the node that it is for keeps its directory, and removes both when the volume is released.
package disk

import (
	"path"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/storage/volume"
)

const (
	// Provisioner is who makes the volumes, as storage classes name it.
	Provisioner = "plumbline.github.io/node-disk"
	// Class is the storage class that every cluster has, the default one.
	Class = "node-disk"
	// Finalizer keeps a volume until its directory is removed.
	Finalizer = "plumbline.github.io/node-disk"

	dir = "/var/lib/reference/disk"
)

// Path is where a volume is on its node.
func Path(volumeName string) string { return path.Join(dir, volumeName) }

// IsOne tells whether a volume was made by the provisioner, and is where it makes them: nothing else is removed from a node.
func IsOne(v *corev1.PersistentVolume) bool {
	return v.Annotations[volume.AnnDynamicallyProvisioned] == Provisioner && v.Spec.HostPath != nil && v.Spec.HostPath.Path == Path(v.Name)
}

// Affinity keeps Pods that use a volume on the node that has it.
func Affinity(hostname string) *corev1.VolumeNodeAffinity {
	return &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{hostname}}},
	}}}}
}
