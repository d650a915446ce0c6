package deployment

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Annotations by which a Deployment and its sets know where they are.
const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	historyAnnotation  = "deployment.kubernetes.io/revision-history" // the revisions that a set was before
	desiredAnnotation  = "deployment.kubernetes.io/desired-replicas"
	maxAnnotation      = "deployment.kubernetes.io/max-replicas" // with the surge
)

// historyLength bounds the annotation with past revisions, in characters.
const historyLength = 2000

// unlimited stands for a limit or a deadline that there is not.
const unlimited = math.MaxInt32

// ownAnnotations are not copied from a Deployment to its sets: they say something else there, or nothing.
var ownAnnotations = []string{
	corev1.LastAppliedConfigAnnotation, revisionAnnotation, historyAnnotation, desiredAnnotation, maxAnnotation, appsv1.DeprecatedRollbackTo,
}

// revise keeps the present set's annotations and readiness time as the Deployment has them, makes its revision the highest, and tells
// the Deployment of it.
func (r *rollout) revise() {
	r.annotate(r.present)
	r.present.Spec.MinReadySeconds = r.deployment.Spec.MinReadySeconds
	r.tellRevision(r.present.Annotations[revisionAnnotation])
	if r.hasDeadline() && condition(&r.deployment.Status, appsv1.DeploymentProgressing) == nil {
		// There is something to measure progress from.
		r.set(&r.deployment.Status, appsv1.DeploymentProgressing, corev1.ConditionTrue, foundNewReplicaSet, "Found new replica set %q", r.present.Name)
	}
}

func (r *rollout) tellRevision(revision string) {
	if r.deployment.Annotations == nil {
		r.deployment.Annotations = map[string]string{}
	}
	r.deployment.Annotations[revisionAnnotation] = revision
}

// annotate copies the Deployment's annotations to the present set, kubernetes.io/change-cause among them, and raises its revision
// above those of the old ones. A set that is brought back remembers which revision it was.
func (r *rollout) annotate(set *appsv1.ReplicaSet) {
	if set.Annotations == nil {
		set.Annotations = map[string]string{}
	}
	maps.Copy(set.Annotations, inherited(r.deployment.Annotations))
	before := set.Annotations[revisionAnnotation]
	was, err := parseRevision(before)
	if err != nil {
		return // somebody else's writing
	}
	next := r.highestOld() + 1
	if was >= next {
		return // old sets may be gone
	}
	set.Annotations[revisionAnnotation] = strconv.FormatInt(next, 10)
	if before != "" {
		remember(set, before)
	}
}

// inherited are the annotations that a set gets from its Deployment.
func inherited(annotations map[string]string) map[string]string {
	kept := maps.Clone(annotations)
	maps.DeleteFunc(kept, func(key, _ string) bool { return slices.Contains(ownAnnotations, key) })
	return kept
}

// remember adds a revision to the history of a set; the first ones give way when it becomes too long.
func remember(set *appsv1.ReplicaSet, revision string) {
	history := set.Annotations[historyAnnotation]
	if history == "" {
		set.Annotations[historyAnnotation] = revision
		return
	}
	history += "," + revision
	for len(history) > historyLength {
		_, rest, more := strings.Cut(history, ",")
		if !more {
			return
		}
		history = rest
	}
	set.Annotations[historyAnnotation] = history
}

// noteSize notes on a set what the Deployment asks for, so that a later change of that can be told from a rollout.
func (r *rollout) noteSize(set *appsv1.ReplicaSet) {
	if set.Annotations == nil {
		set.Annotations = map[string]string{}
	}
	surge, _ := r.bounds()
	set.Annotations[desiredAnnotation] = strconv.Itoa(int(r.wanted()))
	set.Annotations[maxAnnotation] = strconv.Itoa(int(r.wanted() + surge))
}

func (r *rollout) highestOld() int64 {
	highest := int64(0)
	for _, set := range r.old {
		if n, err := parseRevision(set.Annotations[revisionAnnotation]); err == nil {
			highest = max(highest, n)
		}
	}
	return highest
}

// parseRevision reads a revision; none is zero.
func parseRevision(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// byRevision orders by revision, and by age where that tells nothing.
func byRevision(a, b *appsv1.ReplicaSet) int {
	m, errA := parseRevision(a.Annotations[revisionAnnotation])
	n, errB := parseRevision(b.Annotations[revisionAnnotation])
	if errA != nil || errB != nil {
		return byCreation(a, b)
	}
	return cmp.Or(cmp.Compare(m, n), byCreation(a, b))
}

// count reads an annotation that is a number of replicas.
func count(set *appsv1.ReplicaSet, annotation string) (int32, bool) {
	n, err := strconv.ParseUint(set.Annotations[annotation], 10, 31)
	return int32(n), err == nil
}
