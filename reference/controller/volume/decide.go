package volume

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/storage/volume"
)

// view is what a decision rests on.
type view struct {
	volumes []*corev1.PersistentVolume
	classes []*storagev1.StorageClass
	// waiting are the Pods that use the claim and have no node yet, by name.
	waiting func(claim *corev1.PersistentVolumeClaim) []string
}

func (v *view) volume(name string) *corev1.PersistentVolume {
	for _, candidate := range v.volumes {
		if candidate.Name == name {
			return candidate
		}
	}
	return nil
}

func (v *view) class(name string) *storagev1.StorageClass {
	for _, candidate := range v.classes {
		if candidate.Name == name {
			return candidate
		}
	}
	return nil
}

// tell is an event to record.
type tell struct {
	warning         bool
	reason, message string
}

// claimPlan is what is to be done about a claim. The zero value is nothing.
type claimPlan struct {
	bind      *corev1.PersistentVolume          // join the two, in both objects
	phase     corev1.PersistentVolumeClaimPhase // otherwise
	provision *storagev1.StorageClass           // have a volume made
	tell      *tell
	once      bool // tell only when the phase changes
}

// decideClaim says what a claim needs (upstream's syncUnboundClaim and syncBoundClaim; claim pods/persistent-volume-survives).
func decideClaim(claim *corev1.PersistentVolumeClaim, v *view) claimPlan {
	if claim.DeletionTimestamp != nil && claim.Spec.VolumeName == "" {
		return claimPlan{} // it goes before it had anything
	}
	if metav1.HasAnnotation(claim.ObjectMeta, volume.AnnBindCompleted) {
		return decideBound(claim, v)
	}
	if claim.Spec.VolumeName != "" {
		return decideNamed(claim, v)
	}
	class := v.class(volume.GetPersistentVolumeClaimClass(claim))
	delayed := class != nil && class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
	if found := bestMatch(claim, v.volumes, delayed); found != nil {
		return claimPlan{bind: found}
	}
	pending := claimPlan{phase: corev1.ClaimPending}
	switch name := volume.GetPersistentVolumeClaimClass(claim); {
	case delayed && !volume.IsDelayBindingProvisioning(claim):
		pending.tell = waitingFor(v.waiting(claim))
	case name == "":
		pending.tell = &tell{reason: "FailedBinding", message: "no persistent volumes available for this claim and no storage class is set"}
	case class == nil:
		pending.tell = &tell{warning: true, reason: "ProvisioningFailed", message: fmt.Sprintf("storageclass.storage.k8s.io %q not found", name)}
	case class.Provisioner == volume.NotSupportedProvisioner:
		pending.tell = &tell{warning: true, reason: "ProvisioningFailed", message: "no volume plugin matched"}
	default:
		pending.provision = class
	}
	return pending
}

func waitingFor(pods []string) *tell {
	switch len(pods) {
	case 0:
		return &tell{reason: "WaitForFirstConsumer", message: "waiting for first consumer to be created before binding"}
	case 1:
		return &tell{reason: "WaitForPodScheduled", message: "waiting for pod " + pods[0] + " to be scheduled"}
	}
	return &tell{reason: "WaitForPodScheduled", message: "waiting for pods " + strings.Join(pods, ",") + " to be scheduled"}
}

// bestMatch is the volume for a claim: one that was reserved for it, else the smallest that is large enough, of those with the fewest
// access modes beyond what the claim asks for. Where binding waits for a Pod, only a reserved one counts.
func bestMatch(claim *corev1.PersistentVolumeClaim, volumes []*corev1.PersistentVolume, delayed bool) *corev1.PersistentVolume {
	byModes := map[int][]*corev1.PersistentVolume{}
	var counts []int
	for _, candidate := range volumes {
		if !volume.CheckAccessModes(claim, candidate) {
			continue
		}
		n := len(candidate.Spec.AccessModes)
		if byModes[n] == nil {
			counts = append(counts, n)
		}
		byModes[n] = append(byModes[n], candidate)
	}
	slices.Sort(counts)
	for _, n := range counts {
		// The only error is a selector that validation does not let pass.
		if found, err := volume.FindMatchingVolume(claim, byModes[n], nil, nil, delayed, true); err == nil && found != nil {
			return found
		}
	}
	return nil
}

// decideNamed is for a claim that names its volume, and has not got it yet.
func decideNamed(claim *corev1.PersistentVolumeClaim, v *view) claimPlan {
	wanted := v.volume(claim.Spec.VolumeName)
	switch {
	case wanted == nil:
		return claimPlan{phase: corev1.ClaimPending}
	case wanted.Spec.ClaimRef == nil:
		if err := satisfies(wanted, claim); err != nil {
			return claimPlan{phase: corev1.ClaimPending, tell: &tell{
				warning: true, reason: "VolumeMismatch", message: fmt.Sprintf("Cannot bind to requested volume %q: %v", wanted.Name, err),
			}}
		}
		return claimPlan{bind: wanted}
	case volume.IsVolumeBoundToClaim(wanted, claim):
		return claimPlan{bind: wanted}
	}
	return claimPlan{phase: corev1.ClaimPending, tell: &tell{
		warning: true, reason: "FailedBinding", message: fmt.Sprintf("volume %q already bound to a different claim.", wanted.Name),
	}}
}

// satisfies says why a volume is not what the claim that names it asks for.
func satisfies(v *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) error {
	wanted, size := claim.Spec.Resources.Requests[corev1.ResourceStorage], v.Spec.Capacity[corev1.ResourceStorage]
	switch {
	case v.DeletionTimestamp != nil:
		return errors.New("the volume is marked for deletion")
	case size.Cmp(wanted) < 0:
		return errors.New("requested PV is too small")
	case volume.GetPersistentVolumeClaimClass(claim) != volume.GetPersistentVolumeClass(v):
		return errors.New("storageClassName does not match")
	case volume.CheckVolumeModeMismatches(&claim.Spec, &v.Spec):
		return errors.New("incompatible volumeMode")
	case !volume.CheckAccessModes(claim, v):
		return errors.New("incompatible accessMode")
	}
	return nil
}

// decideBound is for a claim that once had its volume.
func decideBound(claim *corev1.PersistentVolumeClaim, v *view) claimPlan {
	lost := func(reason, message string) claimPlan {
		return claimPlan{phase: corev1.ClaimLost, tell: &tell{warning: true, reason: reason, message: message}, once: true}
	}
	if claim.Spec.VolumeName == "" {
		return lost("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
	}
	bound := v.volume(claim.Spec.VolumeName)
	switch {
	case bound == nil:
		return lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
	case bound.Spec.ClaimRef == nil || bound.Spec.ClaimRef.UID == claim.UID:
		return claimPlan{bind: bound}
	}
	return lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
}

// volumePlan is what is to be done about a volume. The zero value is nothing.
type volumePlan struct {
	phase   corev1.PersistentVolumePhase
	claim   bool // its claim is to be looked at
	unbind  bool
	reclaim bool // its claim is no more: do as the policy says
}

// decideVolume says what a volume needs; claim is the one that it is bound to, nil when that is no more (upstream's syncVolume).
func decideVolume(v *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) volumePlan {
	ref := v.Spec.ClaimRef
	switch {
	case ref == nil || ref.UID == "":
		return volumePlan{phase: corev1.VolumeAvailable, claim: ref != nil}
	case claim == nil || claim.UID != ref.UID:
		return volumePlan{phase: released(v), reclaim: true}
	case claim.Spec.VolumeName == "":
		return volumePlan{claim: true}
	case claim.Spec.VolumeName == v.Name:
		return volumePlan{phase: corev1.VolumeBound}
	case metav1.HasAnnotation(v.ObjectMeta, volume.AnnDynamicallyProvisioned) && v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete:
		return volumePlan{phase: released(v), reclaim: true} // made for a claim that has another by now
	}
	return volumePlan{unbind: true}
}

// released keeps the mark of a failure.
func released(v *corev1.PersistentVolume) corev1.PersistentVolumePhase {
	if v.Status.Phase == corev1.VolumeFailed {
		return corev1.VolumeFailed
	}
	return corev1.VolumeReleased
}
