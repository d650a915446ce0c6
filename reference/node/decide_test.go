package node

import (
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// t0 is when the tests' decisions are made.
var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

type option func(*podState)

// web is a Pod with one container, in a sandbox that stands.
func web(options ...option) podState {
	grace := int64(30)
	s := podState{
		Pod: &v1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", UID: "u1", Generation: 1},
			Spec: v1.PodSpec{
				RestartPolicy: v1.RestartPolicyAlways, TerminationGracePeriodSeconds: &grace,
				Containers: []v1.Container{{Name: "main", Image: "app", ImagePullPolicy: v1.PullNever}},
			},
		},
		HostIP:        "10.0.0.1",
		Sandbox:       &runtime.Sandbox{UID: "u1", IP: netip.MustParseAddr("10.244.0.5"), CreatedAt: t0.Add(-time.Hour)},
		HadSandbox:    true,
		Volumes:       volumesState{Mounted: true},
		StatusWritten: true,
	}
	for _, o := range options {
		o(&s)
	}
	return s
}

func with(change func(*podState)) option { return change }

// imageOf is the image that a container of the tests' Pods has.
func imageOf(name string) string {
	if name == "main" {
		return "app"
	}
	return ""
}

func image(name string) option {
	return func(s *podState) { s.Pod.Spec.Containers[0].Image = name }
}

func running(name string, attempt int) option {
	return func(s *podState) {
		s.Containers = append(s.Containers, runtime.ContainerStatus{
			ID: name + "-" + string(rune('0'+attempt)), Name: name, Image: imageOf(name), Attempt: attempt, State: runtime.StateRunning,
			CreatedAt: t0.Add(-seconds(60)), StartedAt: t0.Add(-seconds(60)),
		})
	}
}

func exited(name string, attempt, code int, ago time.Duration) option {
	return func(s *podState) {
		s.Containers = append(s.Containers, runtime.ContainerStatus{
			ID: name + "-" + string(rune('0'+attempt)), Name: name, Image: imageOf(name), Attempt: attempt, State: runtime.StateExited, ExitCode: code,
			CreatedAt: t0.Add(-seconds(60)), StartedAt: t0.Add(-seconds(60)), FinishedAt: t0.Add(-ago),
		})
	}
}

func policy(p v1.RestartPolicy) option { return func(s *podState) { s.Pod.Spec.RestartPolicy = p } }

func deleted(grace int64) option {
	return func(s *podState) {
		at := metav1.NewTime(t0.Add(time.Duration(grace) * time.Second))
		s.Pod.DeletionTimestamp, s.Pod.DeletionGracePeriodSeconds = &at, &grace
	}
}

func inits(containers ...v1.Container) option {
	return func(s *podState) { s.Pod.Spec.InitContainers = containers }
}

func TestDecide(t *testing.T) {
	always := v1.ContainerRestartPolicyAlways
	once, side := v1.Container{Name: "once"}, v1.Container{Name: "side", RestartPolicy: &always}
	killing := func(name, message string) recordEvent {
		return recordEvent{Container: name, EventReason: "Killing", EventMsg: message}
	}
	preStop := with(func(s *podState) {
		s.Pod.Spec.Containers[0].Lifecycle = &v1.Lifecycle{PreStop: &v1.LifecycleHandler{Exec: &v1.ExecAction{Command: []string{"x"}}}}
	})
	tests := []struct {
		name  string
		state podState
		want  []action
		wake  time.Duration // after t0; 0: none
	}{
		{name: "volumes come first", state: web(with(func(s *podState) { s.Volumes.Mounted, s.Sandbox, s.HadSandbox = false, nil, false })),
			want: []action{mountVolumes{}}},
		{name: "then the sandbox", state: web(with(func(s *podState) { s.Sandbox, s.HadSandbox = nil, false })),
			want: []action{createSandbox{}}},
		{name: "a sandbox that was lost is made again, and said to be", state: web(with(func(s *podState) { s.Sandbox = nil })),
			want: []action{recordEvent{EventReason: "SandboxChanged", EventMsg: "Pod sandbox changed, it will be killed and re-created."}, createSandbox{}}},
		{name: "nothing is asked for twice", state: web(with(func(s *podState) { s.Starting = map[string]int{"main": 0} }))},
		{name: "the container is started", state: web(), want: []action{startContainer{Name: "main"}}},
		{name: "a running container is left alone", state: web(running("main", 0))},

		{name: "the first restart comes at once", state: web(exited("main", 0, 1, 0)), want: []action{startContainer{Name: "main", Attempt: 1}}},
		{name: "the second waits 10 s from the end", state: web(exited("main", 1, 1, seconds(3)),
			with(func(s *podState) { s.BackOff = map[string]backOff{"main app": {seconds(10), t0.Add(-seconds(5))}} })),
			want: []action{recordEvent{Container: "main", Warning: true, EventReason: "BackOff", EventMsg: "Back-off restarting failed container main in pod web_shop(u1)"}},
			wake: seconds(7)},
		{name: "and then starts", state: web(exited("main", 1, 1, seconds(10)),
			with(func(s *podState) { s.BackOff = map[string]backOff{"main app": {seconds(10), t0.Add(-seconds(12))}} })),
			want: []action{startContainer{Name: "main", Attempt: 2}}},
		{name: "ten minutes of running are forgiven", state: web(exited("main", 3, 1, 0),
			with(func(s *podState) { s.BackOff = map[string]backOff{"main app": {seconds(300), t0.Add(-seconds(601))}} })),
			want: []action{startContainer{Name: "main", Attempt: 4}}},
		{name: "OnFailure restarts a failure", state: web(policy(v1.RestartPolicyOnFailure), exited("main", 0, 2, 0)),
			want: []action{startContainer{Name: "main", Attempt: 1}}},
		{name: "OnFailure leaves a success, and the Pod is done", state: web(policy(v1.RestartPolicyOnFailure), exited("main", 0, 0, 0)),
			want: []action{cleanUp{}}},
		{name: "Never leaves a failure", state: web(policy(v1.RestartPolicyNever), exited("main", 0, 2, 0)), want: []action{cleanUp{}}},
		{name: "older instances are dropped", state: web(exited("main", 0, 1, seconds(30)), exited("main", 1, 1, seconds(20)), running("main", 2)),
			want: []action{removeContainer{ID: "main-0"}}},

		{name: "the first init container runs alone", state: web(inits(once, v1.Container{Name: "twice"})), want: []action{startContainer{Name: "once"}}},
		{name: "while it runs nothing else does", state: web(inits(once), running("once", 0))},
		{name: "when it has succeeded the next starts", state: web(inits(once, v1.Container{Name: "twice"}), exited("once", 0, 0, 0)),
			want: []action{startContainer{Name: "twice"}}},
		{name: "after the last the containers start", state: web(inits(once), exited("once", 0, 0, 0)), want: []action{startContainer{Name: "main"}}},
		{name: "a failed one is run again", state: web(inits(once), exited("once", 0, 1, 0)), want: []action{startContainer{Name: "once", Attempt: 1}}},
		{name: "unless the policy is Never", state: web(policy(v1.RestartPolicyNever), inits(once), exited("once", 0, 1, 0)), want: []action{cleanUp{}}},
		{name: "a sidecar that has started lets the containers start", state: web(inits(side), running("side", 0)), want: []action{startContainer{Name: "main"}}},
		{name: "a sidecar with a startup probe is waited for", state: web(
			inits(v1.Container{Name: "side", RestartPolicy: &always, StartupProbe: &v1.Probe{}}), running("side", 0))},
		{name: "a sidecar that ended is started again", state: web(inits(side), exited("side", 0, 0, 0), running("main", 0)),
			want: []action{startContainer{Name: "side", Attempt: 1}}},
		{name: "a sidecar does not keep a Pod that is done", state: web(policy(v1.RestartPolicyNever), inits(side), running("side", 0), exited("main", 0, 0, 0)),
			want: []action{killing("side", "Stopping container side"), signalContainer{ID: "side-0", Signal: syscall.SIGTERM}}, wake: seconds(30)},

		{name: "failed liveness stops the container", state: web(running("main", 0),
			with(func(s *podState) { s.Health = map[string]health{"main-0": {LivenessFailed: true}} })),
			want: []action{killing("main", "Container main failed liveness probe, will be restarted"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}},
			wake: seconds(30)},
		{name: "within the probe's own period", state: web(running("main", 0), with(func(s *podState) {
			own := int64(5)
			s.Pod.Spec.Containers[0].LivenessProbe = &v1.Probe{TerminationGracePeriodSeconds: &own}
			s.Health = map[string]health{"main-0": {LivenessFailed: true}}
		})), want: []action{killing("main", "Container main failed liveness probe, will be restarted"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}},
			wake: seconds(5)},
		{name: "with Never it is not restarted", state: web(policy(v1.RestartPolicyNever), running("main", 0),
			with(func(s *podState) { s.Health = map[string]health{"main-0": {LivenessFailed: true}} })),
			want: []action{killing("main", "Container main failed liveness probe"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}}, wake: seconds(30)},
		{name: "with OnFailure it is restarted, though it ended well", state: web(policy(v1.RestartPolicyOnFailure), running("main", 0), with(func(s *podState) {
			s.Stops, s.Replacing = map[string]stop{"main-0": {Reason: stopLiveness}}, map[string]string{}
			s.fold(containerExited{Status: runtime.ContainerStatus{ID: "main-0", Name: "main", Image: s.Containers[0].Image, State: runtime.StateExited}}, t0)
		})), want: []action{startContainer{Name: "main", Attempt: 1}}},
		{name: "one that ended well by itself is not", state: web(policy(v1.RestartPolicyOnFailure), exited("main", 0, 0, 0)), want: []action{cleanUp{}}},

		{name: "another image stops the container", state: web(running("main", 0), image("other")),
			want: []action{killing("main", "Container main definition changed, will be restarted"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}},
			wake: seconds(30)},
		{name: "and no other container", state: web(running("main", 0), running("second", 0), image("other"), with(func(s *podState) {
			s.Pod.Spec.Containers = append(s.Pod.Spec.Containers, v1.Container{Name: "second"})
		})), want: []action{killing("main", "Container main definition changed, will be restarted"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}},
			wake: seconds(30)},
		{name: "it is stopped once", state: web(running("main", 0), image("other"), with(func(s *podState) {
			s.Stops = map[string]stop{"main-0": {Reason: stopChanged, Deadline: t0.Add(seconds(20)), HookDone: true, TermAt: t0.Add(-seconds(10))}}
		})), wake: seconds(20)},
		{name: "what it did with the one before does not hold it up", state: web(exited("main", 1, 1, seconds(3)), image("other"),
			with(func(s *podState) { s.BackOff = map[string]backOff{"main app": {seconds(10), t0.Add(-seconds(5))}} })),
			want: []action{startContainer{Name: "main", Attempt: 2}}},
		{name: "nor the policy", state: web(policy(v1.RestartPolicyNever), exited("main", 0, 0, 0), image("other"),
			with(func(s *podState) { s.Replacing = map[string]string{"main": "main-0"} })), want: []action{startContainer{Name: "main", Attempt: 1}}},
		{name: "what had ended before does not begin again", state: web(policy(v1.RestartPolicyNever), exited("main", 0, 0, 0), image("other")),
			want: []action{cleanUp{}}},
		{name: "a sidecar's image is its own", state: web(inits(v1.Container{Name: "side", Image: "other", RestartPolicy: &always}), running("side", 0), running("main", 0)),
			want: []action{killing("side", "Init container side definition changed"), signalContainer{ID: "side-0", Signal: syscall.SIGTERM}}, wake: seconds(30)},
		{name: "an init container goes on", state: web(inits(v1.Container{Name: "once", Image: "other"}), running("once", 0))},

		{name: "a deleted Pod's containers get SIGTERM", state: web(running("main", 0), deleted(30)),
			want: []action{killing("main", "Stopping container main"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}}, wake: seconds(30)},
		{name: "the image's stop signal is used", state: web(running("main", 0), deleted(30),
			with(func(s *podState) { s.Containers[0].StopSignal = syscall.SIGINT })),
			want: []action{killing("main", "Stopping container main"), signalContainer{ID: "main-0", Signal: syscall.SIGINT}}, wake: seconds(30)},
		{name: "preStop comes before the signal", state: web(running("main", 0), deleted(30), preStop),
			want: []action{killing("main", "Stopping container main"), runPreStop{ID: "main-0", Name: "main"}}, wake: seconds(30)},
		{name: "two seconds are the least", state: web(running("main", 0), deleted(1)),
			want: []action{killing("main", "Stopping container main"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}}, wake: seconds(2)},
		{name: "SIGKILL when the period is over", state: web(running("main", 0), deleted(30), with(func(s *podState) {
			s.Ending = &ending{Since: t0.Add(-seconds(30)), Grace: 30, Deadline: t0}
			s.Stops = map[string]stop{"main-0": {Deadline: t0, HookDone: true, TermAt: t0.Add(-seconds(30))}}
		})), want: []action{killContainer{ID: "main-0"}}, wake: seconds(5)},
		{name: "not before", state: web(running("main", 0), deleted(30), with(func(s *podState) {
			s.Ending = &ending{Since: t0.Add(-seconds(29)), Grace: 30, Deadline: t0.Add(seconds(1))}
			s.Stops = map[string]stop{"main-0": {Deadline: t0.Add(seconds(1)), HookDone: true, TermAt: t0.Add(-seconds(29))}}
		})), wake: seconds(1)},
		{name: "a hook that takes the whole period is cut off", state: web(running("main", 0), deleted(30), preStop, with(func(s *podState) {
			s.Ending = &ending{Since: t0.Add(-seconds(30)), Grace: 30, Deadline: t0}
			s.Stops = map[string]stop{"main-0": {Deadline: t0, HookBusy: true}}
		})), want: []action{signalContainer{ID: "main-0", Signal: syscall.SIGTERM}}, wake: seconds(2)},
		{name: "a shorter period moves SIGKILL", state: web(running("main", 0), deleted(5), with(func(s *podState) {
			s.Ending = &ending{Since: t0.Add(-seconds(10)), Grace: 30, Deadline: t0.Add(seconds(20))}
			s.Stops = map[string]stop{"main-0": {Deadline: t0.Add(seconds(20)), HookDone: true, TermAt: t0.Add(-seconds(10))}}
		})), wake: seconds(5)},
		{name: "a longer one does not", state: web(running("main", 0), deleted(60), with(func(s *podState) {
			s.Ending = &ending{Since: t0.Add(-seconds(10)), Grace: 30, Deadline: t0.Add(seconds(20))}
			s.Stops = map[string]stop{"main-0": {Deadline: t0.Add(seconds(20)), HookDone: true, TermAt: t0.Add(-seconds(10))}}
		})), wake: seconds(20)},
		{name: "an object that is gone leaves two seconds", state: web(running("main", 0), preStop, with(func(s *podState) { s.Gone = true })),
			want: []action{killing("main", "Stopping container main"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}}, wake: seconds(2)},
		{name: "sidecars stop after the containers", state: web(inits(side), running("side", 0), running("main", 0), deleted(30)),
			want: []action{killing("side", "Stopping container side"), killing("main", "Stopping container main"),
				signalContainer{ID: "main-0", Signal: syscall.SIGTERM}}, wake: seconds(30)},
		{name: "starts are given up", state: web(deleted(30), with(func(s *podState) { s.Starting = map[string]int{"main": 0} })),
			want: []action{cancelStarts{}}},

		{name: "when all have ended the rest is removed", state: web(exited("main", 0, 0, 0), deleted(30)), want: []action{cleanUp{}}},
		{name: "then the object", state: web(exited("main", 0, 0, 0), deleted(30), with(func(s *podState) { s.Ending = &ending{Stopped: true, Cleaned: true} })),
			want: []action{deletePod{}}},
		{name: "but only when the final status is known", state: web(exited("main", 0, 0, 0), deleted(30), with(func(s *podState) {
			s.Ending, s.StatusWritten = &ending{Stopped: true, Cleaned: true}, false
		}))},
		{name: "a Pod that is done stays until it is deleted", state: web(policy(v1.RestartPolicyNever), exited("main", 0, 0, 0),
			with(func(s *podState) { s.Ending = &ending{Stopped: true, Cleaned: true} }))},
		{name: "of a Pod that is gone nothing is left", state: web(exited("main", 0, 0, 0), with(func(s *podState) {
			s.Gone, s.Ending = true, &ending{Stopped: true, Cleaned: true}
		})), want: []action{forgetPod{}}},
		{name: "a rejected Pod runs nothing", state: web(with(func(s *podState) { s.Sandbox, s.Rejected = nil, &rejection{"OutOfcpu", "no"} })),
			want: []action{cleanUp{}}},
		{name: "the active deadline is watched", state: web(running("main", 0), with(func(s *podState) {
			deadline, began := int64(60), metav1.NewTime(t0.Add(-seconds(50)))
			s.Pod.Spec.ActiveDeadlineSeconds, s.Status.StartTime = &deadline, &began
		})), wake: seconds(10)},
		{name: "and ends the Pod", state: web(running("main", 0), with(func(s *podState) {
			deadline, began := int64(60), metav1.NewTime(t0.Add(-seconds(60)))
			s.Pod.Spec.ActiveDeadlineSeconds, s.Status.StartTime = &deadline, &began
		})), want: []action{
			recordEvent{EventReason: "DeadlineExceeded", EventMsg: "Pod was active on the node longer than the specified deadline"},
			killing("main", "Stopping container main"), signalContainer{ID: "main-0", Signal: syscall.SIGTERM}}, wake: seconds(30)},
		{name: "a postStart hook holds back those after it", state: web(with(func(s *podState) {
			s.Pod.Spec.Containers[0].Lifecycle = &v1.Lifecycle{PostStart: &v1.LifecycleHandler{}}
			s.Pod.Spec.Containers = append(s.Pod.Spec.Containers, v1.Container{Name: "second"})
			s.Starting = map[string]int{"main": 0}
		}))},
		{name: "without one they start together", state: web(with(func(s *podState) {
			s.Pod.Spec.Containers = append(s.Pod.Spec.Containers, v1.Container{Name: "second"})
		})), want: []action{startContainer{Name: "main"}, startContainer{Name: "second"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := test.state.clone()
			_, got := decide(test.state, t0)
			if diff := cmp.Diff(test.want, got.Actions); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			var wake time.Duration
			if !got.Wake.IsZero() {
				wake = got.Wake.Sub(t0)
			}
			if wake != test.wake {
				t.Errorf("wakes after %v, want %v", wake, test.wake)
			}
			if diff := cmp.Diff(before.Stops, test.state.clone().Stops); diff != "" {
				t.Errorf("decide changed what it was given:\n%s", diff)
			}
		})
	}
}

// A Pod in back-off is asked about again and again; it must not be told of
// twice.
func TestDecideTellsOnce(t *testing.T) {
	s := web(exited("main", 1, 1, seconds(3)), with(func(s *podState) {
		s.BackOff = map[string]backOff{"main app": {seconds(10), t0.Add(-seconds(5))}}
	}))
	s, _ = decide(s, t0)
	if _, again := decide(s, t0.Add(time.Second)); len(again.Actions) > 0 {
		t.Errorf("actions on the second look: %v", again.Actions)
	}
}

// TestChangedImage: a container with another image is stopped, and started
// once, whatever its policy; if that fails, the policy holds.
func TestChangedImage(t *testing.T) {
	s := web(policy(v1.RestartPolicyNever), running("main", 0), with(func(s *podState) {
		s.Failures = map[string]failure{"main": {Reason: reasonImagePullBackOff, Retry: t0.Add(seconds(60))}}
	})).clone()
	step := func(e event) []action {
		if e != nil {
			s.fold(e, t0)
		}
		next, d := decide(s, t0)
		s = next
		return d.Actions
	}
	changed := s.Pod.DeepCopy()
	changed.Spec.Containers[0].Image = "other"
	step(podUpdated{changed})
	end := s.Containers[0]
	end.State, end.FinishedAt = runtime.StateExited, t0
	want := []action{startContainer{Name: "main", Attempt: 1}}
	if diff := cmp.Diff(want, step(containerExited{end})); diff != "" {
		t.Errorf("after its end (-want +got):\n%s", diff)
	}
	want = []action{cleanUp{}}
	if diff := cmp.Diff(want, step(containerStarted{Name: "main", Failure: &failure{Reason: reasonErrImagePull}})); diff != "" {
		t.Errorf("after a start that failed (-want +got):\n%s", diff)
	}
}
