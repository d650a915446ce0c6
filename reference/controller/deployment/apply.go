package deployment

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// scalingReplicaSet is the reason of the events that tell how a rollout goes on.
const scalingReplicaSet = "ScalingReplicaSet"

// apply writes what was decided. The status is written last and even if a set could not be changed: it tells what was observed.
func (c *Controller) apply(ctx context.Context, d *appsv1.Deployment, decided plan) error {
	if decided.create != nil {
		if err := c.create(ctx, d, decided.create); err != nil {
			return err
		}
	}
	var failures []error
	for _, u := range decided.update {
		if err := c.update(ctx, d, u); err != nil {
			failures = append(failures, err)
			break // the next sync sees what has become of the first ones
		}
	}
	for _, set := range decided.remove {
		err := c.client.AppsV1().ReplicaSets(set.Namespace).Delete(ctx, set.Name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			failures = append(failures, fmt.Errorf("delete replica set %s/%s: %w", set.Namespace, set.Name, err))
			break
		}
	}
	switch {
	case decided.undo != nil:
		failures = append(failures, c.goBack(ctx, decided.undo))
	case decided.told != nil:
		failures = append(failures, c.tell(ctx, d, decided.told))
	}
	return errors.Join(failures...)
}

// tell writes the status and the revision of d, which were decided for what was observed. If the spec has changed since, they are
// still what was seen of the older generation, and the next sync builds on them: that a set was created is told only once. A status
// that has changed since is our own, not seen yet: then the decision was too early.
func (c *Controller) tell(ctx context.Context, observed, d *appsv1.Deployment) error {
	client := c.client.AppsV1().Deployments(d.Namespace)
	_, err := client.UpdateStatus(ctx, d, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) {
		fresh, lookup := client.Get(ctx, d.Name, metav1.GetOptions{})
		if lookup == nil && fresh.UID == d.UID && equality.Semantic.DeepEqual(fresh.Status, observed.Status) {
			fresh.Status = d.Status
			if revision, ok := d.Annotations[revisionAnnotation]; ok {
				metav1.SetMetaDataAnnotation(&fresh.ObjectMeta, revisionAnnotation, revision)
			}
			_, err = client.UpdateStatus(ctx, fresh, metav1.UpdateOptions{})
		}
	}
	if err != nil {
		return fmt.Errorf("update status of deployment %s: %w", keyOf(d), err)
	}
	return nil
}

// create makes the set of the present template. A name that is taken is either our own doing, not seen yet, or a collision of hashes.
func (c *Controller) create(ctx context.Context, d *appsv1.Deployment, set *appsv1.ReplicaSet) error {
	_, err := c.client.AppsV1().ReplicaSets(set.Namespace).Create(ctx, set, metav1.CreateOptions{})
	switch {
	case err == nil:
		if size := *set.Spec.Replicas; size > 0 {
			c.recorder.Eventf(d, corev1.EventTypeNormal, scalingReplicaSet, "Scaled up replica set %s from 0 to %d", set.Name, size)
		}
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
	case apierrors.IsAlreadyExists(err):
		taken, lookup := c.sets.ReplicaSets(set.Namespace).Get(set.Name)
		if lookup != nil {
			return fmt.Errorf("look up replica set %s/%s, which is there already: %w", set.Namespace, set.Name, lookup)
		}
		if !metav1.IsControlledBy(taken, d) || !sameTemplate(&taken.Spec.Template, &d.Spec.Template) {
			err = errors.Join(err, c.tell(ctx, d, collided(d)))
		}
	default:
		// What is wrong with the set matters more than whether it can be told.
		if failed := refused(d, set.Name, err, c.clock.Now()); failed != nil {
			_ = c.tell(ctx, d, failed)
		}
		c.recorder.Eventf(d, corev1.EventTypeWarning, replicaSetCreateError, refusal, set.Name, err)
	}
	return fmt.Errorf("create replica set %s/%s: %w", set.Namespace, set.Name, err)
}

const refusal = "Failed to create new replica set %q: %v"

// collided counts one more collision, so that the next hash is another one.
func collided(d *appsv1.Deployment) *appsv1.Deployment {
	d = d.DeepCopy()
	d.Status.CollisionCount = ptr.To(ptr.Deref(d.Status.CollisionCount, 0) + 1)
	return d
}

// refused tells that a set could not be created; nil if nobody wants to know about progress.
func refused(d *appsv1.Deployment, set string, err error, now time.Time) *appsv1.Deployment {
	r := rollout{deployment: d.DeepCopy(), now: now}
	if !r.hasDeadline() {
		return nil
	}
	r.set(&r.deployment.Status, appsv1.DeploymentProgressing, corev1.ConditionFalse, replicaSetCreateError, refusal, set, err)
	return r.deployment
}

func (c *Controller) update(ctx context.Context, d *appsv1.Deployment, u update) error {
	set, err := c.client.AppsV1().ReplicaSets(u.set.Namespace).Update(ctx, u.set, metav1.UpdateOptions{})
	if err != nil {
		return fmt.Errorf("update replica set %s/%s: %w", u.set.Namespace, u.set.Name, err)
	}
	switch size := *set.Spec.Replicas; {
	case size > u.from:
		c.recorder.Eventf(d, corev1.EventTypeNormal, scalingReplicaSet, "Scaled up replica set %s from %d to %d", set.Name, u.from, size)
	case size < u.from:
		c.recorder.Eventf(d, corev1.EventTypeNormal, scalingReplicaSet, "Scaled down replica set %s from %d to %d", set.Name, u.from, size)
	}
	return nil
}

func (c *Controller) goBack(ctx context.Context, u *undo) error {
	d := u.deployment
	if _, err := c.client.AppsV1().Deployments(d.Namespace).Update(ctx, d, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("roll back deployment %s: %w", keyOf(d), err)
	}
	c.recorder.Event(d, u.eventType, u.reason, u.message)
	return nil
}
