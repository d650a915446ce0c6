package invariants

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pods takes the two Pods of a rule that compares; not ok where there is nothing to compare.
func pods(before, after *Sight) (was, is *corev1.Pod, ok bool) {
	if before == nil {
		return nil, nil, false
	}
	was, first := before.Object.(*corev1.Pod)
	is, second := after.Object.(*corev1.Pod)
	return was, is, first && second
}

func nodeChanged(before, after *Sight) string {
	was, is, ok := pods(before, after)
	if !ok || was.Spec.NodeName == "" || is.Spec.NodeName == was.Spec.NodeName {
		return ""
	}
	return fmt.Sprintf("it was bound to node %q, and then stood at %q", was.Spec.NodeName, is.Spec.NodeName)
}

func tellNode(o Object) string {
	if pod, ok := o.(*corev1.Pod); ok {
		return fmt.Sprintf("spec.nodeName %q", pod.Spec.NodeName)
	}
	return ""
}

func phaseChanged(before, after *Sight) string {
	was, is, ok := pods(before, after)
	if !ok || was.Status.Phase != corev1.PodSucceeded && was.Status.Phase != corev1.PodFailed || is.Status.Phase == was.Status.Phase {
		return ""
	}
	return fmt.Sprintf("it had finished as %s, and then was %q", was.Status.Phase, is.Status.Phase)
}

func tellPhase(o Object) string {
	if pod, ok := o.(*corev1.Pod); ok {
		return fmt.Sprintf("status.phase %q", pod.Status.Phase)
	}
	return ""
}

// restarts are the restart counts of all containers that have a status.
func restarts(pod *corev1.Pod) map[string]int32 {
	counts := map[string]int32{}
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses} {
		for _, status := range list {
			counts[status.Name] = status.RestartCount
		}
	}
	return counts
}

func restartsFell(before, after *Sight) string {
	was, is, ok := pods(before, after)
	if !ok {
		return ""
	}
	old, now := restarts(was), restarts(is)
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if count, there := now[name]; there && count < old[name] {
			return fmt.Sprintf("container %q had been restarted %d times, and then %d times", name, old[name], count)
		}
	}
	return ""
}

func tellRestarts(o Object) string {
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return ""
	}
	counts := restarts(pod)
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return "restartCount: " + strings.Join(parts, ", ")
}

func controllers(o Object) []metav1.OwnerReference {
	return slices.DeleteFunc(slices.Clone(o.GetOwnerReferences()), func(r metav1.OwnerReference) bool { return r.Controller == nil || !*r.Controller })
}

func severalControllers(_, after *Sight) string {
	if _, pod := after.Object.(*corev1.Pod); !pod || len(controllers(after.Object)) < 2 {
		return ""
	}
	var names []string
	for _, owner := range controllers(after.Object) {
		names = append(names, owner.Kind+" "+owner.Name)
	}
	return "it has more than one controller: " + strings.Join(names, " and ")
}

func tellOwners(o Object) string {
	var names []string
	for _, owner := range o.GetOwnerReferences() {
		name := owner.Kind + " " + owner.Name
		if owner.Controller != nil && *owner.Controller {
			name += " (controller)"
		}
		names = append(names, name)
	}
	return "ownerReferences: " + strings.Join(names, ", ")
}
