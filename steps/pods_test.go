package steps

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestFailedOrWaits: as containerd has it that cannot start a container, and as CRI-O that cannot create one.
func TestFailedOrWaits(t *testing.T) {
	waiting := func(reason string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
	}
	ended := func(code int32) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}
	}
	for name, c := range map[string]struct {
		phase corev1.PodPhase
		state corev1.ContainerState
		want  bool
	}{
		"failed":                     {corev1.PodFailed, ended(128), true},
		"failed, and ended well":     {corev1.PodFailed, ended(0), false},
		"succeeded":                  {corev1.PodSucceeded, ended(0), false},
		"waits, and says why":        {corev1.PodPending, waiting("CreateContainerError"), true},
		"nothing was tried yet":      {corev1.PodPending, waiting("ContainerCreating"), false},
		"waits without a reason":     {corev1.PodPending, waiting(""), false},
		"runs, as if it were there":  {corev1.PodRunning, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, false},
		"waits in a Pod that runs":   {corev1.PodRunning, waiting("CreateContainerError"), false},
		"nothing is said of it":      {corev1.PodPending, corev1.ContainerState{}, false},
		"failed before it was there": {corev1.PodFailed, waiting("CreateContainerError"), false},
	} {
		if got := failedOrWaits(c.phase, corev1.ContainerStatus{State: c.state}); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
