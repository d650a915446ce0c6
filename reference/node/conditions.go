package node

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ownConditions are the Pod conditions that the node writes; others are left
// as they are.
var ownConditions = []v1.PodConditionType{
	v1.PodReadyToStartContainers, v1.PodInitialized, v1.PodReady, v1.ContainersReady, v1.PodScheduled,
}

// conditions gives all conditions of the status: others' first, then the
// node's, with upstream's reasons and messages (pkg/kubelet/status/generate.go).
func (s *podState) conditions(st *v1.PodStatus, now time.Time) []v1.PodCondition {
	var list []v1.PodCondition
	for _, c := range s.Pod.Status.Conditions {
		if !slices.Contains(ownConditions, c.Type) {
			list = append(list, c)
		}
	}
	all := append(slices.Clone(st.InitContainerStatuses), st.ContainerStatuses...)
	containersReady := containersReady(s.Pod, all, st.Phase)
	own := []v1.PodCondition{
		s.readyToStart(),
		s.initializedCondition(all, st.Phase),
		podReady(s.Pod, containersReady, list),
		containersReady,
		{Type: v1.PodScheduled, Status: v1.ConditionTrue},
	}
	if s.Evict != nil && s.Ending != nil && s.Ending.Stopped {
		list = slices.DeleteFunc(list, func(c v1.PodCondition) bool { return c.Type == v1.DisruptionTarget })
		own = append(own, v1.PodCondition{
			Type: v1.DisruptionTarget, Status: v1.ConditionTrue, Reason: v1.PodReasonTerminationByKubelet, Message: s.Evict.Message,
		})
	}
	for _, c := range own {
		c.ObservedGeneration = s.Pod.Generation
		c.LastTransitionTime = metav1.NewTime(now).Rfc3339Copy()
		for _, known := range [][]v1.PodCondition{s.Status.Conditions, s.Pod.Status.Conditions} {
			if old := findCondition(known, c.Type); old != nil {
				if old.Status == c.Status {
					c.LastTransitionTime = old.LastTransitionTime
				}
				break
			}
		}
		list = append(list, c)
	}
	return list
}

func findCondition(list []v1.PodCondition, kind v1.PodConditionType) *v1.PodCondition {
	for i := range list {
		if list[i].Type == kind {
			return &list[i]
		}
	}
	return nil
}

func conditionTrue(list []v1.PodCondition, kind v1.PodConditionType) bool {
	c := findCondition(list, kind)
	return c != nil && c.Status == v1.ConditionTrue
}

// readyToStart: the sandbox stands.
func (s *podState) readyToStart() v1.PodCondition {
	c := v1.PodCondition{Type: v1.PodReadyToStartContainers, Status: v1.ConditionTrue}
	if s.Sandbox == nil {
		c.Status = v1.ConditionFalse
		c.Reason = "PodSandboxNotReady"
		c.Message = "no pod sandbox exists"
		if s.HadSandbox {
			c.Message = "pod sandbox is not ready"
		}
	}
	return c
}

func (s *podState) initializedCondition(all []v1.ContainerStatus, ph v1.PodPhase) v1.PodCondition {
	c := v1.PodCondition{Type: v1.PodInitialized, Status: v1.ConditionTrue}
	var incomplete []string
	for i := range s.Pod.Spec.InitContainers {
		spec := &s.Pod.Spec.InitContainers[i]
		st := findStatus(all, spec.Name)
		done := st.Ready
		if sidecar(spec) {
			done = st.Started != nil && *st.Started
		}
		if !done {
			incomplete = append(incomplete, spec.Name)
		}
	}
	mainRan := false
	for i := range s.Pod.Spec.Containers {
		st := findStatus(all, s.Pod.Spec.Containers[i].Name)
		mainRan = mainRan || st.State.Running != nil || st.State.Terminated != nil
	}
	switch {
	case ph == v1.PodSucceeded:
		c.Reason = "PodCompleted"
	case mainRan, len(incomplete) == 0:
	default:
		c.Status = v1.ConditionFalse
		c.Reason = "ContainersNotInitialized"
		c.Message = fmt.Sprintf("containers with incomplete status: %s", incomplete)
	}
	return c
}

func containersReady(pod *v1.Pod, all []v1.ContainerStatus, ph v1.PodPhase) v1.PodCondition {
	c := v1.PodCondition{Type: v1.ContainersReady, Status: v1.ConditionTrue}
	var unready []string
	for i := range pod.Spec.InitContainers {
		if spec := &pod.Spec.InitContainers[i]; sidecar(spec) && !findStatus(all, spec.Name).Ready {
			unready = append(unready, spec.Name)
		}
	}
	for i := range pod.Spec.Containers {
		if !findStatus(all, pod.Spec.Containers[i].Name).Ready {
			unready = append(unready, pod.Spec.Containers[i].Name)
		}
	}
	switch {
	case ph == v1.PodSucceeded:
		c.Status, c.Reason = v1.ConditionFalse, "PodCompleted"
	case ph == v1.PodFailed:
		c.Status, c.Reason = v1.ConditionFalse, "PodFailed"
	case len(unready) > 0:
		c.Status, c.Reason = v1.ConditionFalse, "ContainersNotReady"
		c.Message = fmt.Sprintf("containers with unready status: %s", unready)
	}
	return c
}

// podReady: the containers are ready and so are the readiness gates.
func podReady(pod *v1.Pod, containers v1.PodCondition, others []v1.PodCondition) v1.PodCondition {
	c := containers
	c.Type = v1.PodReady
	if c.Status != v1.ConditionTrue {
		return c
	}
	var unready []string
	for _, gate := range pod.Spec.ReadinessGates {
		switch found := findCondition(others, gate.ConditionType); {
		case found == nil:
			unready = append(unready, fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.", gate.ConditionType))
		case found.Status != v1.ConditionTrue:
			unready = append(unready, fmt.Sprintf("the status of pod readiness gate %q is not \"True\", but %v", gate.ConditionType, found.Status))
		}
	}
	if len(unready) > 0 {
		c.Status, c.Reason, c.Message = v1.ConditionFalse, "ReadinessGatesNotReady", strings.Join(unready, ", ")
	}
	return c
}
