// Package storage is what the API server, the controllers, the scheduler and the nodes agree on about storage that outlives Pods.
//
// Volumes on nodes' own disks are made by a controller; the node that one is for keeps its directory, and removes both when the
// volume is released.
package storage

import (
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/storage/ephemeral"
	"k8s.io/component-helpers/storage/volume"
)

// Finalizers by which volumes and claims stay while they are in use: admission gives them to every new one, and the volume
// controller takes them away.
const (
	VolumeProtection = "kubernetes.io/pv-protection"
	ClaimProtection  = "kubernetes.io/pvc-protection"
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

// ClaimName is the claim that a Pod's volume stands for, "" when it is of another kind.
func ClaimName(pod *corev1.Pod, v *corev1.Volume) string {
	switch {
	case v.PersistentVolumeClaim != nil:
		return v.PersistentVolumeClaim.ClaimName
	case v.Ephemeral != nil:
		return ephemeral.VolumeClaimName(pod, v)
	}
	return ""
}

// Allows tells whether a node has the labels of one of a class's terms; without terms every node is allowed.
func Allows(terms []corev1.TopologySelectorTerm, node *corev1.Node) bool {
	return len(terms) == 0 || slices.ContainsFunc(terms, func(term corev1.TopologySelectorTerm) bool {
		return !slices.ContainsFunc(term.MatchLabelExpressions, func(e corev1.TopologySelectorLabelRequirement) bool {
			value, has := node.Labels[e.Key]
			return !has || !slices.Contains(e.Values, value)
		})
	})
}
