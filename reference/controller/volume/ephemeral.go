package volume

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/storage/ephemeral"
)

// syncPod makes the claims of a Pod's ephemeral volumes. They belong to the Pod, and go with it.
func (c *Controller) syncPod(ctx context.Context, pod *corev1.Pod) error {
	if pod.DeletionTimestamp != nil {
		return nil
	}
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		if v.Ephemeral == nil {
			continue
		}
		if err := c.ensureClaim(ctx, pod, v); err != nil {
			c.record(pod, &tell{warning: true, reason: "FailedBinding", message: fmt.Sprintf("ephemeral volume %s: %v", v.Name, err)})
			return fmt.Errorf("pod %s/%s, ephemeral volume %s: %w", pod.Namespace, pod.Name, v.Name, err)
		}
	}
	return nil
}

func (c *Controller) ensureClaim(ctx context.Context, pod *corev1.Pod, v *corev1.Volume) error {
	name := ephemeral.VolumeClaimName(pod, v)
	known, err := c.claims.PersistentVolumeClaims(pod.Namespace).Get(name)
	if err == nil {
		return ephemeral.VolumeIsForPod(pod, known)
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("look up claim %s: %w", name, err)
	}
	template := v.Ephemeral.VolumeClaimTemplate
	_, err = c.client.CoreV1().PersistentVolumeClaims(pod.Namespace).Create(ctx, &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: template.Annotations, Labels: template.Labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(pod, corev1.SchemeGroupVersion.WithKind("Pod"))},
		},
		Spec: template.Spec,
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil // the informer has not shown it yet; its event brings the Pod's claim up again
	}
	if err != nil {
		return fmt.Errorf("create claim %s: %w", name, err)
	}
	return nil
}
