package scheduler

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
)

// maxNote is how long the note of an event may be, in bytes.
const maxNote = 1024

// bind keeps the promise: it binds the Pod to the node, once and for all (claim pods/node-is-for-life).
func (s *scheduler) bind(ctx context.Context, pod *corev1.Pod, node string) {
	err := s.client.CoreV1().Pods(pod.Namespace).Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: node},
	}, metav1.CreateOptions{})
	if err == nil {
		s.recorder.Eventf(pod, nil, corev1.EventTypeNormal, "Scheduled", "Binding", "Successfully assigned %v/%v to %v", pod.Namespace, pod.Name, node)
		s.queue.remove(pod.UID)
		return
	}
	s.takeBack(ctx, pod, fmt.Errorf("binding rejected: %w", err))
}

// takeBack takes the promise back that could not be kept, and has the Pod tried again unless it is gone.
func (s *scheduler) takeBack(ctx context.Context, pod *corev1.Pod, err error) {
	s.cache.forget(pod.UID)
	s.queue.happened(func(other *corev1.Pod) bool { return other.UID != pod.UID })
	if apierrors.IsNotFound(err) {
		s.queue.remove(pod.UID)
		return
	}
	s.queue.failed(pod.UID)
	s.fail(ctx, pod, corev1.PodReasonSchedulerError, err)
}

// fail tells why the Pod has no node: by an event, and by its PodScheduled condition.
func (s *scheduler) fail(ctx context.Context, pod *corev1.Pod, reason string, failure error) {
	logger := klog.FromContext(ctx)
	// What waited in the queue may be older than what is known now.
	if known, err := s.pods.Pods(pod.Namespace).Get(pod.Name); err != nil || known.UID != pod.UID || known.Spec.NodeName != "" {
		return
	} else {
		pod = known
	}
	message := failure.Error()
	note := message
	if len(note) > maxNote {
		note = note[:maxNote-4] + " ..."
	}
	s.recorder.Eventf(pod, nil, corev1.EventTypeWarning, "FailedScheduling", "Scheduling", "%s", note)
	condition := corev1.PodCondition{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: reason, Message: message,
		ObservedGeneration: pod.Generation, LastTransitionTime: metav1.Now(),
	}
	for _, known := range pod.Status.Conditions {
		if known.Type != corev1.PodScheduled {
			continue
		}
		if known.Status == condition.Status {
			condition.LastTransitionTime = known.LastTransitionTime
		}
		if known.Status == condition.Status && known.Reason == condition.Reason && known.Message == condition.Message && known.ObservedGeneration == condition.ObservedGeneration {
			return
		}
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": pod.UID},
		"status":   map[string]any{"conditions": []corev1.PodCondition{condition}},
	})
	if err != nil {
		logger.Error(err, "Encoding the condition of a pod", "pod", klog.KObj(pod))
		return
	}
	_, err = s.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil && !apierrors.IsNotFound(err) && ctx.Err() == nil {
		logger.Error(err, "Writing the PodScheduled condition", "pod", klog.KObj(pod))
	}
}

// spreadSelector selects what the Pod's Services and its ReplicaSet select.
func (s *scheduler) spreadSelector(pod *corev1.Pod) labels.Selector {
	merged := labels.Set{}
	services, err := s.services.Services(pod.Namespace).List(labels.Everything())
	if err == nil {
		for _, service := range services {
			if service.Spec.Selector != nil && labels.SelectorFromValidatedSet(service.Spec.Selector).Matches(labels.Set(pod.Labels)) {
				merged = labels.Merge(merged, service.Spec.Selector)
			}
		}
	}
	selector := merged.AsSelector()
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || owner.Kind != "ReplicaSet" || owner.APIVersion != appsv1.SchemeGroupVersion.String() {
		return selector
	}
	set, err := s.sets.ReplicaSets(pod.Namespace).Get(owner.Name)
	if err != nil {
		return selector
	}
	if requirements, selectable := selectorOf(set.Spec.Selector).Requirements(); selectable {
		selector = selector.Add(requirements...)
	}
	return selector
}
