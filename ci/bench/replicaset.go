package main

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	scaleTo       = 50
	scalePatience = 5 * time.Minute
)

// scaling times a ReplicaSet from the beginning of the call that scales it to its status having all replicas ready, and
// back until its last Pod is gone.
func scaling(ctx context.Context, t *trial) error {
	if err := t.warmUp(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, scalePatience)
	defer cancel()
	sets := t.clients.AppsV1().ReplicaSets(namespace)
	which := labels.Set{"app": "many"}
	none := int32(0)
	set, err := sets.Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "many"},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &none, Selector: &metav1.LabelSelector{MatchLabels: which},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: which}, Spec: t.podSpec("wait")},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create the ReplicaSet: %w", err)
	}
	events, err := sets.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + set.Name, ResourceVersion: set.ResourceVersion})
	if err != nil {
		return fmt.Errorf("watch the ReplicaSet: %w", err)
	}
	defer events.Stop()
	scale := func(to int) (time.Time, error) {
		begun := time.Now()
		_, err := sets.Patch(ctx, set.Name, types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, to), metav1.PatchOptions{}, "scale")
		if err != nil {
			return begun, fmt.Errorf("scale the ReplicaSet to %d: %w", to, err)
		}
		return begun, nil
	}

	before, err := t.cluster.Usage(ctx)
	if err != nil {
		return err
	}
	begun, err := scale(scaleTo)
	if err != nil {
		return err
	}
	err = await(ctx, events, fmt.Sprintf("%d ready replicas", scaleTo), func(event watch.Event) (bool, string) {
		seen, ok := event.Object.(*appsv1.ReplicaSet)
		if !ok {
			return false, ""
		}
		return seen.Status.ReadyReplicas == scaleTo, fmt.Sprintf("%d ready", seen.Status.ReadyReplicas)
	})
	if err != nil {
		return err
	}
	up := time.Since(begun)
	t.round.record("replicaset-up", up.Seconds())
	if begun, err = scale(0); err != nil {
		return err
	}
	// Pods may still be made for the old number until the controller has seen the new one, so the set has to be observed
	// without replicas before the last Pod counts as the last.
	err = await(ctx, events, "no replicas", func(event watch.Event) (bool, string) {
		seen, ok := event.Object.(*appsv1.ReplicaSet)
		if !ok {
			return false, ""
		}
		return *seen.Spec.Replicas == 0 && seen.Status.ObservedGeneration == seen.Generation && seen.Status.Replicas == 0,
			fmt.Sprintf("%d replicas", seen.Status.Replicas)
	})
	if err != nil {
		return err
	}
	if err := t.awaitNoPods(ctx, labels.SelectorFromSet(which)); err != nil {
		return err
	}
	down := time.Since(begun)
	after, err := t.cluster.Usage(ctx)
	if err != nil {
		return err
	}
	t.round.record("replicaset-down", down.Seconds())
	t.round.record("replicaset-cpu", (after.CPU - before.CPU).Seconds())
	t.say("ReplicaSet: up in %s s, down in %s s", short(up.Seconds()), short(down.Seconds()))
	return nil
}
