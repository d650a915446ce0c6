package scheduler

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/storage/volume"
)

// volumeTimeout is how long a Pod waits on the way to its node for its volumes, as upstream's VolumeBinding.
const volumeTimeout = 10 * time.Minute

// bindVolumes keeps the promises that come with the node: it reserves volumes, has others made, and waits until all are bound. A
// promise that somebody else was faster to take is an error; the Pod is decided anew.
func (s *scheduler) bindVolumes(ctx context.Context, pod *corev1.Pod, nodeName string) error {
	if !usesClaims(pod) {
		return nil
	}
	known := s.stored()
	wanted, err := needsOf(pod, known)
	if err != nil {
		return err
	}
	if len(wanted.delayed) == 0 {
		return nil
	}
	node, err := s.nodes.Get(nodeName)
	if err != nil {
		return fmt.Errorf("look up node: %v", err) // not wrapped: that a node is gone does not mean that the Pod is
	}
	promises, rejected := wanted.promisesOn(node, known)
	if rejected != nil {
		return fmt.Errorf("%s: %s", nodeName, rejected.reasons[0])
	}
	for _, p := range promises {
		if err := s.keep(ctx, p, nodeName); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, volumeTimeout)
	defer cancel()
	for _, p := range promises {
		if err := s.awaitBound(ctx, pod, p.claim, nodeName); err != nil {
			return err
		}
	}
	return nil
}

func (s *scheduler) keep(ctx context.Context, p promise, node string) error {
	if p.volume != nil {
		reserved, dirty, err := volume.GetBindVolumeToClaim(p.volume, p.claim)
		if err == nil && dirty {
			_, err = s.client.CoreV1().PersistentVolumes().Update(ctx, reserved, metav1.UpdateOptions{})
		}
		if err != nil {
			return fmt.Errorf("reserve volume %s: %v", p.volume.Name, err)
		}
		return nil
	}
	if p.claim.Annotations[volume.AnnSelectedNode] == node {
		return nil
	}
	claim := p.claim.DeepCopy()
	metav1.SetMetaDataAnnotation(&claim.ObjectMeta, volume.AnnSelectedNode, node)
	if _, err := s.client.CoreV1().PersistentVolumeClaims(claim.Namespace).Update(ctx, claim, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("select node %s for claim %s: %v", node, claim.Name, err)
	}
	return nil
}

// awaitBound waits until the claim has its volume. It gives up when the provisioner does, and when the Pod or the claim goes.
func (s *scheduler) awaitBound(ctx context.Context, pod *corev1.Pod, promised *corev1.PersistentVolumeClaim, node string) error {
	chosen := false
	for {
		changed := s.storageChanges.next()
		claim, err := s.claims.PersistentVolumeClaims(pod.Namespace).Get(promised.Name)
		switch {
		case apierrors.IsNotFound(err):
			return fmt.Errorf("claim %s is no more", promised.Name)
		case err != nil:
			return fmt.Errorf("look up claim %s: %w", promised.Name, err)
		case isBound(claim):
			return nil
		case chosen && claim.Annotations[volume.AnnSelectedNode] == "":
			return fmt.Errorf("provisioning failed for PVC %q", claim.Name)
		}
		chosen = chosen || claim.Annotations[volume.AnnSelectedNode] == node
		if known, err := s.pods.Pods(pod.Namespace).Get(pod.Name); err != nil || known.UID != pod.UID || known.DeletionTimestamp != nil {
			return apierrors.NewNotFound(corev1.Resource("pods"), pod.Name)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("claim %s has no volume: %w", promised.Name, ctx.Err())
		}
	}
}

// changes wakes everybody who waits for the next of something.
type changes struct {
	mu   sync.Mutex
	wake chan struct{}
}

func (c *changes) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wake == nil {
		c.wake = make(chan struct{})
	}
	return c.wake
}

func (c *changes) happened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}
