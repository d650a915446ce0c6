package node

import (
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Waiting and termination reasons that upstream's kubelet uses.
const (
	reasonContainerCreating      = "ContainerCreating"
	reasonPodInitializing        = "PodInitializing"
	reasonCrashLoopBackOff       = "CrashLoopBackOff"
	reasonErrImagePull           = "ErrImagePull"
	reasonImagePullBackOff       = "ImagePullBackOff"
	reasonErrImageNeverPull      = "ErrImageNeverPull"
	reasonInvalidImageName       = "InvalidImageName"
	reasonCreateContainerConfig  = "CreateContainerConfigError"
	reasonCreateContainer        = "CreateContainerError"
	reasonRunContainer           = "RunContainerError"
	reasonPostStartHook          = "PostStartHookError"
	reasonContainerStatusUnknown = "ContainerStatusUnknown"

	containerIDPrefix = "containerd://"
)

// generateStatus is the status that the API server should show, by
// upstream's generateAPIPodStatus and status manager.
func generateStatus(s *podState, now time.Time) v1.PodStatus {
	pod, old := s.Pod, &s.Status
	if s.Rejected != nil {
		st := *old.DeepCopy()
		st.QOSClass, st.Phase, st.Reason = qosClass(pod), v1.PodFailed, s.Rejected.Reason
		st.Message = "Pod was rejected: " + s.Rejected.Message
		st.ObservedGeneration = pod.Generation
		if st.StartTime == nil {
			t := metav1.NewTime(now).Rfc3339Copy()
			st.StartTime = &t
		}
		return st
	}
	st := v1.PodStatus{
		ObservedGeneration: pod.Generation,
		QOSClass:           qosClass(pod),
		NominatedNodeName:  pod.Status.NominatedNodeName,
		StartTime:          old.StartTime,
	}
	if st.StartTime == nil {
		t := metav1.NewTime(now).Rfc3339Copy()
		st.StartTime = &t
	}
	st.ContainerStatuses = s.containerStatuses(pod.Spec.Containers, old.ContainerStatuses, false)
	st.InitContainerStatuses = s.containerStatuses(pod.Spec.InitContainers, old.InitContainerStatuses, true)
	s.setAddresses(&st)
	st.AllocatedResources, st.Resources = podResources(pod)

	ended := s.Ending != nil && s.Ending.Stopped
	st.Phase = phase(pod, append(slices.Clone(st.ContainerStatuses), st.InitContainerStatuses...), ended, s.mainStarted())
	if terminalPhase(st.Phase) && len(s.Replacing) > 0 && s.Ending == nil {
		st.Phase = v1.PodRunning // between two runs, whatever the policy says of the first one's end
	}
	if s.Ending != nil && s.Ending.Cleaned && s.Pod.DeletionTimestamp != nil {
		terminate(&st, s.mainCreated() || initialized(old))
	}
	// No way leads out of a terminal phase.
	switch {
	case terminalPhase(pod.Status.Phase):
		st.Phase = pod.Status.Phase
	case terminalPhase(old.Phase):
		st.Phase = old.Phase
	}
	if st.Phase == old.Phase {
		st.Reason, st.Message = old.Reason, old.Message
	}
	if st.Phase == pod.Status.Phase && st.Reason == "" {
		st.Reason, st.Message = pod.Status.Reason, pod.Status.Message
	}
	if s.Ending != nil && s.Ending.Reason != "" {
		st.Phase, st.Reason, st.Message = v1.PodFailed, s.Ending.Reason, s.Ending.Message
	}
	st.Conditions = s.conditions(&st, now)
	// A Pod is reported as ended only when nothing of it runs any more.
	if terminalPhase(st.Phase) && !terminalPhase(old.Phase) && !ended {
		st.Phase, st.Reason, st.Message = old.Phase, old.Reason, old.Message
		if st.Phase == "" {
			st.Phase = v1.PodPending
		}
	}
	return st
}

func terminalPhase(p v1.PodPhase) bool { return p == v1.PodSucceeded || p == v1.PodFailed }

func initialized(st *v1.PodStatus) bool {
	return conditionTrue(st.Conditions, v1.PodInitialized)
}

func (s *podState) setAddresses(st *v1.PodStatus) {
	if s.HostIP != "" {
		st.HostIP = s.HostIP
		st.HostIPs = []v1.HostIP{{IP: s.HostIP}}
	}
	switch {
	case s.Pod.Spec.HostNetwork:
		if s.HostIP != "" {
			st.PodIP, st.PodIPs = s.HostIP, []v1.PodIP{{IP: s.HostIP}}
		}
	case s.Sandbox != nil:
		ip := s.Sandbox.IP.String()
		st.PodIP, st.PodIPs = ip, []v1.PodIP{{IP: ip}}
	default:
		// A Pod that ended keeps the address that it had.
		st.PodIP, st.PodIPs = s.Status.PodIP, s.Status.PodIPs
	}
}

// terminate makes the last status of a deleted Pod: whatever is not known to
// have ended has failed.
func terminate(st *v1.PodStatus, started bool) {
	unknown := v1.ContainerState{Terminated: &v1.ContainerStateTerminated{
		Reason:   reasonContainerStatusUnknown,
		Message:  "The container could not be located when the pod was terminated",
		ExitCode: 137,
	}}
	if started {
		for i := range st.ContainerStatuses {
			if st.ContainerStatuses[i].State.Terminated == nil {
				st.ContainerStatuses[i].State = unknown
			}
		}
	}
	// Init containers after the last that shows a sign of life never began.
	last := -1
	for i, cs := range st.InitContainerStatuses {
		if cs.State.Running != nil || cs.State.Terminated != nil || cs.LastTerminationState.Terminated != nil {
			last = i
		}
	}
	for i := range st.InitContainerStatuses[:last+1] {
		if st.InitContainerStatuses[i].State.Terminated == nil {
			st.InitContainerStatuses[i].State = unknown
		}
	}
	if !terminalPhase(st.Phase) {
		st.Phase = v1.PodFailed
	}
}
