package volume

import (
	"context"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"
	"k8s.io/component-helpers/storage/volume"
)

// syncClaim brings a claim to its volume, or says why it has none. A claim that is to go goes once no Pod uses it.
func (c *Controller) syncClaim(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if done, err := c.unprotectClaim(ctx, claim); err != nil || done {
		return err
	}
	v, err := c.view()
	if err != nil {
		return err
	}
	plan := decideClaim(claim, v)
	switch {
	case plan.bind != nil:
		return c.bind(ctx, plan.bind, claim)
	case plan.provision != nil:
		return c.provision(ctx, claim, plan.provision)
	case plan.phase == "":
		return nil
	}
	if plan.once && claim.Status.Phase == plan.phase {
		return nil
	}
	if _, err := c.setClaimStatus(ctx, claim, plan.phase, nil); err != nil {
		return err
	}
	if plan.tell != nil {
		c.record(claim, plan.tell)
	}
	return nil
}

// bind joins volume and claim: the volume first, so that whoever comes in between finds it taken. Each step is an update of what
// was read; when somebody else was faster it fails, and the claim is looked at again.
func (c *Controller) bind(ctx context.Context, v *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) error {
	bound, dirty, err := volume.GetBindVolumeToClaim(v, claim)
	if err != nil {
		return fmt.Errorf("refer to claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	if dirty {
		if bound, err = c.client.CoreV1().PersistentVolumes().Update(ctx, bound, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("bind volume %s: %w", v.Name, err)
		}
	}
	if bound, err = c.setVolumePhase(ctx, bound, corev1.VolumeBound, ""); err != nil {
		return err
	}
	taken := claim.DeepCopy()
	if taken.Spec.VolumeName != bound.Name {
		taken.Spec.VolumeName = bound.Name
		metav1.SetMetaDataAnnotation(&taken.ObjectMeta, volume.AnnBoundByController, "yes")
	}
	if !metav1.HasAnnotation(taken.ObjectMeta, volume.AnnBindCompleted) {
		metav1.SetMetaDataAnnotation(&taken.ObjectMeta, volume.AnnBindCompleted, "yes")
	}
	if !reflect.DeepEqual(taken, claim) {
		if taken, err = c.client.CoreV1().PersistentVolumeClaims(claim.Namespace).Update(ctx, taken, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("bind claim %s/%s: %w", claim.Namespace, claim.Name, err)
		}
	}
	_, err = c.setClaimStatus(ctx, taken, corev1.ClaimBound, bound)
	return err
}

// setClaimStatus writes the phase, and what the volume offers; without a volume, nothing.
func (c *Controller) setClaimStatus(ctx context.Context, claim *corev1.PersistentVolumeClaim, phase corev1.PersistentVolumeClaimPhase,
	v *corev1.PersistentVolume) (*corev1.PersistentVolumeClaim, error) {
	changed := claim.DeepCopy()
	changed.Status.Phase = phase
	if v == nil {
		changed.Status.AccessModes, changed.Status.Capacity, changed.Status.CurrentVolumeAttributesClassName = nil, nil, nil
	} else {
		changed.Status.AccessModes = v.Spec.AccessModes
		// A claim that is bound already may have another size than its volume while either grows.
		if claim.Status.Phase != phase {
			changed.Status.Capacity = v.Spec.Capacity
			changed.Status.CurrentVolumeAttributesClassName = v.Spec.VolumeAttributesClassName
		}
	}
	if reflect.DeepEqual(changed.Status, claim.Status) {
		return claim, nil
	}
	written, err := c.client.CoreV1().PersistentVolumeClaims(claim.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	if err != nil {
		return nil, fmt.Errorf("write status of claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	return written, nil
}

func (c *Controller) setVolumePhase(ctx context.Context, v *corev1.PersistentVolume, phase corev1.PersistentVolumePhase, message string) (*corev1.PersistentVolume, error) {
	if v.Status.Phase == phase {
		return v, nil
	}
	changed := v.DeepCopy()
	changed.Status.Phase, changed.Status.Message = phase, message
	written, err := c.client.CoreV1().PersistentVolumes().UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	if err != nil {
		return nil, fmt.Errorf("write phase of volume %s: %w", v.Name, err)
	}
	return written, nil
}

// syncVolume brings a volume's phase up to date, and reclaims it when its claim is no more. One that is to go goes when it is not
// bound.
func (c *Controller) syncVolume(ctx context.Context, v *corev1.PersistentVolume) error {
	if done, err := c.unprotectVolume(ctx, v); err != nil || done {
		return err
	}
	claim, err := c.claimOf(ctx, v)
	if err != nil {
		return err
	}
	plan := decideVolume(v, claim)
	if plan.unbind {
		return c.unbind(ctx, v)
	}
	if plan.phase != "" {
		if v, err = c.setVolumePhase(ctx, v, plan.phase, v.Status.Message); err != nil {
			return err
		}
	}
	if plan.claim {
		c.queue.Add(key{claimKind, cache.ObjectName{Namespace: v.Spec.ClaimRef.Namespace, Name: v.Spec.ClaimRef.Name}})
	}
	if plan.reclaim {
		return c.reclaim(ctx, v)
	}
	return nil
}

// claimOf is the claim that a volume is bound to, nil when it is no more. Before a volume is given up for that, the server is asked:
// the informers may not have seen the claim yet.
func (c *Controller) claimOf(ctx context.Context, v *corev1.PersistentVolume) (*corev1.PersistentVolumeClaim, error) {
	ref := v.Spec.ClaimRef
	if ref == nil || ref.UID == "" {
		return nil, nil
	}
	claim, err := c.claims.PersistentVolumeClaims(ref.Namespace).Get(ref.Name)
	if err == nil && claim.UID == ref.UID {
		return claim, nil
	}
	claim, err = c.client.CoreV1().PersistentVolumeClaims(ref.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read claim %s/%s: %w", ref.Namespace, ref.Name, err)
	}
	return claim, nil
}

// unbind gives a volume back that was bound to a claim which has another one. What the user reserved stays reserved.
func (c *Controller) unbind(ctx context.Context, v *corev1.PersistentVolume) error {
	free := v.DeepCopy()
	if metav1.HasAnnotation(free.ObjectMeta, volume.AnnBoundByController) {
		free.Spec.ClaimRef = nil
		delete(free.Annotations, volume.AnnBoundByController)
	} else {
		free.Spec.ClaimRef.UID = ""
	}
	free, err := c.client.CoreV1().PersistentVolumes().Update(ctx, free, metav1.UpdateOptions{})
	if err != nil {
		return fmt.Errorf("unbind volume %s: %w", v.Name, err)
	}
	_, err = c.setVolumePhase(ctx, free, corev1.VolumeAvailable, "")
	return err
}

// waitingPods are the Pods that use the claim and have no node yet.
func (c *Controller) waitingPods(claim *corev1.PersistentVolumeClaim) []string {
	pods, err := c.pods.Pods(claim.Namespace).List(labels.Everything())
	if err != nil {
		return nil
	}
	var names []string
	for _, pod := range pods {
		if pod.Spec.NodeName == "" && refersTo(pod, claim) {
			names = append(names, pod.Name)
		}
	}
	return names
}
