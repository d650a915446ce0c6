package garbage

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// standing is what has become of an owner.
type standing int

const (
	solid    standing = iota // it exists, and keeps what it owns
	dangling                 // it does not exist, or is another object of the same name
	leaving                  // it was deleted in the foreground and waits for what it owns
)

// action is what is to be done with an object that has owners.
type action struct {
	removeOwners []types.UID                // references to drop
	unblock      bool                       // make its references non-blocking, to break a cycle
	remove       bool                       // delete it
	policy       metav1.DeletionPropagation // how, if it is deleted
}

// decide says what becomes of an object whose owners stand as given (claims replicasets/delete-cascades and delete-orphans). An object with one
// solid owner stays; one without goes, in the foreground if an owner waits for it and it has dependents of its own.
func decide(owners []metav1.OwnerReference, finalizers []string, stands map[types.UID]standing, hasDependents, inCycle bool) action {
	var lost, waiting []types.UID
	kept := 0
	for _, owner := range owners {
		switch stands[owner.UID] {
		case dangling:
			lost = append(lost, owner.UID)
		case leaving:
			waiting = append(waiting, owner.UID)
		default:
			kept++
		}
	}
	switch {
	case len(owners) == 0:
		return action{}
	case kept > 0:
		// Without these references the owners that wait do not wait for this one.
		return action{removeOwners: append(lost, waiting...)}
	case len(waiting) > 0 && hasDependents:
		return action{remove: true, policy: metav1.DeletePropagationForeground, unblock: inCycle}
	case slices.Contains(finalizers, metav1.FinalizerOrphanDependents):
		return action{remove: true, policy: metav1.DeletePropagationOrphan}
	case slices.Contains(finalizers, metav1.FinalizerDeleteDependents):
		return action{remove: true, policy: metav1.DeletePropagationForeground}
	}
	return action{remove: true, policy: metav1.DeletePropagationBackground}
}

// standingOf judges an owner by its live state; nil means that there is none.
func standingOf(reference metav1.OwnerReference, live *metav1.PartialObjectMetadata) standing {
	switch {
	case live == nil || live.UID != reference.UID:
		return dangling
	case live.DeletionTimestamp != nil && slices.Contains(live.Finalizers, metav1.FinalizerDeleteDependents):
		return leaving
	}
	return solid
}
