package node

import (
	"maps"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/probe"
	"github.com/plumbline/plumbline/reference/node/runtime"
)

// event is something that a Pod's worker learns.
type event interface{}

type (
	podUpdated struct{ Pod *v1.Pod }
	podGone    struct{}
	podEvicted struct{ Why eviction }
	// containerExited: Status has the exit code and the termination message.
	containerExited struct{ Status runtime.ContainerStatus }
	// relisted is what the runtime has of the Pod. Containers that are
	// younger than At may be missing.
	relisted struct {
		At         time.Time
		Sandbox    *runtime.Sandbox
		Containers []runtime.ContainerStatus
	}
	volumesMounted struct{ Err error }
	// volumesStale: something that a volume or a container shows changed, or
	// something that was missing appeared.
	volumesStale   struct{}
	sandboxCreated struct {
		Sandbox *runtime.Sandbox
		Err     error
	}
	containerStarted struct {
		Name string
		// Status of the instance; nil when none was made.
		Status *runtime.ContainerStatus
		User   *v1.ContainerUser
		// Failure: it does not run.
		Failure *failure
		// Image and Pull: its image could not be pulled.
		Image, Pull string
		// StopIt: it runs, and must not: its postStart hook failed.
		StopIt bool
	}
	preStopDone struct{ ID string }
	cleanedUp   struct{ Err error }
	podDeleted  struct{ Err error }
	// statusWritten: the API server has taken Status.
	statusWritten struct{ Status v1.PodStatus }
	probeResult   struct {
		ID   string
		Kind probe.Kind
		OK   bool
	}
)

// imageErrorShown is how long a failed pull shows as itself before it shows
// as a back-off.
const imageErrorShown = time.Second

// fold takes an event into the state.
func (s *podState) fold(e event, now time.Time) {
	switch e := e.(type) {
	case podUpdated:
		if !maps.Equal(s.Pod.Labels, e.Pod.Labels) || !maps.Equal(s.Pod.Annotations, e.Pod.Annotations) {
			s.Volumes.Stale = s.Volumes.Mounted || s.Volumes.Busy // the downward API shows them
		}
		s.forgetFailures(e.Pod)
		s.Pod = e.Pod
	case podGone:
		s.Gone = true
	case podEvicted:
		if s.Evict == nil {
			s.Evict = &e.Why
		}
	case containerExited:
		s.noteExit(e.Status)
	case relisted:
		s.relist(e)
	case volumesMounted:
		s.noteVolumes(e.Err, now)
	case volumesStale:
		s.noteStale()
	case sandboxCreated:
		s.SandboxBusy = false
		if e.Err != nil {
			s.SandboxRetry = now.Add(sandboxRetry)
		} else {
			s.Sandbox, s.HadSandbox = e.Sandbox, true
		}
	case containerStarted:
		s.noteStart(e, now)
	case preStopDone:
		if st, ok := s.Stops[e.ID]; ok {
			st.HookBusy, st.HookDone = false, true
			s.Stops[e.ID] = st
		}
	case cleanedUp:
		s.Ending.CleanBusy = false
		if e.Err != nil {
			s.Ending.CleanRetry = now.Add(cleanRetry)
		} else {
			s.Ending.Cleaned, s.Sandbox = true, nil
		}
	case podDeleted:
		if e.Err != nil {
			s.Deleting, s.DeleteRetry = false, now.Add(time.Second)
		}
	case probeResult:
		s.noteProbe(e)
	}
}

const (
	sandboxRetry = 2 * time.Second
	cleanRetry   = 2 * time.Second
)

// put adds an instance or replaces what was known of it. What has ended stays
// ended.
func (s *podState) put(c runtime.ContainerStatus) {
	s.Containers = slices.Clone(s.Containers)
	i := slices.IndexFunc(s.Containers, func(o runtime.ContainerStatus) bool { return o.ID == c.ID })
	if i < 0 {
		s.Containers = append(s.Containers, c)
		return
	}
	old := s.Containers[i]
	if old.State == runtime.StateExited && c.State != runtime.StateExited {
		return
	}
	if !old.StartedAt.IsZero() {
		c.StartedAt = old.StartedAt // as it was reported
	}
	s.Containers[i] = c
}

func (s *podState) noteExit(c runtime.ContainerStatus) {
	if s.Ending != nil && s.Ending.Stopped {
		return // removed by the clean-up, which is not how it ended
	}
	s.put(c)
	if s.comesAgain(c.Name, s.Stops[c.ID].Reason) {
		s.Replacing[c.Name] = c.ID
	}
	delete(s.Stops, c.ID)
	delete(s.Health, c.ID)
}

// comesAgain: a container that the node stopped for this reason has a
// successor however it ends. One that a probe condemned may well obey, and
// end as if it had done its work.
func (s *podState) comesAgain(name string, why stopReason) bool {
	switch why {
	case stopChanged:
		return true
	case stopLiveness, stopStartup:
		spec, init := containerSpec(s.Pod, name)
		return spec != nil && !init && restartsOnProbe(s.Pod, spec) // sidecars come again anyway
	}
	return false
}

func (s *podState) relist(e relisted) {
	if s.Ending != nil && s.Ending.Stopped {
		return
	}
	if s.Sandbox != nil && e.Sandbox == nil && s.Sandbox.CreatedAt.Before(e.At) && !s.SandboxBusy {
		s.Sandbox = nil
	}
	if e.Sandbox != nil {
		s.Sandbox, s.HadSandbox = e.Sandbox, true
	}
	listed := map[string]bool{}
	for _, c := range e.Containers {
		listed[c.ID] = true
		if c.State == runtime.StateExited {
			s.noteExit(c)
		} else {
			s.put(c)
		}
	}
	s.Containers = slices.DeleteFunc(slices.Clone(s.Containers), func(c runtime.ContainerStatus) bool {
		return !listed[c.ID] && c.State != runtime.StateExited && c.CreatedAt.Before(e.At)
	})
}

func (s *podState) noteVolumes(err error, now time.Time) {
	v := &s.Volumes
	v.Busy = false
	if err == nil {
		v.Mounted, v.Tries, v.Retry = true, 0, time.Time{}
		return
	}
	// 0.5 s doubling to about two minutes, as upstream's volume operations.
	v.Retry = now.Add(min(500*time.Millisecond<<v.Tries, 2*time.Minute))
	v.Tries = min(v.Tries+1, 10)
	v.Stale = v.Mounted
}

// noteStale lets everything that failed for want of an object be tried again.
func (s *podState) noteStale() {
	s.Volumes.Retry = time.Time{}
	s.Volumes.Stale = s.Volumes.Mounted || s.Volumes.Busy
	for name, f := range s.Failures {
		if f.Reason == reasonCreateContainerConfig {
			f.Retry = time.Time{}
			s.Failures[name] = f
		}
	}
}

// forgetFailures: what was wrong with an image says nothing of another.
func (s *podState) forgetFailures(changed *v1.Pod) {
	for name := range s.Failures {
		was, _ := containerSpec(s.Pod, name)
		is, _ := containerSpec(changed, name)
		if was != nil && is != nil && was.Image != is.Image {
			delete(s.Failures, name)
		}
	}
}

func (s *podState) noteStart(e containerStarted, now time.Time) {
	delete(s.Starting, e.Name)
	delete(s.Replacing, e.Name)
	if e.Status != nil {
		s.put(*e.Status)
		if e.User != nil {
			s.Users[e.Status.ID] = e.User
		}
	}
	if e.Pull != "" {
		p := s.Pulls[e.Image]
		p.backOff = p.backOff.next(p.Set, now)
		p.Until, p.Message = now.Add(p.Delay), e.Pull
		s.Pulls[e.Image] = p
	} else {
		delete(s.Pulls, e.Image)
	}
	if e.Failure == nil {
		delete(s.Failures, e.Name)
		return
	}
	s.Failures[e.Name] = *e.Failure
	if e.StopIt && e.Status != nil {
		s.Stops[e.Status.ID] = stop{Reason: stopPostStart, HookDone: true, Deadline: s.stopDeadline(nil, stopPostStart, now)}
	}
}

// noteProbe takes in what a probe's threshold decided.
func (s *podState) noteProbe(e probeResult) {
	i := slices.IndexFunc(s.Containers, func(c runtime.ContainerStatus) bool { return c.ID == e.ID })
	if i < 0 || s.Containers[i].State != runtime.StateRunning {
		return
	}
	spec, _ := containerSpec(s.Pod, s.Containers[i].Name)
	if spec == nil {
		return
	}
	h := s.healthOf(spec, e.ID)
	switch e.Kind {
	case probe.Startup:
		h.Started, h.StartupFailed = e.OK, !e.OK
	case probe.Liveness:
		h.LivenessFailed = !e.OK
	case probe.Readiness:
		h.Ready = e.OK
	}
	s.Health[e.ID] = h
}
