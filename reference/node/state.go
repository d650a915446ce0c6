package node

import (
	"maps"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// podState is everything that a Pod's worker knows of its Pod. decide turns
// it, and the time, into actions; generateStatus turns it into the status.
type podState struct {
	Pod *v1.Pod // as the API server last told it
	// Gone: the object no longer exists, or never did (an orphan of the
	// runtime); nobody waits for a status.
	Gone bool
	// Rejected: the node does not admit the Pod.
	Rejected *rejection
	// Evict: the node needs what the Pod uses.
	Evict *eviction
	// Adopted: the Pod was on the node before this agent was.
	Adopted bool

	HostIP string // of the node

	Sandbox    *runtime.Sandbox
	HadSandbox bool // a sandbox stood before; a new one is a change worth an event
	Containers []runtime.ContainerStatus
	Users      map[string]*v1.ContainerUser // by container ID
	Health     map[string]health            // by container ID
	Failures   map[string]failure           // by container name: why it does not start
	BackOff    map[string]backOff           // by container name and image
	Starting   map[string]int               // by container name: the attempt being started
	Pulls      map[string]pullBackOff       // by image: pulls that failed
	Stops      map[string]stop              // by container ID
	// Replacing: by container name, the instance that was stopped since its
	// image is another now, or since a probe failed, until its successor was
	// tried.
	Replacing map[string]string

	Volumes volumesState
	// SandboxRetry is when a failed sandbox may be tried again.
	SandboxRetry time.Time
	SandboxBusy  bool

	Ending *ending

	Status v1.PodStatus // as last generated; starts as the API server's
	// StatusWritten: the API server has Status.
	StatusWritten bool
	// Deleting: the final delete is under way; DeleteRetry: it failed, and
	// when it is tried again.
	Deleting    bool
	DeleteRetry time.Time
	Done        bool // nothing is left to do; the worker ends
}

// rejection says why the node does not run the Pod.
type rejection struct{ Reason, Message string }

// eviction ends a Pod for the node's sake.
type eviction struct {
	Reason, Message string
	Grace           int64 // seconds; 0: the Pod's own
}

// pullBackOff is the wait after a pull that failed.
type pullBackOff struct {
	backOff
	Until   time.Time
	Message string // of the last failure, with its reason
}

// health is what the probes say of a running container.
type health struct {
	Started        bool
	Ready          bool
	StartupFailed  bool
	LivenessFailed bool
}

// failure is why a container waits instead of running.
type failure struct {
	Reason  string
	Message string
	// Retry is when the next attempt is due; zero: when something changes.
	Retry time.Time
}

// volumesState tells how far the Pod's volumes are.
type volumesState struct {
	Mounted bool
	Busy    bool
	// Stale: a source changed since the last mount.
	Stale bool
	Retry time.Time // after a failure
	Tries int       // failures in a row
}

// stopReason is why a single container is stopped.
type stopReason string

const (
	stopPod       stopReason = ""
	stopLiveness  stopReason = "liveness"
	stopStartup   stopReason = "startup"
	stopPostStart stopReason = "postStart"
	stopChanged   stopReason = "changed"
)

// stop is a container on its way down: preStop hook, stop signal, SIGKILL.
type stop struct {
	Reason   stopReason
	Deadline time.Time // the grace period's end
	HookBusy bool      // the preStop hook runs
	HookDone bool      // it ended, there is none, or there is no time for it
	TermAt   time.Time // when the stop signal was sent
	KilledAt time.Time // when SIGKILL was last sent
}

// ending is a Pod on its way down.
type ending struct {
	Since    time.Time
	Grace    int64     // seconds; can only shrink
	Deadline time.Time // for all containers
	// Reason and Message become the Pod's, with phase Failed, when set.
	Reason, Message string
	Stopped         bool // no container runs, none will
	CleanBusy       bool
	Cleaned         bool // sandbox and volumes are gone
	CleanRetry      time.Time
}

// clone copies what decide may change.
func (s podState) clone() podState {
	s.Failures = cloneMap(s.Failures)
	s.BackOff = cloneMap(s.BackOff)
	s.Starting = cloneMap(s.Starting)
	s.Stops = cloneMap(s.Stops)
	s.Replacing = cloneMap(s.Replacing)
	s.Pulls = cloneMap(s.Pulls)
	s.Health = cloneMap(s.Health)
	if s.Ending != nil {
		e := *s.Ending
		s.Ending = &e
	}
	return s
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// instances returns a container's instances, the newest first, without the
// one that is still being started.
func (s *podState) instances(name string) []runtime.ContainerStatus {
	var found []runtime.ContainerStatus
	for _, c := range s.Containers {
		if attempt, busy := s.Starting[name]; busy && c.Attempt == attempt {
			continue
		}
		if c.Name == name {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b runtime.ContainerStatus) int {
		if a.Attempt != b.Attempt {
			return b.Attempt - a.Attempt
		}
		return b.CreatedAt.Compare(a.CreatedAt)
	})
	return found
}

// latest is a container's newest instance.
func (s *podState) latest(name string) *runtime.ContainerStatus {
	if all := s.instances(name); len(all) > 0 {
		return &all[0]
	}
	return nil
}

// active is a container's newest instance in the present sandbox: what ran
// before the node restarted says nothing of the Pod's initialisation.
func (s *podState) active(name string) *runtime.ContainerStatus {
	c := s.latest(name)
	if c == nil || s.Sandbox == nil || c.CreatedAt.Before(s.Sandbox.CreatedAt) {
		return nil
	}
	return c
}

// running lists the instances that have a process.
func (s *podState) running() []runtime.ContainerStatus {
	var found []runtime.ContainerStatus
	for _, c := range s.Containers {
		if c.State == runtime.StateRunning {
			found = append(found, c)
		}
	}
	return found
}

// mainStarted: a regular container was started in the present sandbox, so all
// init containers have done their work.
func (s *podState) mainStarted() bool {
	for i := range s.Pod.Spec.Containers {
		if s.active(s.Pod.Spec.Containers[i].Name) != nil {
			return true
		}
	}
	return false
}

// mainCreated: a regular container has, or had, an instance.
func (s *podState) mainCreated() bool {
	for i := range s.Pod.Spec.Containers {
		if s.latest(s.Pod.Spec.Containers[i].Name) != nil {
			return true
		}
	}
	return false
}

// containerSpec finds a container's spec, and whether it is an init container.
func containerSpec(pod *v1.Pod, name string) (spec *v1.Container, init bool) {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == name {
			return &pod.Spec.Containers[i], false
		}
	}
	for i := range pod.Spec.InitContainers {
		if pod.Spec.InitContainers[i].Name == name {
			return &pod.Spec.InitContainers[i], true
		}
	}
	return nil, false
}

// sidecar: an init container that keeps running beside the regular ones.
func sidecar(c *v1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == v1.ContainerRestartPolicyAlways
}

func isSidecar(pod *v1.Pod, name string) bool {
	c, init := containerSpec(pod, name)
	return c != nil && init && sidecar(c)
}

// podRef is a Pod's name as upstream's messages give it: name_namespace(uid).
func podRef(pod *v1.Pod) string {
	return pod.Name + "_" + pod.Namespace + "(" + string(pod.UID) + ")"
}
