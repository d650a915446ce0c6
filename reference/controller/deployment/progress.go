package deployment

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Reasons of the condition Progressing.
const (
	foundNewReplicaSet       = "FoundNewReplicaSet"
	newReplicaSetCreated     = "NewReplicaSetCreated"
	newReplicaSetAvailable   = "NewReplicaSetAvailable"
	replicaSetUpdated        = "ReplicaSetUpdated"
	replicaSetCreateError    = "ReplicaSetCreateError"
	progressDeadlineExceeded = "ProgressDeadlineExceeded"
	deploymentPaused         = "DeploymentPaused"
	deploymentResumed        = "DeploymentResumed"
)

// hasDeadline tells whether anybody wants to know about progress.
func (r *rollout) hasDeadline() bool {
	deadline := r.deployment.Spec.ProgressDeadlineSeconds
	return deadline != nil && *deadline != unlimited
}

func (r *rollout) deadline() time.Duration {
	return time.Duration(*r.deployment.Spec.ProgressDeadlineSeconds) * time.Second
}

// notePause stops the clock of the deadline while the Deployment is paused, and starts it anew after that. One that is late
// already stays late.
func (r *rollout) notePause() {
	status := &r.deployment.Status
	now := condition(status, appsv1.DeploymentProgressing)
	if !r.hasDeadline() || now != nil && now.Reason == progressDeadlineExceeded {
		return
	}
	switch noted := now != nil && now.Reason == deploymentPaused; {
	case r.deployment.Spec.Paused && !noted:
		r.set(status, appsv1.DeploymentProgressing, corev1.ConditionUnknown, deploymentPaused, "Deployment is paused")
	case !r.deployment.Spec.Paused && noted:
		r.set(status, appsv1.DeploymentProgressing, corev1.ConditionUnknown, deploymentResumed, "Deployment is resumed")
	}
}

// progress sets the status of a Deployment that is being rolled out, or has been: the counts, how it goes on, and what keeps its sets
// from having their Pods.
func (r *rollout) progress() {
	before, status := &r.deployment.Status, r.counted()
	last := condition(before, appsv1.DeploymentProgressing)
	over := status.Replicas == status.UpdatedReplicas && last != nil && last.Reason == newReplicaSetAvailable
	if !r.hasDeadline() {
		unset(&status, appsv1.DeploymentProgressing)
	} else if !over {
		r.measure(before, &status, last)
	}
	if failure := r.failure(); failure != nil {
		put(&status, *failure)
	} else {
		unset(&status, appsv1.DeploymentReplicaFailure)
	}
	r.deployment.Status = status
}

// measure compares two statuses, and says whether the rollout is complete, goes on, or has stood still for too long.
func (r *rollout) measure(before, status *appsv1.DeploymentStatus, last *appsv1.DeploymentCondition) {
	subject := fmt.Sprintf("Deployment %q", r.deployment.Name)
	if r.present != nil {
		subject = fmt.Sprintf("ReplicaSet %q", r.present.Name)
	}
	switch {
	case r.complete(status):
		r.set(status, appsv1.DeploymentProgressing, corev1.ConditionTrue, newReplicaSetAvailable, "%s has successfully progressed.", subject)
	case advanced(before, status):
		// Every step starts the clock anew, even if the last one was for the same reason.
		unset(status, appsv1.DeploymentProgressing)
		r.set(status, appsv1.DeploymentProgressing, corev1.ConditionTrue, replicaSetUpdated, "%s is progressing.", subject)
		if last != nil && last.Status == corev1.ConditionTrue {
			condition(status, appsv1.DeploymentProgressing).LastTransitionTime = last.LastTransitionTime
		}
	case r.overdue(last):
		r.set(status, appsv1.DeploymentProgressing, corev1.ConditionFalse, progressDeadlineExceeded, "%s has timed out progressing.", subject)
	}
}

// advanced tells whether there is more of the new, less of the old, or more that is ready.
func advanced(before, after *appsv1.DeploymentStatus) bool {
	return after.UpdatedReplicas > before.UpdatedReplicas ||
		after.Replicas-after.UpdatedReplicas < before.Replicas-before.UpdatedReplicas ||
		after.ReadyReplicas > before.ReadyReplicas || after.AvailableReplicas > before.AvailableReplicas
}

// overdue tells whether the last step was too long ago. A rollout that has ended has no next step.
func (r *rollout) overdue(last *appsv1.DeploymentCondition) bool {
	switch {
	case last == nil || last.Reason == newReplicaSetAvailable:
		return false
	case last.Reason == progressDeadlineExceeded:
		return true
	}
	return last.LastUpdateTime.Add(r.deadline()).Before(r.now)
}

// untilOverdue is how long a rollout that stands still has left; zero if none is going on, or it is late already. The moment itself
// still counts as in time.
func (r *rollout) untilOverdue() time.Duration {
	status := &r.deployment.Status
	last := condition(status, appsv1.DeploymentProgressing)
	if !r.hasDeadline() || last == nil || r.complete(status) || last.Reason == newReplicaSetAvailable || last.Reason == progressDeadlineExceeded {
		return 0
	}
	return max(0, last.LastUpdateTime.Add(r.deadline()).Sub(r.now)) + 10*time.Millisecond
}

// failure is what keeps a set from having its Pods: the present one's failure if there is one, else that of the oldest that has one.
func (r *rollout) failure() *appsv1.DeploymentCondition {
	sets := r.old
	if r.present != nil {
		sets = append([]*appsv1.ReplicaSet{r.present}, sets...)
	}
	for _, set := range sets {
		for _, c := range set.Status.Conditions {
			if c.Type != appsv1.ReplicaSetReplicaFailure {
				continue
			}
			return &appsv1.DeploymentCondition{
				Type: appsv1.DeploymentReplicaFailure, Status: c.Status, Reason: c.Reason, Message: c.Message,
				LastUpdateTime: c.LastTransitionTime, LastTransitionTime: c.LastTransitionTime,
			}
		}
	}
	return nil
}
