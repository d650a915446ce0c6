package node

import (
	"fmt"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// decide is the node agent's whole judgement on one Pod: from what is known
// and the time to what is to be done. It changes nothing; the state that it
// returns is the given one with the decisions noted. What it decides is
// upstream's computePodActions, pod_workers and killContainer.
func decide(given podState, now time.Time) (podState, decision) {
	s := given.clone()
	var d decision
	if s.Done {
		return s, d
	}
	s.considerEnding(&d, now)
	if s.Ending != nil {
		s.end(&d, now)
	} else {
		s.sync(&d, now)
	}
	s.progressStops(&d, now)
	return s, d
}

// sync brings a Pod that is to run closer to running.
func (s *podState) sync(d *decision, now time.Time) {
	if deadline := activeDeadline(s); !deadline.IsZero() {
		d.at(deadline)
	}
	v := &s.Volumes
	if (!v.Mounted || v.Stale) && !v.Busy {
		if now.Before(v.Retry) {
			d.at(v.Retry)
		} else {
			v.Busy, v.Stale = true, false
			d.do(mountVolumes{})
		}
	}
	if !v.Mounted {
		return
	}
	if s.Sandbox == nil {
		switch {
		case s.SandboxBusy:
		case now.Before(s.SandboxRetry):
			d.at(s.SandboxRetry)
		default:
			if s.HadSandbox {
				d.do(recordEvent{EventReason: "SandboxChanged", EventMsg: "Pod sandbox changed, it will be killed and re-created."})
			}
			s.SandboxBusy = true
			d.do(createSandbox{})
		}
		return
	}
	if !s.syncInitContainers(d, now) {
		return
	}
	for i := range s.Pod.Spec.Containers {
		c := &s.Pod.Spec.Containers[i]
		if last := s.latest(c.Name); last != nil && last.State == runtime.StateRunning {
			s.checkRunning(d, now, c, last)
		} else if s.shouldStart(c) && !s.heldBack(i) {
			s.start(d, now, c)
		}
	}
	s.dropOldInstances(d)
}

// heldBack: a container waits for the postStart hooks of those before it.
func (s *podState) heldBack(i int) bool {
	for j := range s.Pod.Spec.Containers[:i] {
		before := &s.Pod.Spec.Containers[j]
		if _, busy := s.Starting[before.Name]; busy && before.Lifecycle != nil && before.Lifecycle.PostStart != nil {
			return true
		}
	}
	return false
}

// start starts a container unless it has to wait.
func (s *podState) start(d *decision, now time.Time, c *v1.Container) {
	if _, busy := s.Starting[c.Name]; busy {
		return
	}
	f := s.Failures[c.Name]
	if now.Before(f.Retry) {
		d.at(f.Retry)
		return
	}
	if pull, failed := s.Pulls[c.Image]; failed && c.ImagePullPolicy != v1.PullNever && now.Before(pull.Until) {
		s.Failures[c.Name] = failure{
			Reason:  reasonImagePullBackOff,
			Message: fmt.Sprintf("Back-off pulling image %q: %s", c.Image, pull.Message),
			Retry:   pull.Until,
		}
		d.do(recordEvent{Container: c.Name, EventReason: "BackOff", EventMsg: fmt.Sprintf("Back-off pulling image %q", c.Image)},
			recordEvent{Container: c.Name, Warning: true, EventReason: "Failed", EventMsg: "Error: " + reasonImagePullBackOff})
		d.at(pull.Until)
		return
	}
	if last := s.latest(c.Name); last != nil && last.State == runtime.StateExited {
		b := s.BackOff[backOffKey(c)]
		if until := b.until(last.FinishedAt); now.Before(until) {
			s.Failures[c.Name] = failure{
				Reason:  reasonCrashLoopBackOff,
				Message: fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", b.Delay, c.Name, podRef(s.Pod)),
				Retry:   until,
			}
			d.do(recordEvent{Container: c.Name, Warning: true, EventReason: "BackOff",
				EventMsg: fmt.Sprintf("Back-off restarting failed container %s in pod %s", c.Name, podRef(s.Pod))})
			d.at(until)
			return
		}
		// Only a new end moves the back-off: a start that fails before it
		// makes a container is tried again without.
		if f.Reason == "" || f.Reason == reasonCrashLoopBackOff || f.Reason == reasonRunContainer ||
			f.Reason == reasonPostStartHook || f.Reason == reasonCreateContainer {
			s.BackOff[backOffKey(c)] = b.next(last.FinishedAt, now)
		}
	}
	attempt := s.nextAttempt(c.Name)
	s.Starting[c.Name] = attempt
	d.do(startContainer{Name: c.Name, Attempt: attempt})
}

// checkRunning stops a running container that is to have another image, or
// whose probes failed.
func (s *podState) checkRunning(d *decision, now time.Time, c *v1.Container, running *runtime.ContainerStatus) {
	if _, stopping := s.Stops[running.ID]; stopping {
		return
	}
	h := s.Health[running.ID]
	kind, init := "Container", false
	if _, init = containerSpec(s.Pod, c.Name); init {
		kind = "Init container"
	}
	var message string
	reason := stopLiveness
	switch {
	// A sidecar is first waited for.
	case running.Image != c.Image && (!init || s.healthOf(c, running.ID).Started):
		message, reason = fmt.Sprintf("%s %s definition changed", kind, c.Name), stopChanged
	case h.LivenessFailed:
		message = fmt.Sprintf("%s %s failed liveness probe", kind, c.Name)
	case h.StartupFailed:
		message, reason = fmt.Sprintf("%s %s failed startup probe", kind, c.Name), stopStartup
	default:
		return
	}
	if !init && (reason == stopChanged || restartsOnProbe(s.Pod, c)) {
		message += ", will be restarted"
	}
	s.stop(d, now, running, reason, message)
}

// dropOldInstances keeps of every container the newest instance and the one
// before, for the last state and the previous log.
func (s *podState) dropOldInstances(d *decision) {
	kept := s.Containers[:0:0]
	for _, c := range s.Containers {
		all := s.instances(c.Name)
		old := slices.IndexFunc(all, func(o runtime.ContainerStatus) bool { return o.ID == c.ID })
		if old >= 2 && c.State == runtime.StateExited {
			d.do(removeContainer{ID: c.ID, LogPath: c.LogPath})
			continue
		}
		kept = append(kept, c)
	}
	s.Containers = kept
}

// activeDeadline is when the Pod's activeDeadlineSeconds are over; zero: never.
func activeDeadline(s *podState) time.Time {
	if s.Pod.Spec.ActiveDeadlineSeconds == nil || s.Status.StartTime == nil {
		return time.Time{}
	}
	return s.Status.StartTime.Add(time.Duration(*s.Pod.Spec.ActiveDeadlineSeconds) * time.Second)
}
