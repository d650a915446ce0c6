package nodelifecycle

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// byCondition are the taints that keep new Pods off, for each condition of a node that asks for one.
var byCondition = map[corev1.NodeConditionType]map[corev1.ConditionStatus]string{
	corev1.NodeReady:              {corev1.ConditionFalse: corev1.TaintNodeNotReady, corev1.ConditionUnknown: corev1.TaintNodeUnreachable},
	corev1.NodeMemoryPressure:     {corev1.ConditionTrue: corev1.TaintNodeMemoryPressure},
	corev1.NodeDiskPressure:       {corev1.ConditionTrue: corev1.TaintNodeDiskPressure},
	corev1.NodePIDPressure:        {corev1.ConditionTrue: corev1.TaintNodePIDPressure},
	corev1.NodeNetworkUnavailable: {corev1.ConditionTrue: corev1.TaintNodeNetworkUnavailable},
}

// ours are the taints that only this controller sets and takes away.
func ours(taint corev1.Taint) bool {
	switch taint.Effect {
	case corev1.TaintEffectNoSchedule:
		return slices.Contains([]string{
			corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeMemoryPressure, corev1.TaintNodeDiskPressure,
			corev1.TaintNodePIDPressure, corev1.TaintNodeNetworkUnavailable, corev1.TaintNodeUnschedulable,
		}, taint.Key)
	case corev1.TaintEffectNoExecute:
		return taint.Key == corev1.TaintNodeNotReady || taint.Key == corev1.TaintNodeUnreachable
	}
	return false
}

// decideTaints says which taints a node should have, and whether these are others than it has. Evict is false while every node is silent:
// then the fault is more likely here than there, and nobody is driven out.
func decideTaints(node *corev1.Node, evict bool, now time.Time) ([]corev1.Taint, bool) {
	var wanted []corev1.Taint
	want := func(key string, effect corev1.TaintEffect) {
		wanted = append(wanted, corev1.Taint{Key: key, Effect: effect, TimeAdded: &metav1.Time{Time: now}})
	}
	known := false // a node that never said how it is keeps its NoExecute taints
	for _, condition := range node.Status.Conditions {
		known = known || condition.Type == corev1.NodeReady
		key, ok := byCondition[condition.Type][condition.Status]
		if !ok {
			continue
		}
		want(key, corev1.TaintEffectNoSchedule)
		if condition.Type == corev1.NodeReady && evict {
			want(key, corev1.TaintEffectNoExecute)
		}
	}
	if node.Spec.Unschedulable {
		want(corev1.TaintNodeUnschedulable, corev1.TaintEffectNoSchedule)
	}
	var taints []corev1.Taint
	changed := false
	for _, taint := range node.Spec.Taints {
		i := slices.IndexFunc(wanted, func(w corev1.Taint) bool { return taint.MatchTaint(&w) })
		keep := i >= 0 || !ours(taint) || (taint.Effect == corev1.TaintEffectNoExecute && !known)
		if i >= 0 {
			wanted = slices.Delete(wanted, i, i+1)
		}
		if keep {
			taints = append(taints, taint)
		} else {
			changed = true
		}
	}
	return append(taints, wanted...), changed || len(wanted) > 0
}

// never is the answer for a Pod that may stay on a node as long as it likes.
const never = time.Duration(-1)

// stay is how long a Pod may stay on a node with these taints, counted from when it was first seen with them: no time at all if it does not
// tolerate one of them, else the shortest of its tolerations.
func stay(taints []corev1.Taint, tolerations []corev1.Toleration) time.Duration {
	shortest := never
	for _, taint := range taints {
		if taint.Effect != corev1.TaintEffectNoExecute {
			continue
		}
		i := slices.IndexFunc(tolerations, func(t corev1.Toleration) bool { return t.ToleratesTaint(klog.Background(), &taint, false) })
		if i < 0 {
			return 0
		}
		seconds := tolerations[i].TolerationSeconds
		if seconds == nil {
			continue
		}
		if limit := time.Duration(max(0, *seconds)) * time.Second; shortest == never || limit < shortest {
			shortest = limit
		}
	}
	return shortest
}
