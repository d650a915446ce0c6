package deployment

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/dump"
)

// hashLabel tells the Pods of one template from those of another.
const hashLabel = appsv1.DefaultDeploymentUniqueLabelKey

// create plans the set of the present template, with the next revision.
func (r *rollout) create() {
	d := r.deployment
	hash := hashOf(&d.Spec.Template, d.Status.CollisionCount)
	template := d.Spec.Template.DeepCopy()
	template.Labels = withHash(template.Labels, hash)
	selector := d.Spec.Selector.DeepCopy()
	selector.MatchLabels = withHash(selector.MatchLabels, hash)
	size := r.room(0, total(r.old))
	r.present = &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: nameOf(d.Name, hash), Namespace: d.Namespace, Labels: maps.Clone(template.Labels),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, kind)},
		},
		Spec: appsv1.ReplicaSetSpec{Replicas: &size, MinReadySeconds: d.Spec.MinReadySeconds, Selector: selector, Template: *template},
	}
	r.annotate(r.present)
	r.noteSize(r.present)
	r.plan.create = r.present
	r.tellRevision(r.present.Annotations[revisionAnnotation])
	if r.hasDeadline() {
		r.set(&d.Status, appsv1.DeploymentProgressing, corev1.ConditionTrue, newReplicaSetCreated, "Created new replica set %q", r.present.Name)
	}
}

// hashOf is the hash of a template, as upstream reckons it. Collisions make it another one.
func hashOf(template *corev1.PodTemplateSpec, collisions *int32) string {
	hash := fnv.New32a()
	fmt.Fprintf(hash, "%v", dump.ForHash(*template))
	if collisions != nil {
		bytes := make([]byte, 8)
		binary.LittleEndian.PutUint32(bytes, uint32(*collisions))
		hash.Write(bytes)
	}
	return rand.SafeEncodeString(fmt.Sprint(hash.Sum32()))
}

// nameOf is the name of the set with this hash. It depends on nothing else, so that a creation that is tried twice succeeds once.
func nameOf(deployment, hash string) string {
	most := validation.DNS1123SubdomainMaxLength - len(hash) - 1
	return deployment[:min(len(deployment), most)] + "-" + hash
}

func withHash(labels map[string]string, hash string) map[string]string {
	labels = maps.Clone(labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[hashLabel] = hash
	return labels
}

// sameTemplate compares two templates but for the hash, which a Deployment's does not have.
func sameTemplate(a, b *corev1.PodTemplateSpec) bool {
	return equality.Semantic.DeepEqual(withoutHash(*a), withoutHash(*b))
}

func withoutHash(template corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	if _, ok := template.Labels[hashLabel]; ok {
		template.Labels = maps.Clone(template.Labels)
		delete(template.Labels, hashLabel)
	}
	return template
}
