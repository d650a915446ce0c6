package replicaset

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// decideStatus counts what the set has. Failure is the error that creating or deleting Pods met in this sync, or nil.
func decideStatus(set *appsv1.ReplicaSet, pods, leaving []*corev1.Pod, failure error, now time.Time) appsv1.ReplicaSetStatus {
	status := *set.Status.DeepCopy()
	status.ObservedGeneration = set.Generation
	status.Replicas = int32(len(pods))
	status.FullyLabeledReplicas, status.ReadyReplicas, status.AvailableReplicas = 0, 0, 0
	template := labels.SelectorFromValidatedSet(set.Spec.Template.Labels)
	for _, pod := range pods {
		if template.Matches(labels.Set(pod.Labels)) {
			status.FullyLabeledReplicas++
		}
		since, ready := readySince(pod)
		if !ready {
			continue
		}
		status.ReadyReplicas++
		if untilAvailable(since, set.Spec.MinReadySeconds, now) == 0 {
			status.AvailableReplicas++
		}
	}
	leavingCount := int32(len(leaving))
	status.TerminatingReplicas = &leavingCount
	status.Conditions = decideConditions(set, len(pods), failure, now)
	return status
}

// untilAvailable is how long a Pod that is ready since then must stay so to count as available; zero when it does.
func untilAvailable(since time.Time, minReadySeconds int32, now time.Time) time.Duration {
	if minReadySeconds == 0 {
		return 0
	}
	wait := time.Duration(minReadySeconds) * time.Second
	if since.IsZero() {
		return wait
	}
	return max(0, since.Add(wait).Sub(now))
}

// decideConditions sets ReplicaFailure with the first failure, keeps it as it is while failures go on, and takes it away
// with the first sync that succeeds.
func decideConditions(set *appsv1.ReplicaSet, current int, failure error, now time.Time) []appsv1.ReplicaSetCondition {
	isFailure := func(c appsv1.ReplicaSetCondition) bool { return c.Type == appsv1.ReplicaSetReplicaFailure }
	conditions := slices.Clone(set.Status.Conditions)
	if failure == nil {
		return slices.DeleteFunc(conditions, isFailure)
	}
	if slices.ContainsFunc(conditions, isFailure) {
		return conditions
	}
	reason := ""
	switch surplus := current - int(*set.Spec.Replicas); {
	case surplus < 0:
		reason = failedCreate
	case surplus > 0:
		reason = failedDelete
	}
	return append(conditions, appsv1.ReplicaSetCondition{
		Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: reason, Message: failure.Error(),
		LastTransitionTime: metav1.Time{Time: now},
	})
}

// sameStatus tells whether writing the status would change nothing.
func sameStatus(a, b appsv1.ReplicaSetStatus) bool {
	return equality.Semantic.DeepEqual(a, b)
}

// nextAvailability is when the next ready Pod becomes available: the sync that counts it is queued then. Zero when no
// Pod waits for that.
func nextAvailability(set *appsv1.ReplicaSet, pods []*corev1.Pod, now time.Time) time.Duration {
	var next time.Duration
	for _, pod := range pods {
		since, ready := readySince(pod)
		if !ready {
			continue
		}
		if wait := untilAvailable(since, set.Spec.MinReadySeconds, now); wait > 0 && (next == 0 || wait < next) {
			next = wait
		}
	}
	return next
}
