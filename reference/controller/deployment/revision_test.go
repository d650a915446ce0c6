package deployment

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

const changeCause = "kubernetes.io/change-cause"

func TestNewReplicaSet(t *testing.T) {
	d := web(3, annotated(changeCause, "better"))
	d.Annotations[corev1.LastAppliedConfigAnnotation] = "{}"
	d.Annotations[revisionAnnotation] = "1"
	d.Spec.MinReadySeconds = 5
	p := decide(d, []*appsv1.ReplicaSet{set(1, 3)}, nil, now)
	hash := hashOf(&d.Spec.Template, nil)
	labels := map[string]string{"app": "web", "pod-template-hash": hash}
	template := template("image:2")
	template.Labels = labels
	want := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web-" + hash, Namespace: "default", Labels: labels,
			Annotations: map[string]string{
				"deployment.kubernetes.io/revision": "2", "deployment.kubernetes.io/desired-replicas": "3",
				"deployment.kubernetes.io/max-replicas": "4", changeCause: "better",
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "web", UID: "web", Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true)}},
		},
		Spec: appsv1.ReplicaSetSpec{Replicas: ptr.To[int32](1), MinReadySeconds: 5, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
	}
	if diff := cmp.Diff(want, p.create); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	if got := p.told.Annotations[revisionAnnotation]; got != "2" {
		t.Errorf("the Deployment tells of revision %q, want 2", got)
	}
}

func TestNamesOfReplicaSets(t *testing.T) {
	d := web(1)
	first, again := hashOf(&d.Spec.Template, nil), hashOf(d.Spec.Template.DeepCopy(), nil)
	if first != again {
		t.Errorf("one template has the hashes %s and %s", first, again)
	}
	if other := hashOf(&d.Spec.Template, ptr.To[int32](1)); other == first {
		t.Errorf("after a collision the hash is %s again", other)
	}
	if name := nameOf(strings.Repeat("a", 253), first); len(name) != 253 || !strings.HasSuffix(name, "a-"+first) {
		t.Errorf("the name of a set of a long name is %s, of %d characters", name, len(name))
	}
	if got := collided(collided(d)).Status.CollisionCount; *got != 2 || d.Status.CollisionCount != nil {
		t.Errorf("two collisions count as %d", *got)
	}
}

func TestRevisions(t *testing.T) {
	for name, tc := range map[string]struct {
		deployment *appsv1.Deployment
		sets       []*appsv1.ReplicaSet
		want       map[string]string // annotations of the present set; nil when it is not written
	}{
		"the newest already": {web(3), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil},
		"brought back, it remembers": {
			web(3, func(d *appsv1.Deployment) { d.Spec.Template = template("image:1") }), []*appsv1.ReplicaSet{set(1, 3), set(2, 0)},
			map[string]string{revisionAnnotation: "3", historyAnnotation: "1", desiredAnnotation: "3", maxAnnotation: "4"}},
		"brought back twice": {
			web(3), []*appsv1.ReplicaSet{set(3, 0), set(2, 3, func(s *appsv1.ReplicaSet) { s.Annotations[historyAnnotation] = "1" })},
			map[string]string{revisionAnnotation: "4", historyAnnotation: "1,2", desiredAnnotation: "3", maxAnnotation: "4"}},
		"the higher ones are gone": {web(3), []*appsv1.ReplicaSet{set(2, 3, func(s *appsv1.ReplicaSet) { s.Annotations[revisionAnnotation] = "7" })}, nil},
		"adopted without one": {
			web(3), []*appsv1.ReplicaSet{set(2, 3, func(s *appsv1.ReplicaSet) { s.Annotations = nil })}, map[string]string{revisionAnnotation: "1"}},
		"annotations follow": {
			web(3, annotated(changeCause, "why")), []*appsv1.ReplicaSet{set(2, 3)},
			map[string]string{revisionAnnotation: "2", desiredAnnotation: "3", maxAnnotation: "4", changeCause: "why"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := decide(tc.deployment, tc.sets, nil, now)
			var got map[string]string
			for _, u := range p.update {
				if sameTemplate(&u.set.Spec.Template, &tc.deployment.Spec.Template) {
					got = u.set.Annotations
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
		})
	}
	long := set(1, 0)
	for i := range 1000 {
		remember(long, strings.Repeat("1", 1+i%9))
	}
	if n := len(long.Annotations[historyAnnotation]); n > historyLength || n < historyLength-20 {
		t.Errorf("the history has %d characters, want about %d", n, historyLength)
	}
}

func TestUndoByAnnotation(t *testing.T) {
	sets := func() []*appsv1.ReplicaSet {
		return []*appsv1.ReplicaSet{set(1, 0, func(s *appsv1.ReplicaSet) { s.Annotations[changeCause] = "first" }), set(2, 3)}
	}
	for name, tc := range map[string]struct{ revision, image, reason, message string }{
		"to the last": {"0", "image:1", "DeploymentRollback", `Rolled back deployment "web" to revision 1`},
		"to one":      {"1", "image:1", "DeploymentRollback", `Rolled back deployment "web" to revision 1`},
		"to itself":   {"2", "image:2", "DeploymentRollbackTemplateUnchanged", `The rollback revision contains the same template as current deployment "web"`},
		"to none":     {"9", "image:2", "DeploymentRollbackRevisionNotFound", "Unable to find the revision to rollback to."},
	} {
		t.Run(name, func(t *testing.T) {
			u := decide(web(3, annotated(appsv1.DeprecatedRollbackTo, tc.revision)), sets(), nil, now).undo
			want := template(tc.image)
			if diff := cmp.Diff([]any{want, tc.reason, tc.message}, []any{u.deployment.Spec.Template, u.reason, u.message}); diff != "" {
				t.Errorf("rollback (-want +got):\n%s", diff)
			}
			if _, ok := u.deployment.Annotations[appsv1.DeprecatedRollbackTo]; ok || (tc.image == "image:1") != (u.deployment.Annotations[changeCause] == "first") {
				t.Errorf("annotations after it: %v", u.deployment.Annotations)
			}
		})
	}
}
