package node

import (
	v1 "k8s.io/api/core/v1"
)

// phase is upstream's getPhase: what a Pod's containers amount to. ended: the
// containers will not be restarted whatever the policy says. mainStarted: a
// regular container was started, so sidecars that restart do not make the Pod
// Pending again.
func phase(pod *v1.Pod, statuses []v1.ContainerStatus, ended, mainStarted bool) v1.PodPhase {
	initPending, initFailed := countInits(pod, statuses)
	n := countContainers(pod, statuses)
	switch {
	case initFailed:
		return v1.PodFailed
	case initPending, n.sidecarsPending > 0 && !mainStarted, n.waiting > 0:
		return v1.PodPending
	case n.running > 0 && n.unknown == 0:
		return v1.PodRunning
	case n.running == 0 && n.stopped > 0 && n.unknown == 0:
		switch {
		case !ended && n.stopped != n.stoppedForGood:
			return v1.PodRunning // between two runs
		case n.stopped == n.succeeded:
			return v1.PodSucceeded
		}
		return v1.PodFailed
	}
	return v1.PodPending
}

// countInits looks at the init containers that run once.
func countInits(pod *v1.Pod, statuses []v1.ContainerStatus) (pending, failedForGood bool) {
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		if sidecar(c) {
			continue
		}
		end := lastEnd(findStatus(statuses, c.Name))
		if end == nil {
			pending = true
		} else if end.ExitCode != 0 && !restartsAfter(pod, c, int(end.ExitCode)) {
			failedForGood = true
		}
	}
	return pending, failedForGood
}

// lastEnd is how a container that does not run now ended; nil while it runs
// or has not run.
func lastEnd(st *v1.ContainerStatus) *v1.ContainerStateTerminated {
	switch {
	case st == nil, st.State.Running != nil:
		return nil
	case st.State.Terminated != nil:
		return st.State.Terminated
	}
	return st.LastTerminationState.Terminated
}

type containerCounts struct {
	running, waiting, unknown          int
	stopped, stoppedForGood, succeeded int
	sidecarsPending                    int
}

// countContainers looks at regular containers and sidecars.
func countContainers(pod *v1.Pod, statuses []v1.ContainerStatus) containerCounts {
	var n containerCounts
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		if !sidecar(c) {
			continue
		}
		st := findStatus(statuses, c.Name)
		switch {
		case st == nil:
			n.unknown++
		case st.State.Running != nil:
			n.running++
			if st.Started == nil || !*st.Started {
				n.sidecarsPending++
			}
		case lastEnd(st) == nil:
			n.sidecarsPending++
			n.waiting++
		}
	}
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		st := findStatus(statuses, c.Name)
		switch {
		case st == nil:
			n.unknown++
		case st.State.Running != nil:
			n.running++
		case lastEnd(st) == nil:
			n.waiting++
		default:
			n.stopped++
			if !restartsAfter(pod, c, int(lastEnd(st).ExitCode)) {
				n.stoppedForGood++
			}
			if t := st.State.Terminated; t != nil && t.ExitCode == 0 {
				n.succeeded++
			}
		}
	}
	return n
}
