package deployment

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// undo is the Deployment with the annotation that asked for a rollback taken away, and what is to be said of it. kubectl rollout undo
// needs none of this: it patches the template itself. The annotation is what is left of older versions of the API.
type undo struct {
	deployment                 *appsv1.Deployment
	eventType, reason, message string
}

// undo plans the rollback that is asked for, and tells whether one is.
func (r *rollout) undo() bool {
	revision, asked := r.undoTo()
	if !asked {
		return false
	}
	if r.present == nil {
		r.create() // before it is left, what is gets its revision
		return true
	}
	d := r.deployment.DeepCopy()
	delete(d.Annotations, appsv1.DeprecatedRollbackTo)
	r.plan.undo = &undo{deployment: d, eventType: corev1.EventTypeWarning, reason: "DeploymentRollbackRevisionNotFound"}
	if revision == 0 {
		if revision = r.secondHighest(); revision == 0 {
			r.plan.undo.message = "Unable to find last revision."
			return true
		}
	}
	all := r.all()
	i := slices.IndexFunc(all, func(set *appsv1.ReplicaSet) bool {
		n, err := parseRevision(set.Annotations[revisionAnnotation])
		return err == nil && n == revision
	})
	switch {
	case i < 0:
		r.plan.undo.message = "Unable to find the revision to rollback to."
	case all[i] == r.present:
		r.plan.undo.reason = "DeploymentRollbackTemplateUnchanged"
		r.plan.undo.message = fmt.Sprintf("The rollback revision contains the same template as current deployment %q", d.Name)
	default:
		goBack(d, all[i])
		r.plan.undo.eventType, r.plan.undo.reason = corev1.EventTypeNormal, "DeploymentRollback"
		r.plan.undo.message = fmt.Sprintf("Rolled back deployment %q to revision %d", d.Name, revision)
	}
	return true
}

// undoTo is the revision to go back to, zero for the last one. What is no number asks for nothing.
func (r *rollout) undoTo() (int64, bool) {
	revision, err := strconv.ParseInt(r.deployment.Annotations[appsv1.DeprecatedRollbackTo], 10, 64)
	return revision, err == nil
}

// goBack gives the Deployment the template of a set, and the annotations that it had then: they would be copied to the set otherwise,
// and its change-cause be lost.
func goBack(d *appsv1.Deployment, set *appsv1.ReplicaSet) {
	d.Spec.Template = withoutHash(*set.Spec.Template.DeepCopy())
	maps.DeleteFunc(d.Annotations, func(key, _ string) bool { return !slices.Contains(ownAnnotations, key) })
	maps.Copy(d.Annotations, inherited(set.Annotations))
}

// secondHighest is the revision before the present one, or zero.
func (r *rollout) secondHighest() int64 {
	var revisions []int64
	for _, set := range r.all() {
		if n, err := parseRevision(set.Annotations[revisionAnnotation]); err == nil {
			revisions = append(revisions, n)
		}
	}
	if len(revisions) < 2 {
		return 0
	}
	slices.Sort(revisions)
	return revisions[len(revisions)-2]
}
