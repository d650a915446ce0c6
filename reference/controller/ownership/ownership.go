// Package ownership says which objects a controller has, and takes them or lets them go: the Pods of a ReplicaSet, the ReplicaSets of a
// Deployment (claims replicasets/adopt and replicasets/quarantine).
//
// Decide is pure; claim.go carries out what it says, as upstream's pkg/controller/controller_ref_manager.go does.
package ownership

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Claims says what becomes of each object that an owner has or could have. What is in none of the lists is left alone.
type Claims[T metav1.Object] struct {
	Owned   []T // the owner's already, and selected
	Adopt   []T // orphans that the selector matches
	Release []T // the owner's, whose labels no longer match
}

// Decide sorts candidates by whose they are. What another controller owns is left alone, and so is an orphan that is on its way out or in another
// namespace. An owner that is being deleted neither adopts nor releases.
func Decide[T metav1.Object](owner metav1.Object, selector labels.Selector, candidates []T) Claims[T] {
	var c Claims[T]
	leaving := owner.GetDeletionTimestamp() != nil
	for _, object := range candidates {
		matches := selector.Matches(labels.Set(object.GetLabels()))
		controller := metav1.GetControllerOfNoCopy(object)
		switch {
		case controller != nil && controller.UID != owner.GetUID():
		case controller != nil && matches:
			c.Owned = append(c.Owned, object)
		case leaving:
		case controller != nil:
			c.Release = append(c.Release, object)
		case matches && object.GetDeletionTimestamp() == nil && object.GetNamespace() == owner.GetNamespace():
			c.Adopt = append(c.Adopt, object)
		}
	}
	return c
}
