package nodelifecycle

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// startupGrace is how long a node that has never said how it is may take to do so.
const startupGrace = time.Minute

// health is what was last heard of a node. The times are this machine's: clocks of nodes need not agree with it.
type health struct {
	heard     time.Time   // when the node last gave a sign of life
	heartbeat metav1.Time // of its Ready condition
	renewed   metav1.MicroTime
	ready     bool // the Ready condition exists
}

// listen takes note of what a node and its lease show. Any change is a sign of life, whatever the times in it say.
func (h *health) listen(node *corev1.Node, renewed *metav1.MicroTime, now time.Time) {
	condition := conditionOf(node, corev1.NodeReady)
	switch {
	case h.heard.IsZero() && condition == nil:
		h.heard = node.CreationTimestamp.Time
	case h.heard.IsZero(), condition != nil && !h.ready:
		h.heard = now
	case condition != nil && !condition.LastHeartbeatTime.Equal(&h.heartbeat):
		h.heard = now
	}
	h.ready = condition != nil
	if condition != nil {
		h.heartbeat = condition.LastHeartbeatTime
	}
	if renewed != nil && h.renewed.Before(renewed) {
		h.renewed, h.heard = *renewed, now
	}
}

// silentIn is how long until the node counts as lost; zero or less when it does.
func (h *health) silentIn(grace time.Duration, now time.Time) time.Duration {
	if !h.ready {
		grace = startupGrace
	}
	return h.heard.Add(grace).Sub(now)
}

func conditionOf(node *corev1.Node, kind corev1.NodeConditionType) *corev1.NodeCondition {
	for i := range node.Status.Conditions {
		if node.Status.Conditions[i].Type == kind {
			return &node.Status.Conditions[i]
		}
	}
	return nil
}

func isReady(node *corev1.Node) bool {
	condition := conditionOf(node, corev1.NodeReady)
	return condition != nil && condition.Status == corev1.ConditionTrue
}

func isUnknown(node *corev1.Node) bool {
	condition := conditionOf(node, corev1.NodeReady)
	return condition != nil && condition.Status == corev1.ConditionUnknown
}

// decideLost says what the conditions of a silent node are: unknown, in upstream's words. It tells whether they were otherwise.
func decideLost(node *corev1.Node, now time.Time) ([]corev1.NodeCondition, bool) {
	silent := node.DeepCopy()
	for _, kind := range []corev1.NodeConditionType{corev1.NodeReady, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure} {
		condition := conditionOf(silent, kind)
		if condition == nil {
			silent.Status.Conditions = append(silent.Status.Conditions, corev1.NodeCondition{
				Type: kind, Status: corev1.ConditionUnknown, Reason: "NodeStatusNeverUpdated", Message: "Kubelet never posted node status.",
				LastHeartbeatTime: node.CreationTimestamp, LastTransitionTime: metav1.Time{Time: now},
			})
			continue
		}
		if condition.Status != corev1.ConditionUnknown {
			condition.Status, condition.Reason, condition.Message = corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status."
			condition.LastTransitionTime = metav1.Time{Time: now}
		}
	}
	return silent.Status.Conditions, !equality.Semantic.DeepEqual(node.Status.Conditions, silent.Status.Conditions)
}

// unready is the Pod's status on a lost node, or nil when it says so already: a Pod that nobody hears of must get no traffic.
func unready(pod *corev1.Pod, now time.Time) *corev1.PodStatus {
	for i, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status != corev1.ConditionFalse {
			status := pod.Status.DeepCopy()
			status.Conditions[i].Status = corev1.ConditionFalse
			status.Conditions[i].LastTransitionTime = metav1.Time{Time: now}
			return status
		}
	}
	return nil
}
