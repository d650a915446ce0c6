package replicaset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Reasons of the events and of the ReplicaFailure condition.
const (
	successfulCreate = "SuccessfulCreate"
	failedCreate     = "FailedCreate"
	successfulDelete = "SuccessfulDelete"
	failedDelete     = "FailedDelete"
)

// apply creates or deletes what was decided, and returns the first failure.
func (c *Controller) apply(ctx context.Context, set *appsv1.ReplicaSet, decided change) error {
	key := keyOf(set)
	if decided.create > 0 {
		c.expectations.expect(key, decided.create, nil)
		created, err := slowStart(decided.create, func() error {
			err := c.create(ctx, set)
			if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
				return nil
			}
			return err
		})
		for range decided.create - created {
			c.expectations.created(key)
		}
		return err
	}
	if len(decided.remove) > 0 {
		uids := make([]types.UID, len(decided.remove))
		for i, pod := range decided.remove {
			uids[i] = pod.UID
		}
		c.expectations.expect(key, 0, uids)
		return atOnce(len(decided.remove), func(i int) error {
			err := c.remove(ctx, set, decided.remove[i])
			if err == nil {
				return nil
			}
			c.expectations.deleted(key, uids[i])
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		})
	}
	return nil
}

// slowStart calls create count times: one call, then two at once, then four, for as long as all of a batch succeed. Creations that
// are bound to fail alike (a quota, a terminating namespace) thus cost one call, not hundreds. It returns how many succeeded.
func slowStart(count int, create func() error) (int, error) {
	succeeded := 0
	for batch := 1; succeeded < count; batch *= 2 {
		batch = min(batch, count-succeeded)
		failures := make([]error, batch)
		var group sync.WaitGroup
		for i := range batch {
			group.Go(func() { failures[i] = create() })
		}
		group.Wait()
		for _, err := range failures {
			if err == nil {
				succeeded++
			}
		}
		if i := slices.IndexFunc(failures, func(err error) bool { return err != nil }); i >= 0 {
			return succeeded, failures[i]
		}
	}
	return succeeded, nil
}

// atOnce calls do for each index in parallel and returns the first failure by index.
func atOnce(count int, do func(i int) error) error {
	failures := make([]error, count)
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() { failures[i] = do(i) })
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Controller) create(ctx context.Context, set *appsv1.ReplicaSet) error {
	pod, err := c.client.CoreV1().Pods(set.Namespace).Create(ctx, podFor(set), metav1.CreateOptions{})
	if err != nil {
		if !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			c.recorder.Eventf(set, corev1.EventTypeWarning, failedCreate, "Error creating: %v", err)
		}
		return err
	}
	c.recorder.Eventf(set, corev1.EventTypeNormal, successfulCreate, "Created pod: %v", pod.Name)
	return nil
}

func (c *Controller) remove(ctx context.Context, set *appsv1.ReplicaSet, pod *corev1.Pod) error {
	err := c.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return err
	}
	if err != nil {
		c.recorder.Eventf(set, corev1.EventTypeWarning, failedDelete, "Error deleting: %v", err)
		return fmt.Errorf("unable to delete pods: %w", err)
	}
	c.recorder.Eventf(set, corev1.EventTypeNormal, successfulDelete, "Deleted pod: %v", pod.Name)
	return nil
}

// podFor is the Pod that the set's template describes. The server completes its name; of a name too long for a dash, the
// dash is left out, and the server cuts what is still too long.
func podFor(set *appsv1.ReplicaSet) *corev1.Pod {
	template := set.Spec.Template.DeepCopy()
	prefix := set.Name + "-"
	if len(validation.NameIsDNSSubdomain(prefix, true)) != 0 {
		prefix = set.Name
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName:    prefix,
			Labels:          maps.Clone(template.Labels),
			Annotations:     maps.Clone(template.Annotations),
			Finalizers:      slices.Clone(template.Finalizers),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, kind)},
		},
		Spec: template.Spec,
	}
}
