package scheduler

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/component-helpers/storage/ephemeral"
	"k8s.io/component-helpers/storage/volume"

	"github.com/plumbline/plumbline/reference/storage"
)

// stored is what a decision knows of claims, volumes and classes.
type stored struct {
	claim   func(namespace, name string) *corev1.PersistentVolumeClaim // nil when there is none
	volume  func(name string) *corev1.PersistentVolume                 // likewise
	volumes func() []*corev1.PersistentVolume
	class   func(name string) *storagev1.StorageClass // likewise
}

// needs are a Pod's claims: those that have their volume, and those that get it with the node of the Pod.
type needs struct {
	bound   []*corev1.PersistentVolumeClaim
	delayed []*corev1.PersistentVolumeClaim
}

func usesClaims(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return storage.ClaimName(pod, &v) != "" })
}

// needsOf collects a Pod's claims, or says why it cannot go anywhere for one of them, in upstream's words.
func needsOf(pod *corev1.Pod, known *stored) (needs, error) {
	var found needs
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		name := storage.ClaimName(pod, v)
		if name == "" {
			continue
		}
		claim := known.claim(pod.Namespace, name)
		switch {
		case claim == nil && v.Ephemeral != nil:
			return needs{}, fmt.Errorf("waiting for ephemeral volume controller to create the persistentvolumeclaim %q", name)
		case claim == nil:
			return needs{}, fmt.Errorf("persistentvolumeclaim %q not found", name)
		case claim.Status.Phase == corev1.ClaimLost:
			return needs{}, fmt.Errorf("persistentvolumeclaim %q bound to non-existent persistentvolume %q", name, claim.Spec.VolumeName)
		case claim.DeletionTimestamp != nil:
			return needs{}, fmt.Errorf("persistentvolumeclaim %q is being deleted", name)
		}
		if v.Ephemeral != nil {
			if err := ephemeral.VolumeIsForPod(pod, claim); err != nil {
				return needs{}, err
			}
		}
		switch class := known.class(volume.GetPersistentVolumeClaimClass(claim)); {
		case isBound(claim):
			found.bound = append(found.bound, claim)
		case claim.Spec.VolumeName == "" && class != nil && class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer:
			found.delayed = append(found.delayed, claim)
		default:
			return needs{}, fmt.Errorf("pod has unbound immediate PersistentVolumeClaims")
		}
	}
	return found, nil
}

// isBound tells whether a claim and its volume know of each other.
func isBound(claim *corev1.PersistentVolumeClaim) bool {
	_, complete := claim.Annotations[volume.AnnBindCompleted]
	return complete && claim.Spec.VolumeName != ""
}

// promise is what a claim gets with the node of its Pod: a volume that is there, or, with nil, one that is made for it.
type promise struct {
	claim  *corev1.PersistentVolumeClaim
	volume *corev1.PersistentVolume
}

// promisesOn says what the claims that wait for a node get on this one, or why they get nothing.
func (n needs) promisesOn(node *corev1.Node, known *stored) ([]promise, *rejection) {
	for _, claim := range n.bound {
		bound := known.volume(claim.Spec.VolumeName)
		if bound == nil {
			return nil, final("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)")
		}
		if volume.CheckNodeAffinity(bound, node.Labels) != nil {
			return nil, final("node(s) didn't match PersistentVolume's node affinity")
		}
	}
	if len(n.delayed) == 0 {
		return nil, nil
	}
	conflict := final("node(s) didn't find available persistent volumes to bind")
	var promises []promise
	taken := map[string]*corev1.PersistentVolume{}
	for _, claim := range n.delayed {
		selected, chosen := claim.Annotations[volume.AnnSelectedNode]
		if chosen && selected != node.Name {
			return nil, conflict // a volume is being made for it elsewhere
		}
		var match *corev1.PersistentVolume
		if !chosen {
			// The only error is a selector that validation does not let pass.
			match, _ = volume.FindMatchingVolume(claim, known.volumes(), node, taken, true, true)
		}
		if match != nil {
			taken[match.Name] = match
		} else if class := known.class(volume.GetPersistentVolumeClaimClass(claim)); class == nil || !makesOn(class, node) {
			return nil, conflict
		}
		promises = append(promises, promise{claim, match})
	}
	return promises, nil
}

// makesOn tells whether volumes of a class can be made for a node.
func makesOn(class *storagev1.StorageClass, node *corev1.Node) bool {
	return class.Provisioner != volume.NotSupportedProvisioner && storage.Allows(class.AllowedTopologies, node)
}

// filterVolumes keeps a Pod where its volumes are, or can be.
func filterVolumes(n needs, known *stored) filter {
	return func(h *host) *rejection {
		_, rejected := n.promisesOn(h.node, known)
		return rejected
	}
}

// filterSingleUse keeps a Pod away while another one, on whatever node, uses a claim that is for one Pod at a time.
func filterSingleUse(pod *corev1.Pod, n needs, c *cluster) filter {
	inUse := false
	for _, claim := range append(slices.Clone(n.bound), n.delayed...) {
		if !slices.Contains(claim.Spec.AccessModes, corev1.ReadWriteOncePod) {
			continue
		}
		for _, h := range c.hosts {
			for _, other := range h.pods {
				inUse = inUse || other.pod.UID != pod.UID && other.pod.Namespace == pod.Namespace &&
					slices.ContainsFunc(other.pod.Spec.Volumes, func(v corev1.Volume) bool { return storage.ClaimName(other.pod, &v) == claim.Name })
			}
		}
	}
	return func(*host) *rejection {
		if inUse {
			return passing("node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod")
		}
		return nil
	}
}
