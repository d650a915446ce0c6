package replicaset

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// claims says what becomes of each Pod that the set owns or could own.
type claims struct {
	owned   []*corev1.Pod // the set's own already, and selected
	adopt   []*corev1.Pod // orphans that the selector matches
	release []*corev1.Pod // the set's own, whose labels no longer match: quarantined
}

// decideClaims sorts active Pods by whose they are (claims replicasets/adopt and replicasets/quarantine). What another
// controller owns is left alone, and a set that is being deleted neither adopts nor releases.
func decideClaims(set *appsv1.ReplicaSet, selector labels.Selector, pods []*corev1.Pod) claims {
	var c claims
	for _, pod := range pods {
		matches := selector.Matches(labels.Set(pod.Labels))
		owner := metav1.GetControllerOfNoCopy(pod)
		switch {
		case owner != nil && owner.UID != set.UID:
		case owner != nil && matches:
			c.owned = append(c.owned, pod)
		case set.DeletionTimestamp != nil:
		case owner != nil:
			c.release = append(c.release, pod)
		case matches && pod.DeletionTimestamp == nil && pod.Namespace == set.Namespace:
			c.adopt = append(c.adopt, pod)
		}
	}
	return c
}

// isActive tells whether a Pod counts as a replica: it has not ended, and nobody has asked for its end.
func isActive(pod *corev1.Pod) bool {
	return !hasEnded(pod) && pod.DeletionTimestamp == nil
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// active keeps the Pods that count as replicas.
func active(pods []*corev1.Pod) []*corev1.Pod {
	var kept []*corev1.Pod
	for _, pod := range pods {
		if isActive(pod) {
			kept = append(kept, pod)
		}
	}
	return kept
}

// terminating keeps the set's own selected Pods that are on their way out but have not ended.
func terminating(set *appsv1.ReplicaSet, selector labels.Selector, pods []*corev1.Pod) []*corev1.Pod {
	var kept []*corev1.Pod
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil && !hasEnded(pod) && metav1.IsControlledBy(pod, set) && selector.Matches(labels.Set(pod.Labels)) {
			kept = append(kept, pod)
		}
	}
	return kept
}
