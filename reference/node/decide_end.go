package node

import (
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

const (
	// minimumGrace is what every container gets between the stop signal and
	// SIGKILL, however short the period.
	minimumGrace = 2 * time.Second
	// killAgain is when a kill that had no effect is repeated.
	killAgain = 5 * time.Second
)

// considerEnding notes that the Pod is to end, or is to end sooner.
func (s *podState) considerEnding(d *decision, now time.Time) {
	grace := int64(30)
	if s.Pod.Spec.TerminationGracePeriodSeconds != nil {
		grace = *s.Pod.Spec.TerminationGracePeriodSeconds
	}
	asked := s.Pod.DeletionTimestamp != nil && s.Pod.DeletionGracePeriodSeconds != nil
	if asked {
		grace = *s.Pod.DeletionGracePeriodSeconds
	}
	if s.Gone {
		grace = 1
	}
	grace = max(grace, 1)
	if s.Ending != nil {
		if (asked || s.Gone) && grace < s.Ending.Grace {
			s.shorten(grace, now)
		}
		return
	}
	e := ending{Since: now, Grace: grace}
	switch {
	case s.Gone, s.Rejected != nil, s.Pod.DeletionTimestamp != nil, terminalPhase(s.Pod.Status.Phase):
	case s.Evict != nil:
		e.Reason, e.Message = s.Evict.Reason, s.Evict.Message
		if s.Evict.Grace > 0 {
			e.Grace = min(grace, s.Evict.Grace)
		}
	case pastDeadline(s, now):
		e.Reason, e.Message = "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
		d.do(recordEvent{EventReason: e.Reason, EventMsg: e.Message})
	case s.finished():
	default:
		return
	}
	e.Deadline = now.Add(time.Duration(e.Grace) * time.Second)
	if s.Adopted && s.Pod.DeletionTimestamp != nil {
		// The period began before this agent did. The API keeps whole seconds.
		was := s.Pod.DeletionTimestamp.Add(time.Second)
		if least := now.Add(minimumGrace); was.Before(least) {
			was = least
		}
		if was.Before(e.Deadline) {
			e.Deadline = was
		}
	}
	s.Ending = &e
}

func pastDeadline(s *podState, now time.Time) bool {
	deadline := activeDeadline(s)
	return !deadline.IsZero() && !now.Before(deadline)
}

// finished: no container of the Pod runs or will.
func (s *podState) finished() bool {
	if len(s.Replacing) > 0 {
		return false
	}
	var all []v1.ContainerStatus
	all = append(all, s.containerStatuses(s.Pod.Spec.Containers, s.Status.ContainerStatuses, false)...)
	all = append(all, s.containerStatuses(s.Pod.Spec.InitContainers, s.Status.InitContainerStatuses, true)...)
	if terminalPhase(phase(s.Pod, all, false, s.mainStarted())) {
		return true
	}
	if len(s.Starting) > 0 {
		return false
	}
	// Sidecars alone do not keep a Pod.
	for i := range s.Pod.Spec.Containers {
		c := &s.Pod.Spec.Containers[i]
		last := s.latest(c.Name)
		if last == nil || last.State != runtime.StateExited || s.shouldStart(c) {
			return false
		}
	}
	return len(s.Pod.Spec.Containers) > 0
}

// shorten lets a Pod that is ending have less time.
func (s *podState) shorten(grace int64, now time.Time) {
	s.Ending.Grace = grace
	deadline := now.Add(time.Duration(grace) * time.Second)
	if s.Gone {
		deadline = now.Add(minimumGrace)
	}
	if deadline.Before(s.Ending.Deadline) {
		s.Ending.Deadline = deadline
	}
}

// end takes a Pod down: containers, sandbox and volumes, object.
func (s *podState) end(d *decision, now time.Time) {
	e := s.Ending
	if len(s.Starting) > 0 {
		d.do(cancelStarts{})
	}
	running := s.running()
	for i := range running {
		c := &running[i]
		if st, stopping := s.Stops[c.ID]; stopping {
			if e.Deadline.Before(st.Deadline) {
				st.Deadline = e.Deadline
				s.Stops[c.ID] = st
			}
		} else {
			s.stop(d, now, c, stopPod, "Stopping container "+c.Name)
		}
	}
	if len(running) > 0 || len(s.Starting) > 0 || s.SandboxBusy || s.Volumes.Busy {
		return
	}
	e.Stopped = true
	switch {
	case e.CleanBusy:
	case !e.Cleaned && now.Before(e.CleanRetry):
		d.at(e.CleanRetry)
	case !e.Cleaned:
		e.CleanBusy = true
		d.do(cleanUp{})
	case s.Gone:
		s.Done = true
		d.do(forgetPod{})
	case s.Pod.DeletionTimestamp == nil || !s.StatusWritten || s.Deleting:
	case now.Before(s.DeleteRetry):
		d.at(s.DeleteRetry)
	default:
		s.Deleting = true
		d.do(deletePod{})
	}
}

// stop begins to take a running container down.
func (s *podState) stop(d *decision, now time.Time, c *runtime.ContainerStatus, reason stopReason, message string) {
	d.do(recordEvent{Container: c.Name, EventReason: "Killing", EventMsg: message})
	spec, _ := containerSpec(s.Pod, c.Name)
	st := stop{Reason: reason, Deadline: s.stopDeadline(spec, reason, now), HookDone: true}
	if spec != nil && spec.Lifecycle != nil && spec.Lifecycle.PreStop != nil && now.Before(st.Deadline) && !s.Gone {
		st.HookBusy, st.HookDone = true, false
		d.do(runPreStop{ID: c.ID, Name: c.Name})
	}
	s.Stops[c.ID] = st
}

// stopDeadline is the end of the grace period of a container that is stopped
// now: the Pod's, or for a failed probe its own.
func (s *podState) stopDeadline(spec *v1.Container, reason stopReason, now time.Time) time.Time {
	if s.Ending != nil {
		return s.Ending.Deadline
	}
	seconds := int64(minimumGrace / time.Second)
	if s.Pod.Spec.TerminationGracePeriodSeconds != nil {
		seconds = *s.Pod.Spec.TerminationGracePeriodSeconds
	}
	var probe *v1.Probe
	if spec != nil {
		switch reason {
		case stopLiveness:
			probe = spec.LivenessProbe
		case stopStartup:
			probe = spec.StartupProbe
		}
	}
	if probe != nil && probe.TerminationGracePeriodSeconds != nil {
		seconds = *probe.TerminationGracePeriodSeconds
	}
	return now.Add(time.Duration(seconds) * time.Second)
}

// progressStops takes every stop its next step.
func (s *podState) progressStops(d *decision, now time.Time) {
	for _, c := range s.running() {
		st, stopping := s.Stops[c.ID]
		if !stopping {
			continue
		}
		if st.TermAt.IsZero() && now.Before(st.Deadline) && (st.HookBusy || !s.turnToStop(c.Name)) {
			d.at(st.Deadline)
			continue
		}
		if st.TermAt.IsZero() {
			st.TermAt, st.HookDone = now, true
			signal := c.StopSignal
			if signal == 0 {
				signal = syscall.SIGTERM
			}
			d.do(signalContainer{ID: c.ID, Signal: signal})
		}
		kill := st.TermAt.Add(minimumGrace)
		if st.Deadline.After(kill) {
			kill = st.Deadline
		}
		if !st.KilledAt.IsZero() {
			kill = st.KilledAt.Add(killAgain)
		}
		if !now.Before(kill) {
			st.KilledAt = now
			d.do(killContainer{ID: c.ID})
			kill = now.Add(killAgain)
		}
		d.at(kill)
		s.Stops[c.ID] = st
	}
}

// turnToStop: sidecars of a Pod that ends stop after the regular containers,
// the last declared first.
func (s *podState) turnToStop(name string) bool {
	if s.Ending == nil || !isSidecar(s.Pod, name) {
		return true
	}
	later := false
	before := map[string]bool{}
	for i := range s.Pod.Spec.InitContainers {
		c := &s.Pod.Spec.InitContainers[i]
		if later && sidecar(c) {
			before[c.Name] = true
		}
		later = later || c.Name == name
	}
	for i := range s.Pod.Spec.Containers {
		before[s.Pod.Spec.Containers[i].Name] = true
	}
	for _, c := range s.running() {
		if before[c.Name] {
			return false
		}
	}
	return true
}
