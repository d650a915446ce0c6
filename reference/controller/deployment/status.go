package deployment

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// counted is the status with its counts and the condition Available as the sets have them now.
func (r *rollout) counted() appsv1.DeploymentStatus {
	d, all := r.deployment, r.all()
	var present []*appsv1.ReplicaSet
	if r.present != nil {
		present = append(present, r.present)
	}
	replicas := func(set *appsv1.ReplicaSet) int32 { return set.Status.Replicas }
	status := appsv1.DeploymentStatus{
		ObservedGeneration:  d.Generation,
		Replicas:            sum(all, replicas),
		UpdatedReplicas:     sum(present, replicas),
		ReadyReplicas:       sum(all, func(set *appsv1.ReplicaSet) int32 { return set.Status.ReadyReplicas }),
		AvailableReplicas:   available(all),
		UnavailableReplicas: max(0, total(all)-available(all)),
		TerminatingReplicas: terminating(all),
		CollisionCount:      d.Status.CollisionCount,
		Conditions:          slices.Clone(d.Status.Conditions),
	}
	if _, unavailable := r.bounds(); status.AvailableReplicas >= r.wanted()-unavailable {
		r.set(&status, appsv1.DeploymentAvailable, corev1.ConditionTrue, "MinimumReplicasAvailable", "Deployment has minimum availability.")
	} else {
		r.set(&status, appsv1.DeploymentAvailable, corev1.ConditionFalse, "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
	}
	return status
}

// terminating is how many Pods are on their way out; nil while a set does not tell.
func terminating(sets []*appsv1.ReplicaSet) *int32 {
	var n int32
	for _, set := range sets {
		switch {
		case set.Status.TerminatingReplicas != nil:
			n += *set.Status.TerminatingReplicas
		case set.Status.ObservedGeneration > 0:
			return nil
		}
	}
	return &n
}

// complete tells whether a status is that of a rollout that has reached its end: all is new, all is available, nothing old runs.
func (r *rollout) complete(status *appsv1.DeploymentStatus) bool {
	return status.UpdatedReplicas == r.wanted() && status.Replicas == r.wanted() && status.AvailableReplicas == r.wanted() &&
		status.ObservedGeneration >= r.deployment.Generation
}

func condition(status *appsv1.DeploymentStatus, of appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	if i := slices.IndexFunc(status.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type == of }); i >= 0 {
		return &status.Conditions[i]
	}
	return nil
}

func unset(status *appsv1.DeploymentStatus, of appsv1.DeploymentConditionType) {
	status.Conditions = slices.DeleteFunc(slices.Clone(status.Conditions), func(c appsv1.DeploymentCondition) bool { return c.Type == of })
}

// set says something of the status as of now.
func (r *rollout) set(status *appsv1.DeploymentStatus, of appsv1.DeploymentConditionType, is corev1.ConditionStatus,
	reason, format string, args ...any) {
	put(status, appsv1.DeploymentCondition{
		Type: of, Status: is, Reason: reason, Message: fmt.Sprintf(format, args...), LastUpdateTime: r.timestamp(), LastTransitionTime: r.timestamp(),
	})
}

// put adds or replaces a condition. One that says the same for the same reason is left alone, whatever its message.
func put(status *appsv1.DeploymentStatus, c appsv1.DeploymentCondition) {
	if was := condition(status, c.Type); was != nil && was.Status == c.Status {
		if was.Reason == c.Reason {
			return
		}
		c.LastTransitionTime = was.LastTransitionTime
	}
	unset(status, c.Type)
	status.Conditions = append(status.Conditions, c)
}
