package node

import (
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// containerStatuses gives the statuses of the spec's containers: regular ones
// by name, init containers in the spec's order.
func (s *podState) containerStatuses(specs []v1.Container, old []v1.ContainerStatus, init bool) []v1.ContainerStatus {
	var list []v1.ContainerStatus
	for i := range specs {
		list = append(list, s.containerStatus(&specs[i], findStatus(old, specs[i].Name), init))
	}
	if !init {
		slices.SortStableFunc(list, func(a, b v1.ContainerStatus) int { return strings.Compare(a.Name, b.Name) })
	}
	return list
}

func findStatus(list []v1.ContainerStatus, name string) *v1.ContainerStatus {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

func (s *podState) containerStatus(spec *v1.Container, old *v1.ContainerStatus, init bool) v1.ContainerStatus {
	seen := s.instances(spec.Name)
	var st v1.ContainerStatus
	if len(seen) == 0 {
		st = s.unseenStatus(spec, old, init)
	} else {
		st = instanceStatus(spec, &seen[0], s.Users[seen[0].ID])
		if len(seen) > 1 {
			st.LastTerminationState = instanceStatus(spec, &seen[1], nil).State
		} else if old != nil {
			st.LastTerminationState = old.LastTerminationState
			if old.ContainerID != st.ContainerID && old.State.Terminated != nil {
				st.LastTerminationState = old.State
			}
		}
		if old != nil && old.RestartCount > st.RestartCount {
			st.RestartCount = old.RestartCount
		}
	}
	st.VolumeMounts = volumeMountStatuses(spec)
	s.overlayFailure(spec, &st, init)
	s.setHealth(spec, &st, init)
	return st
}

// unseenStatus is for a container of which the runtime knows nothing.
func (s *podState) unseenStatus(spec *v1.Container, old *v1.ContainerStatus, init bool) v1.ContainerStatus {
	reason := reasonContainerCreating
	if len(s.Pod.Spec.InitContainers) > 0 {
		reason = reasonPodInitializing
	}
	st := v1.ContainerStatus{
		Name:  spec.Name,
		Image: spec.Image,
		State: v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: reason}},
	}
	if init && !sidecar(spec) && s.mainCreated() && (old == nil || old.State.Terminated == nil) {
		st.State = v1.ContainerState{Terminated: &v1.ContainerStateTerminated{
			Reason:  "Completed",
			Message: "Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally",
		}}
		return st
	}
	if old == nil {
		return st
	}
	if old.State.Terminated != nil {
		return *old.DeepCopy()
	}
	st.RestartCount = old.RestartCount
	st.LastTerminationState = old.LastTerminationState
	if old.State.Running != nil && st.LastTerminationState.Terminated == nil {
		// It ran, and nobody can tell how it ended.
		st.LastTerminationState.Terminated = &v1.ContainerStateTerminated{
			Reason:   reasonContainerStatusUnknown,
			Message:  "The container could not be located when the pod was deleted.  The container used to be Running",
			ExitCode: 137,
		}
		if s.Pod.DeletionTimestamp == nil {
			st.RestartCount++
		}
	}
	return st
}

// instanceStatus translates what the runtime knows of an instance.
func instanceStatus(spec *v1.Container, c *runtime.ContainerStatus, user *v1.ContainerUser) v1.ContainerStatus {
	st := v1.ContainerStatus{
		Name:               c.Name,
		RestartCount:       int32(c.Attempt),
		Image:              c.Image,
		ImageID:            c.ImageID,
		ContainerID:        containerIDPrefix + c.ID,
		AllocatedResources: spec.Resources.Requests,
		Resources:          spec.Resources.DeepCopy(),
		User:               user,
	}
	switch c.State {
	case runtime.StateRunning:
		st.State.Running = &v1.ContainerStateRunning{StartedAt: apiTime(c.StartedAt)}
	case runtime.StateExited:
		st.State.Terminated = &v1.ContainerStateTerminated{
			ExitCode:    int32(c.ExitCode),
			Reason:      c.Reason,
			Message:     c.Message,
			StartedAt:   apiTime(c.StartedAt),
			FinishedAt:  apiTime(c.FinishedAt),
			ContainerID: containerIDPrefix + c.ID,
		}
	default:
		st.State.Waiting = &v1.ContainerStateWaiting{}
	}
	return st
}

// apiTime has the precision that the API keeps. A container that never ran
// started at the epoch, as containerd's CRI plugin says it.
func apiTime(t time.Time) metav1.Time {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return metav1.NewTime(t).Rfc3339Copy()
}

// overlayFailure: a container that ought to run and cannot is waiting.
func (s *podState) overlayFailure(spec *v1.Container, st *v1.ContainerStatus, init bool) {
	f, failed := s.Failures[spec.Name]
	if !failed && s.replacedAgainstPolicy(spec) {
		// Once it was said to have ended, the API server would let no other state follow.
		f, failed = failure{Reason: reasonContainerCreating}, true
	}
	if !failed || !s.shouldStart(spec) {
		return
	}
	if init && !sidecar(spec) {
		if last := s.latest(spec.Name); last != nil && last.State == runtime.StateExited && last.ExitCode == 0 {
			return
		}
	}
	if st.State.Terminated != nil {
		st.LastTerminationState = st.State
	}
	st.State = v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: f.Reason, Message: f.Message}}
}

// setHealth fills in started and ready.
func (s *podState) setHealth(spec *v1.Container, st *v1.ContainerStatus, init bool) {
	started := false
	id := strings.TrimPrefix(st.ContainerID, containerIDPrefix)
	h := s.healthOf(spec, id)
	if st.State.Running != nil && s.Stops[id].Reason != stopPostStart { // whose hook failed has not started, though it runs until it is stopped
		started = h.Started
	}
	st.Started = &started
	switch {
	case init && !sidecar(spec):
		st.Ready = st.State.Terminated != nil && st.State.Terminated.ExitCode == 0
	default:
		st.Ready = started && st.State.Running != nil && h.Ready
	}
}

// healthOf is what the probes say, or what holds while they have said nothing.
func (s *podState) healthOf(spec *v1.Container, id string) health {
	if h, ok := s.Health[id]; ok {
		return h
	}
	return health{Started: spec.StartupProbe == nil, Ready: spec.ReadinessProbe == nil}
}

func volumeMountStatuses(spec *v1.Container) []v1.VolumeMountStatus {
	var list []v1.VolumeMountStatus
	for _, m := range spec.VolumeMounts {
		st := v1.VolumeMountStatus{Name: m.Name, MountPath: m.MountPath, ReadOnly: m.ReadOnly}
		if m.ReadOnly {
			disabled := v1.RecursiveReadOnlyDisabled
			st.RecursiveReadOnly = &disabled
		}
		list = append(list, st)
	}
	return list
}

// replacedAgainstPolicy: its successor is on the way, though the policy would
// leave alone what ended so.
func (s *podState) replacedAgainstPolicy(spec *v1.Container) bool {
	last := s.latest(spec.Name)
	return s.Ending == nil && last != nil && s.Replacing[spec.Name] == last.ID && !restartsAfter(s.Pod, spec, last.ExitCode)
}
