package deployment

import (
	"cmp"
	"math"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
)

// wasScaled tells whether the Deployment asks for another size than its active sets have noted: then the sizes follow, and the
// rollout does not go on in this sync.
func (r *rollout) wasScaled() bool {
	return slices.ContainsFunc(active(r.all()), func(set *appsv1.ReplicaSet) bool {
		desired, ok := count(set, desiredAnnotation)
		return ok && desired != r.wanted()
	})
}

// scale follows a new size without furthering the rollout. A single active set gets all of it; of several, each its share, so
// that a bad template does not profit from a larger Deployment.
func (r *rollout) scale() {
	if only := r.onlyOne(); only != nil {
		r.resize(only, r.wanted())
		return
	}
	if r.saturated() {
		for _, set := range active(r.old) {
			r.resize(set, 0)
		}
		return
	}
	if r.deployment.Spec.Strategy.Type == appsv1.RollingUpdateDeploymentStrategyType {
		r.scaleInProportion()
	}
}

// onlyOne is the single active set; the newest if there is none active; nil if there are several, or none at all.
func (r *rollout) onlyOne() *appsv1.ReplicaSet {
	all := r.all()
	switch sets := active(all); {
	case len(sets) == 1:
		return sets[0]
	case len(sets) == 0 && len(all) > 0:
		return all[len(all)-1]
	}
	return nil
}

// saturated tells whether the present set has, and has had noted, all that is wanted.
func (r *rollout) saturated() bool {
	if r.present == nil {
		return false
	}
	desired, ok := count(r.present, desiredAnnotation)
	return ok && desired == r.wanted() && *r.present.Spec.Replicas == r.wanted() && r.present.Status.AvailableReplicas == r.wanted()
}

// scaleInProportion shares what is to be added or taken away among the active sets, the largest first. What rounding leaves goes to
// the largest.
func (r *rollout) scaleInProportion() {
	surge, _ := r.bounds()
	most := int32(0)
	if r.wanted() > 0 {
		most = r.wanted() + surge
	}
	sets := active(r.all())
	left := most - total(sets)
	adding := left > 0
	slices.SortStableFunc(sets, func(a, b *appsv1.ReplicaSet) int {
		age := byCreation(a, b)
		if adding {
			age = -age // of equal ones the newest grows first, as the oldest shrinks first
		}
		return cmp.Or(cmp.Compare(*b.Spec.Replicas, *a.Spec.Replicas), age)
	})
	sizes := make([]int32, len(sets))
	for i, set := range sets {
		sizes[i] = *set.Spec.Replicas
		if left == 0 {
			continue
		}
		change := r.fraction(set, most)
		if adding {
			change = min(change, left)
		} else {
			change = max(change, left)
		}
		sizes[i] += change
		left -= change
	}
	for i, set := range sets {
		if i == 0 {
			sizes[i] = max(0, sizes[i]+left)
		}
		r.resize(set, sizes[i])
		r.noteSize(set)
	}
}

// fraction is by how much a set changes if it keeps its share of the whole.
func (r *rollout) fraction(set *appsv1.ReplicaSet, most int32) int32 {
	size := *set.Spec.Replicas
	if r.wanted() == 0 {
		return -size
	}
	before, ok := count(set, maxAnnotation)
	if !ok || before == 0 {
		// Somebody has taken the note away: what the Deployment had last is the next best.
		if before = r.deployment.Status.Replicas; before == 0 {
			return 0
		}
	}
	return int32(math.Round(float64(size)*float64(most)/float64(before))) - size
}
