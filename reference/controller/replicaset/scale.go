package replicaset

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// burst is the most Pods that one sync creates or deletes, as upstream's default.
const burst = 500

// change is what brings the number of Pods to the number desired.
type change struct {
	create int
	remove []*corev1.Pod
}

// decideChange compares desired with current (claim replicasets/reconcile). Related are the Pods of all sets that share the
// set's owner; their crowding on nodes decides who goes first.
func decideChange(set *appsv1.ReplicaSet, pods, related []*corev1.Pod, now time.Time) change {
	desired := 1
	if set.Spec.Replicas != nil {
		desired = int(*set.Spec.Replicas)
	}
	surplus := len(pods) - desired
	switch {
	case surplus < 0:
		return change{create: min(-surplus, burst)}
	case surplus == 0:
		return change{}
	}
	surplus = min(surplus, burst)
	if surplus < len(pods) {
		pods = inDeletionOrder(pods, related, now)
	}
	return change{remove: pods[:surplus]}
}

// inDeletionOrder puts the Pods that are missed least first (claim replicasets/scale-down-order).
func inDeletionOrder(pods, related []*corev1.Pod, now time.Time) []*corev1.Pod {
	neighbours := map[string]int{}
	for _, pod := range related {
		if isActive(pod) {
			neighbours[pod.Spec.NodeName]++
		}
	}
	ordered := slices.Clone(pods)
	slices.SortFunc(ordered, func(a, b *corev1.Pod) int { return compareForDeletion(a, b, neighbours, now) })
	return ordered
}

// compareForDeletion is negative when a goes before b. Each rule counts only where all before it find no difference.
func compareForDeletion(a, b *corev1.Pod, neighbours map[string]int, now time.Time) int {
	aReadySince, aReady := readySince(a)
	bReadySince, bReady := readySince(b)
	if c := falseFirst(a.Spec.NodeName != "", b.Spec.NodeName != ""); c != 0 {
		return c
	}
	if c := cmp.Compare(phaseRank(a), phaseRank(b)); c != 0 {
		return c
	}
	if c := falseFirst(aReady, bReady); c != 0 {
		return c
	}
	if c := cmp.Compare(deletionCost(a), deletionCost(b)); c != 0 {
		return c
	}
	if c := cmp.Compare(neighbours[b.Spec.NodeName], neighbours[a.Spec.NodeName]); c != 0 {
		return c
	}
	if aReady && bReady && !aReadySince.Equal(bReadySince) {
		return compareAges(a, b, aReadySince, bReadySince, now)
	}
	if c := compareRestarts(a, b); c != 0 {
		return c
	}
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return compareAges(a, b, a.CreationTimestamp.Time, b.CreationTimestamp.Time, now)
	}
	return 0
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case !a:
		return -1
	}
	return 1
}

func phaseRank(pod *corev1.Pod) int {
	switch pod.Status.Phase {
	case corev1.PodUnknown:
		return 1
	case corev1.PodRunning:
		return 2
	}
	return 0
}

// compareAges puts the younger first, but only where the ages differ in their power of two: among Pods of about the same
// age the UID decides, so that scaling down does not always hit what the last roll-out or zone fail-over started.
func compareAges(a, b *corev1.Pod, aSince, bSince, now time.Time) int {
	if aSince.IsZero() || bSince.IsZero() {
		return falseFirst(!aSince.IsZero(), !bSince.IsZero())
	}
	if c := cmp.Compare(magnitude(now.Sub(aSince)), magnitude(now.Sub(bSince))); c != 0 {
		return c
	}
	return cmp.Compare(a.UID, b.UID)
}

func magnitude(age time.Duration) int {
	if age <= 0 {
		return -1
	}
	return int(math.Log2(float64(age)))
}

// deletionCost reads controller.kubernetes.io/pod-deletion-cost; what is not an integer counts as none.
func deletionCost(pod *corev1.Pod) int32 {
	cost, err := strconv.ParseInt(pod.Annotations[corev1.PodDeletionCost], 10, 32)
	if err != nil {
		return 0
	}
	return int32(cost)
}

// compareRestarts puts the Pod first whose worst container restarted more often; sidecars count only when all else is equal.
func compareRestarts(a, b *corev1.Pod) int {
	aMain, aSidecar := restarts(a)
	bMain, bSidecar := restarts(b)
	return cmp.Or(cmp.Compare(bMain, aMain), cmp.Compare(bSidecar, aSidecar))
}

func restarts(pod *corev1.Pod) (main, sidecar int32) {
	for _, status := range pod.Status.ContainerStatuses {
		main = max(main, status.RestartCount)
	}
	sidecars := map[string]bool{}
	for _, container := range pod.Spec.InitContainers {
		sidecars[container.Name] = container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
	}
	for _, status := range pod.Status.InitContainerStatuses {
		if sidecars[status.Name] {
			sidecar = max(sidecar, status.RestartCount)
		}
	}
	return main, sidecar
}

// readySince tells whether the Pod is ready, and since when.
func readySince(pod *corev1.Pod) (time.Time, bool) {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.LastTransitionTime.Time, condition.Status == corev1.ConditionTrue
		}
	}
	return time.Time{}, false
}
