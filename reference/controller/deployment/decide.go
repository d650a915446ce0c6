package deployment

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// plan is what one sync does: at most one ReplicaSet is made, some are changed or removed, and then the Deployment tells of it.
type plan struct {
	// create is the set of the present template, which does not exist yet.
	create *appsv1.ReplicaSet
	// update are sets of another size, revision or annotation than they have now.
	update []update
	// remove are sets that the history has no room for.
	remove []*appsv1.ReplicaSet
	// undo is a rollback that the Deployment asks for by annotation. The next sync tells of it.
	undo *undo
	// told is the Deployment with the status and the revision that it shall have; nil when it has them.
	told *appsv1.Deployment
	// again is when to look next though nothing happens; zero is never.
	again time.Duration
}

// update is a set as it shall be, and the size that it has.
type update struct {
	set  *appsv1.ReplicaSet
	from int32
}

// rollout is a Deployment and its sets while a sync is decided. All of it is copies.
type rollout struct {
	deployment *appsv1.Deployment
	// present is the set of the present template, nil while there is none; old are all others, the oldest first.
	present *appsv1.ReplicaSet
	old     []*appsv1.ReplicaSet
	// busy has the sets with Pods that have not ended, whether they count as replicas or are on their way out.
	busy map[types.UID]bool
	now  time.Time

	plan plan
}

// decide says what is to be done for a Deployment that owns these sets. busy is read for the strategy Recreate only.
func decide(observed *appsv1.Deployment, sets []*appsv1.ReplicaSet, busy map[types.UID]bool, now time.Time) plan {
	r := newRollout(observed, sets, busy, now)
	d := r.deployment
	if d.DeletionTimestamp == nil {
		r.notePause()
	}
	if r.present != nil {
		r.revise()
	}
	switch {
	case d.DeletionTimestamp != nil:
		d.Status = r.counted()
	case d.Spec.Paused:
		r.scale()
		if _, asked := r.undoTo(); !asked { // what it goes back to when it is resumed must be there
			r.forget()
		}
		d.Status = r.counted()
	case r.undo():
	case r.wasScaled():
		r.scale()
		d.Status = r.counted()
	default:
		if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
			r.recreate()
		} else {
			r.roll()
		}
		r.progress()
		r.plan.again = r.untilOverdue()
	}
	r.collect(observed, sets)
	return r.plan
}

func newRollout(observed *appsv1.Deployment, sets []*appsv1.ReplicaSet, busy map[types.UID]bool, now time.Time) *rollout {
	r := &rollout{deployment: observed.DeepCopy(), busy: busy, now: now}
	for _, set := range sets {
		r.old = append(r.old, set.DeepCopy())
	}
	slices.SortFunc(r.old, byCreation)
	// Of several with the present template, the oldest is taken.
	if i := slices.IndexFunc(r.old, func(set *appsv1.ReplicaSet) bool { return sameTemplate(&set.Spec.Template, &observed.Spec.Template) }); i >= 0 {
		r.present = r.old[i]
		r.old = slices.Delete(r.old, i, i+1)
	}
	return r
}

// collect compares what is decided with what was observed.
func (r *rollout) collect(observed *appsv1.Deployment, sets []*appsv1.ReplicaSet) {
	before := map[types.UID]*appsv1.ReplicaSet{}
	for _, set := range sets {
		before[set.UID] = set
	}
	for _, set := range r.all() {
		if set == r.plan.create {
			continue
		}
		was := before[set.UID]
		if !equality.Semantic.DeepEqual(was.Spec, set.Spec) || !equality.Semantic.DeepEqual(was.Annotations, set.Annotations) {
			r.plan.update = append(r.plan.update, update{set, *was.Spec.Replicas})
		}
	}
	d := r.deployment
	if !equality.Semantic.DeepEqual(observed.Status, d.Status) || observed.Annotations[revisionAnnotation] != d.Annotations[revisionAnnotation] {
		r.plan.told = d
		r.plan.again = 0 // its change wakes the next sync
	}
}

// all are the old sets, the oldest first, and then the present one.
func (r *rollout) all() []*appsv1.ReplicaSet {
	all := slices.Clone(r.old)
	if r.present != nil {
		all = append(all, r.present)
	}
	return all
}

// wanted is how many replicas the Deployment asks for.
func (r *rollout) wanted() int32 { return *r.deployment.Spec.Replicas }

// recreate ends everything of old templates before it begins the present one.
func (r *rollout) recreate() {
	shrunk := false
	for _, set := range active(r.old) {
		shrunk = r.resize(set, 0) || shrunk
	}
	if shrunk || r.oldRuns() {
		return
	}
	if r.present == nil {
		r.create()
	}
	r.resize(r.present, r.wanted())
	if r.complete(&r.deployment.Status) {
		r.forget()
	}
}

// oldRuns tells whether anything of an old template may still run.
func (r *rollout) oldRuns() bool {
	return slices.ContainsFunc(r.old, func(set *appsv1.ReplicaSet) bool { return set.Status.Replicas > 0 || r.busy[set.UID] })
}

// resize changes the size of a set, and what it notes of its Deployment's. It tells whether there was something to change.
func (r *rollout) resize(set *appsv1.ReplicaSet, size int32) bool {
	if *set.Spec.Replicas == size {
		return false
	}
	set.Spec.Replicas = &size
	r.noteSize(set)
	return true
}

// forget removes the oldest sets that have nothing to run and that the history has no room for.
func (r *rollout) forget() {
	limit := r.deployment.Spec.RevisionHistoryLimit
	if limit == nil || *limit == unlimited {
		return
	}
	alive := slices.DeleteFunc(slices.Clone(r.old), func(set *appsv1.ReplicaSet) bool { return set.DeletionTimestamp != nil })
	slices.SortStableFunc(alive, byRevision)
	for _, set := range alive[:max(0, len(alive)-int(*limit))] {
		settled := set.Status.ObservedGeneration >= set.Generation
		if settled && set.Status.Replicas == 0 && *set.Spec.Replicas == 0 {
			r.plan.remove = append(r.plan.remove, set)
		}
	}
}

// active keeps the sets that ask for Pods.
func active(sets []*appsv1.ReplicaSet) []*appsv1.ReplicaSet {
	return slices.DeleteFunc(slices.Clone(sets), func(set *appsv1.ReplicaSet) bool { return *set.Spec.Replicas == 0 })
}

func byCreation(a, b *appsv1.ReplicaSet) int {
	return cmp.Or(a.CreationTimestamp.Time.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
}

func (r *rollout) timestamp() metav1.Time { return metav1.Time{Time: r.now} }
