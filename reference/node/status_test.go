package node

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// seen is what a table looks at of a status.
type seen struct {
	Phase        v1.PodPhase
	Reason       string
	State        string // of the container main
	Last         string
	Restarts     int32
	Started      bool
	Ready        bool
	PodReady     string // status and reason
	Initialized  string
	ReadyToStart v1.ConditionStatus
	PodIP        string
}

func look(st v1.PodStatus) seen {
	state := func(s v1.ContainerState) string {
		switch {
		case s.Running != nil:
			return "running"
		case s.Terminated != nil:
			return "terminated " + s.Terminated.Reason
		case s.Waiting != nil:
			return "waiting " + s.Waiting.Reason
		}
		return ""
	}
	condition := func(kind v1.PodConditionType) string {
		c := findCondition(st.Conditions, kind)
		if c.Reason == "" {
			return string(c.Status)
		}
		return string(c.Status) + " " + c.Reason
	}
	main := findStatus(st.ContainerStatuses, "main")
	return seen{
		Phase: st.Phase, Reason: st.Reason, State: state(main.State), Last: state(main.LastTerminationState), Restarts: main.RestartCount,
		Started: *main.Started, Ready: main.Ready, PodReady: condition(v1.PodReady), Initialized: condition(v1.PodInitialized),
		ReadyToStart: findCondition(st.Conditions, v1.PodReadyToStartContainers).Status, PodIP: st.PodIP,
	}
}

func reason(name, why string) option {
	return func(s *podState) {
		for i := range s.Containers {
			if s.Containers[i].ID == name {
				s.Containers[i].Reason = why
			}
		}
	}
}

func TestGenerateStatus(t *testing.T) {
	always := v1.ContainerRestartPolicyAlways
	readiness := with(func(s *podState) { s.Pod.Spec.Containers[0].ReadinessProbe = &v1.Probe{} })
	startup := with(func(s *podState) { s.Pod.Spec.Containers[0].StartupProbe = &v1.Probe{} })
	fresh := with(func(s *podState) { s.Sandbox, s.HadSandbox = nil, false })
	failing := func(why string) option {
		return func(s *podState) { s.Failures = map[string]failure{"main": {Reason: why}} }
	}
	stopped := with(func(s *podState) { s.Ending = &ending{Stopped: true} })
	tests := []struct {
		name  string
		state podState
		want  seen
	}{
		{"a Pod that was just seen", web(fresh), seen{Phase: "Pending", State: "waiting ContainerCreating", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "False"}},
		{"with init containers", web(fresh, inits(v1.Container{Name: "once"})),
			seen{Phase: "Pending", State: "waiting PodInitializing", PodReady: "False ContainersNotReady", Initialized: "False ContainersNotInitialized", ReadyToStart: "False"}},
		{"the sandbox stands", web(), seen{Phase: "Pending", State: "waiting ContainerCreating", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it runs", web(running("main", 0)),
			seen{Phase: "Running", State: "running", Started: true, Ready: true, PodReady: "True", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it runs and is not ready yet", web(readiness, running("main", 0)),
			seen{Phase: "Running", State: "running", Started: true, PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"readiness has said so", web(readiness, running("main", 0), with(func(s *podState) { s.Health = map[string]health{"main-0": {Started: true, Ready: true}} })),
			seen{Phase: "Running", State: "running", Started: true, Ready: true, PodReady: "True", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it has not started by its probe", web(startup, running("main", 0)),
			seen{Phase: "Running", State: "running", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"a readiness gate is missing", web(running("main", 0), with(func(s *podState) { s.Pod.Spec.ReadinessGates = []v1.PodReadinessGate{{ConditionType: "x"}} })),
			seen{Phase: "Running", State: "running", Started: true, Ready: true, PodReady: "False ReadinessGatesNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"its image is not there", web(failing(reasonErrImageNeverPull)),
			seen{Phase: "Pending", State: "waiting ErrImageNeverPull", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it crashed and is started again", web(exited("main", 0, 1, 0), reason("main-0", "Error")),
			seen{Phase: "Running", State: "terminated Error", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it waits in back-off", web(exited("main", 1, 1, 0), reason("main-1", "Error"), failing(reasonCrashLoopBackOff)),
			seen{Phase: "Running", State: "waiting CrashLoopBackOff", Last: "terminated Error", Restarts: 1, PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it runs again", web(exited("main", 0, 1, 0), reason("main-0", "OOMKilled"), running("main", 1)),
			seen{Phase: "Running", State: "running", Last: "terminated OOMKilled", Restarts: 1, Started: true, Ready: true, PodReady: "True", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it ended well, and is started again all the same", web(policy(v1.RestartPolicyOnFailure), exited("main", 0, 0, 0), reason("main-0", "Completed"),
			with(func(s *podState) { s.Replacing = map[string]string{"main": "main-0"} })),
			seen{Phase: "Running", State: "waiting ContainerCreating", Last: "terminated Completed", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"which it is not, if the Pod is to end", web(policy(v1.RestartPolicyOnFailure), exited("main", 0, 0, 0), reason("main-0", "Completed"), with(func(s *podState) {
			s.Replacing, s.Ending = map[string]string{"main": "main-0"}, &ending{Stopped: true, Reason: "DeadlineExceeded"}
		})), seen{Phase: "Failed", Reason: "DeadlineExceeded", State: "terminated Completed", PodReady: "False PodFailed", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"a done Pod is not reported before all has stopped", web(policy(v1.RestartPolicyNever), exited("main", 0, 0, 0), reason("main-0", "Completed"),
			with(func(s *podState) { s.Status.Phase = v1.PodRunning })),
			seen{Phase: "Running", State: "terminated Completed", PodReady: "False PodCompleted", Initialized: "True PodCompleted", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it succeeded", web(policy(v1.RestartPolicyNever), exited("main", 0, 0, 0), reason("main-0", "Completed"), stopped),
			seen{Phase: "Succeeded", State: "terminated Completed", PodReady: "False PodCompleted", Initialized: "True PodCompleted", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it failed", web(policy(v1.RestartPolicyNever), exited("main", 0, 3, 0), reason("main-0", "Error"), stopped),
			seen{Phase: "Failed", State: "terminated Error", PodReady: "False PodFailed", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"an init container failed for good", web(policy(v1.RestartPolicyNever), inits(v1.Container{Name: "once"}), exited("once", 0, 3, 0), stopped),
			seen{Phase: "Failed", State: "waiting PodInitializing", PodReady: "False PodFailed", Initialized: "False ContainersNotInitialized", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"a sidecar runs, the container does not yet", web(inits(v1.Container{Name: "side", RestartPolicy: &always}), running("side", 0)),
			seen{Phase: "Pending", State: "waiting PodInitializing", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"its deadline has passed", web(exited("main", 0, 0, 0), reason("main-0", "Completed"), with(func(s *podState) {
			s.Ending = &ending{Stopped: true, Reason: "DeadlineExceeded"}
		})), seen{Phase: "Failed", Reason: "DeadlineExceeded", State: "terminated Completed", PodReady: "False PodFailed", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"it was deleted before it ran", web(fresh, deleted(30), with(func(s *podState) { s.Ending = &ending{Stopped: true, Cleaned: true} })),
			seen{Phase: "Failed", State: "waiting ContainerCreating", PodReady: "False PodFailed", Initialized: "True", ReadyToStart: "False"}},
		{"nobody knows how it ended", web(with(func(s *podState) {
			s.Status.ContainerStatuses = []v1.ContainerStatus{{Name: "main", ContainerID: "containerd://x", State: v1.ContainerState{Running: &v1.ContainerStateRunning{}}}}
		})), seen{Phase: "Running", State: "waiting ContainerCreating", Last: "terminated ContainerStatusUnknown", Restarts: 1, PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"a container whose postStart hook failed is not ready while it is being stopped", web(running("main", 0), with(func(s *podState) {
			s.Stops = map[string]stop{"main-0": {Reason: stopPostStart, HookDone: true}}
		})), seen{Phase: "Running", State: "running", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
		{"a container with a postStart hook is not shown before that has run", web(running("main", 0), with(func(s *podState) { s.Starting = map[string]int{"main": 0} })),
			seen{Phase: "Pending", State: "waiting ContainerCreating", PodReady: "False ContainersNotReady", Initialized: "True", ReadyToStart: "True", PodIP: "10.244.0.5"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, look(generateStatus(&test.state, t0))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Times and others' conditions stay as they are while nothing changes.
func TestGenerateStatusIsSteady(t *testing.T) {
	s := web(running("main", 0), with(func(s *podState) {
		s.Pod.Status.Conditions = []v1.PodCondition{{Type: "example.com/theirs", Status: v1.ConditionTrue}}
	}))
	s.Status = generateStatus(&s, t0)
	if diff := cmp.Diff(s.Status, generateStatus(&s, t0.Add(time.Hour))); diff != "" {
		t.Errorf("an hour later (-before +after):\n%s", diff)
	}
	if c := findCondition(s.Status.Conditions, "example.com/theirs"); c == nil {
		t.Error("somebody else's condition is gone")
	}
}

func TestStatusPatch(t *testing.T) {
	base := v1.PodStatus{Phase: v1.PodPending, Conditions: []v1.PodCondition{{Type: "theirs", Status: "True"}, {Type: v1.PodReady, Status: "False"}}}
	want := v1.PodStatus{Phase: v1.PodRunning, Conditions: []v1.PodCondition{{Type: v1.PodReady, Status: "True"}}}
	merged := mergeStatus(base, want)
	if findCondition(merged.Conditions, "theirs") == nil || !conditionTrue(merged.Conditions, v1.PodReady) || merged.Phase != v1.PodRunning {
		t.Errorf("merged: %+v", merged)
	}
	if patch, err := statusPatch("u1", merged, mergeStatus(merged, want)); err != nil || patch != nil {
		t.Errorf("equal statuses give a patch: %s, %v", patch, err)
	}
	patch, err := statusPatch("u1", v1.PodStatus{Phase: v1.PodPending}, v1.PodStatus{Phase: v1.PodRunning})
	if got, want := string(patch), `{"metadata":{"uid":"u1"},"status":{"phase":"Running"}}`; err != nil || got != want {
		t.Errorf("patch %s, %v, want %s", got, err, want)
	}
}

func TestRestartsAfter(t *testing.T) {
	rule := func(op v1.ContainerRestartRuleOnExitCodesOperator, codes ...int32) []v1.ContainerRestartRule {
		return []v1.ContainerRestartRule{{Action: v1.ContainerRestartRuleActionRestart, ExitCodes: &v1.ContainerRestartRuleOnExitCodes{Operator: op, Values: codes}}}
	}
	tests := []struct {
		name      string
		pod       v1.RestartPolicy
		container *v1.ContainerRestartPolicy
		rules     []v1.ContainerRestartRule
		code      int
		want      bool
	}{
		{"Always, a success", v1.RestartPolicyAlways, nil, nil, 0, true},
		{"OnFailure, a success", v1.RestartPolicyOnFailure, nil, nil, 0, false},
		{"OnFailure, a failure", v1.RestartPolicyOnFailure, nil, nil, 1, true},
		{"Never, a failure", v1.RestartPolicyNever, nil, nil, 1, false},
		{"the container's own policy wins", v1.RestartPolicyAlways, ptr.To(v1.ContainerRestartPolicyNever), nil, 1, false},
		{"a rule comes before it", v1.RestartPolicyNever, ptr.To(v1.ContainerRestartPolicyNever), rule(v1.ContainerRestartRuleOnExitCodesOpIn, 42), 42, true},
		{"if it matches", v1.RestartPolicyNever, ptr.To(v1.ContainerRestartPolicyNever), rule(v1.ContainerRestartRuleOnExitCodesOpIn, 42), 1, false},
		{"or does not", v1.RestartPolicyNever, ptr.To(v1.ContainerRestartPolicyNever), rule(v1.ContainerRestartRuleOnExitCodesOpNotIn, 42), 1, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: v1.PodSpec{RestartPolicy: test.pod}}
			c := &v1.Container{RestartPolicy: test.container, RestartPolicyRules: test.rules}
			if got := restartsAfter(pod, c, test.code); got != test.want {
				t.Errorf("restarts: %v, want %v", got, test.want)
			}
		})
	}
}
