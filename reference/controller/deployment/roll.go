package deployment

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// roll brings the present template out step by step: up first, and down when nothing could go up.
func (r *rollout) roll() {
	if r.present == nil {
		r.create() // of the size that there is room for
	} else if r.grow() {
		return
	}
	if r.shrink() {
		return
	}
	if r.complete(&r.deployment.Status) {
		r.forget()
	}
}

// grow makes the present set larger by what the surge leaves room for, or cuts it to what is wanted.
func (r *rollout) grow() bool {
	if *r.present.Spec.Replicas > r.wanted() {
		return r.resize(r.present, r.wanted())
	}
	return r.resize(r.present, r.room(*r.present.Spec.Replicas, total(r.all())))
}

// room is the size that the present set may have, when it has this size now and all sets together ask for that many.
func (r *rollout) room(size, all int32) int32 {
	if r.deployment.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return r.wanted()
	}
	surge, _ := r.bounds()
	if most := r.wanted() + surge; all < most {
		return size + min(most-all, r.wanted()-size)
	}
	return size
}

// shrink makes old sets smaller, by as much as availability bears: first by what is not available anyway, since that would
// block the rollout for ever, then by what the present set makes up for.
func (r *rollout) shrink() bool {
	old := active(r.old)
	if len(old) == 0 {
		return false
	}
	_, unavailable := r.bounds()
	least := r.wanted() - unavailable
	// What the present set lacks is kept in reserve, so that it does not count twice.
	lacking := *r.present.Spec.Replicas - staying(r.present)
	spare := total(r.all()) - least - lacking
	if spare <= 0 {
		return false
	}
	shrunk := false
	for _, set := range old {
		if sick := min(spare, *set.Spec.Replicas-staying(set)); sick > 0 {
			r.resize(set, *set.Spec.Replicas-sick)
			spare -= sick
			shrunk = true
		}
	}
	spare = sum(r.all(), staying) - least
	for _, set := range old {
		if step := min(spare, *set.Spec.Replicas); step > 0 {
			r.resize(set, *set.Spec.Replicas-step)
			spare -= step
			shrunk = true
		}
	}
	return shrunk
}

// staying is how many of a set's available replicas it will keep: one that was made smaller just now still has those that go.
func staying(set *appsv1.ReplicaSet) int32 {
	return min(set.Status.AvailableReplicas, *set.Spec.Replicas)
}

// bounds are how many replicas there may be beyond what is wanted, and how many of what is wanted may be missing.
func (r *rollout) bounds() (surge, unavailable int32) {
	strategy := r.deployment.Spec.Strategy
	if strategy.Type != appsv1.RollingUpdateDeploymentStrategyType || strategy.RollingUpdate == nil {
		return 0, 0
	}
	surge = share(strategy.RollingUpdate.MaxSurge, r.wanted(), true)
	unavailable = share(strategy.RollingUpdate.MaxUnavailable, r.wanted(), false)
	if surge == 0 && unavailable == 0 {
		unavailable = 1 // of small percentages nothing is left, and nothing could move
	}
	return surge, min(unavailable, r.wanted())
}

// share is a number, or the percentage of the whole that it stands for. Validation has refused what is neither.
func share(value *intstr.IntOrString, of int32, roundUp bool) int32 {
	if value == nil {
		return 0
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(value, int(of), roundUp)
	if err != nil {
		return 0
	}
	return int32(n)
}

// total is how many replicas the sets ask for.
func total(sets []*appsv1.ReplicaSet) int32 {
	return sum(sets, func(set *appsv1.ReplicaSet) int32 { return *set.Spec.Replicas })
}

// available is how many of the sets' replicas are available.
func available(sets []*appsv1.ReplicaSet) int32 {
	return sum(sets, func(set *appsv1.ReplicaSet) int32 { return set.Status.AvailableReplicas })
}

func sum(sets []*appsv1.ReplicaSet, of func(*appsv1.ReplicaSet) int32) int32 {
	var n int32
	for _, set := range sets {
		n += of(set)
	}
	return n
}
