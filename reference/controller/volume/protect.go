package volume

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/component-helpers/storage/ephemeral"

	"github.com/plumbline/plumbline/reference/storage"
)

// refersTo tells whether a Pod names the claim, or has it made for itself.
func refersTo(pod *corev1.Pod, claim *corev1.PersistentVolumeClaim) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
		return storage.ClaimName(pod, &v) == claim.Name && (v.Ephemeral == nil || ephemeral.VolumeIsForPod(pod, claim) == nil)
	})
}

// inUse tells whether a claim has to stay because of a Pod: one that is on a node and refers to it. Pods without a node do not
// count, since no node starts a Pod whose claim is going. An ephemeral volume's claim belongs to its Pod, which may itself wait
// for the claim to go: there a Pod that its node is done with does not count either.
func inUse(claim *corev1.PersistentVolumeClaim, pods []*corev1.Pod) bool {
	return slices.ContainsFunc(pods, func(pod *corev1.Pod) bool {
		if pod.Spec.NodeName == "" {
			return false
		}
		done := pod.DeletionTimestamp != nil && pod.DeletionGracePeriodSeconds != nil && *pod.DeletionGracePeriodSeconds == 0
		return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
			if storage.ClaimName(pod, &v) != claim.Name {
				return false
			}
			return v.Ephemeral == nil || (!done && ephemeral.VolumeIsForPod(pod, claim) == nil)
		})
	})
}

// unprotectClaim lets a claim go that is to go and that no Pod uses any more. It tells whether nothing else is left to do.
func (c *Controller) unprotectClaim(ctx context.Context, claim *corev1.PersistentVolumeClaim) (bool, error) {
	if claim.DeletionTimestamp == nil || !slices.Contains(claim.Finalizers, storage.ClaimProtection) {
		return false, nil
	}
	known, err := c.pods.Pods(claim.Namespace).List(labels.Everything())
	if err != nil {
		return false, fmt.Errorf("list pods: %w", err)
	}
	if inUse(claim, known) {
		return false, nil
	}
	// A Pod may have come to a node that the informers have not shown yet.
	list, err := c.client.CoreV1().Pods(claim.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, fmt.Errorf("list pods: %w", err)
	}
	now := make([]*corev1.Pod, len(list.Items))
	for i := range list.Items {
		now[i] = &list.Items[i]
	}
	if inUse(claim, now) {
		return false, nil
	}
	freed := claim.DeepCopy()
	freed.Finalizers = slices.DeleteFunc(freed.Finalizers, func(name string) bool { return name == storage.ClaimProtection })
	if _, err := c.client.CoreV1().PersistentVolumeClaims(claim.Namespace).Update(ctx, freed, metav1.UpdateOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("let go of claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	return true, nil
}

// unprotectVolume lets a volume go that is to go and that is bound to no claim.
func (c *Controller) unprotectVolume(ctx context.Context, v *corev1.PersistentVolume) (bool, error) {
	if v.DeletionTimestamp == nil || !slices.Contains(v.Finalizers, storage.VolumeProtection) || v.Status.Phase == corev1.VolumeBound {
		return false, nil
	}
	freed := v.DeepCopy()
	freed.Finalizers = slices.DeleteFunc(freed.Finalizers, func(name string) bool { return name == storage.VolumeProtection })
	if _, err := c.client.CoreV1().PersistentVolumes().Update(ctx, freed, metav1.UpdateOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("let go of volume %s: %w", v.Name, err)
	}
	return true, nil
}
