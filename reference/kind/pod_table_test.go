package kind

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func waiting(reason string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
}

func terminated(reason string, code, signal int32) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: reason, ExitCode: code, Signal: signal}}
}

var running = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}

// TestPodRow says what `kubectl get pods` shows under READY, STATUS and RESTARTS.
func TestPodRow(t *testing.T) {
	threeMinutesAgo := metav1.NewTime(time.Now().Add(-3*time.Minute - time.Second))
	always := ptr.To(corev1.ContainerRestartPolicyAlways)
	isReady := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue}
	type status = corev1.ContainerStatus
	for _, c := range []struct {
		name   string
		change func(pod *corev1.Pod)
		want   []any
	}{
		{"pending", func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodPending }, []any{"0/1", "Pending", "0"}},
		{"gated", func(pod *corev1.Pod) {
			pod.Status.Phase = corev1.PodPending
			pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Reason: corev1.PodReasonSchedulingGated}}
		}, []any{"0/1", "SchedulingGated", "0"}},
		{"being created", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", State: waiting("ContainerCreating")}}
		}, []any{"0/1", "ContainerCreating", "0"}},
		{"running", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", Ready: true, State: running}}
		}, []any{"1/1", "Running", "0"}},
		{"restarted", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", Ready: true, RestartCount: 2, State: running, LastTerminationState: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{FinishedAt: threeMinutesAgo},
			}}}
		}, []any{"1/1", "Running", "2 (3m1s ago)"}},
		{"crashing", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", RestartCount: 3, State: waiting("CrashLoopBackOff")}}
		}, []any{"0/1", "CrashLoopBackOff", "3"}},
		{"out of memory", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", State: terminated("OOMKilled", 137, 0)}}
		}, []any{"0/1", "OOMKilled", "0"}},
		{"killed by a signal", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", State: terminated("", 143, 15)}}
		}, []any{"0/1", "Signal:15", "0"}},
		{"exited", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", State: terminated("", 3, 0)}}
		}, []any{"0/1", "ExitCode:3", "0"}},
		{"completed", func(pod *corev1.Pod) {
			pod.Status.Phase = corev1.PodSucceeded
			pod.Status.ContainerStatuses = []status{{Name: "app", State: terminated("Completed", 0, 0)}}
		}, []any{"0/1", "Completed", "0"}},
		{"one completed, one failed", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", State: terminated("Completed", 0, 0)}, {Name: "b", State: terminated("Error", 1, 0)}}
		}, []any{"0/1", "Error", "0"}},
		{"one completed, one running", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses = []status{{Name: "app", State: terminated("Completed", 0, 0)}, {Name: "b", Ready: true, State: running}}
		}, []any{"1/1", "NotReady", "0"}},
		{"one completed, all ready", func(pod *corev1.Pod) {
			pod.Status.Conditions = []corev1.PodCondition{isReady}
			pod.Status.ContainerStatuses = []status{{Name: "app", State: terminated("Completed", 0, 0)}, {Name: "b", Ready: true, State: running}}
		}, []any{"1/1", "Running", "0"}},
		{"evicted", func(pod *corev1.Pod) { pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "Evicted" }, []any{"0/1", "Evicted", "0"}},
		{"ending", func(pod *corev1.Pod) {
			pod.DeletionTimestamp = ptr.To(metav1.Now())
			pod.Status.ContainerStatuses = []status{{Name: "app", Ready: true, State: running}}
		}, []any{"1/1", "Terminating", "0"}},
		{"on a lost node", func(pod *corev1.Pod) {
			pod.DeletionTimestamp, pod.Status.Reason = ptr.To(metav1.Now()), "NodeLost"
		}, []any{"0/1", "Unknown", "0"}},
		{"initialising", func(pod *corev1.Pod) {
			pod.Spec.InitContainers = []corev1.Container{{Name: "i"}, {Name: "j"}}
			pod.Status.InitContainerStatuses = []status{{Name: "i", State: terminated("Completed", 0, 0)}, {Name: "j", State: running}}
		}, []any{"0/1", "Init:1/2", "0"}},
		{"initialisation failed", func(pod *corev1.Pod) {
			pod.Spec.InitContainers = []corev1.Container{{Name: "i"}}
			pod.Status.InitContainerStatuses = []status{{Name: "i", RestartCount: 1, State: terminated("Error", 1, 0)}}
		}, []any{"0/1", "Init:Error", "1"}},
		{"initialisation crashing", func(pod *corev1.Pod) {
			pod.Spec.InitContainers = []corev1.Container{{Name: "i"}}
			pod.Status.InitContainerStatuses = []status{{Name: "i", State: waiting("CrashLoopBackOff")}}
		}, []any{"0/1", "Init:CrashLoopBackOff", "0"}},
		{"with a sidecar", func(pod *corev1.Pod) {
			pod.Spec.InitContainers = []corev1.Container{{Name: "s", RestartPolicy: always}}
			pod.Status.InitContainerStatuses = []status{{Name: "s", Ready: true, Started: ptr.To(true), RestartCount: 1, State: running}}
			pod.Status.ContainerStatuses = []status{{Name: "app", Ready: true, State: running}}
		}, []any{"2/2", "Running", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := newPod(func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodRunning })
			c.change(pod)
			compare(t, c.want, Pod.Row(pod)[1:4])
		})
	}
}

func TestPodRowWide(t *testing.T) {
	pod := newPod(func(pod *corev1.Pod) {
		pod.CreationTimestamp = metav1.NewTime(time.Now().Add(-5*time.Hour - time.Minute))
		pod.Spec.NodeName = "n1"
		pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/in"}, {ConditionType: "example.com/out"}}
		pod.Status.PodIP = "10.244.1.7"
		pod.Status.Conditions = []corev1.PodCondition{{Type: "example.com/in", Status: corev1.ConditionTrue}}
	})
	compare(t, []any{"web", "0/1", "", "0", "5h1m", "10.244.1.7", "n1", "<none>", "1/2"}, Pod.Row(pod))
	compare(t, []any{"web", "0/1", "", "0", "<unknown>", "<none>", "<none>", "<none>", "<none>"}, Pod.Row(newPod(nil)))
	compare(t, len(Pod.Columns), len(Pod.Row(pod)))
}
