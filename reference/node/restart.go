package node

import (
	"slices"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// matchingRule finds the restart rule for an exit code.
func matchingRule(c *v1.Container, exitCode int) *v1.ContainerRestartRule {
	for i := range c.RestartPolicyRules {
		rule := &c.RestartPolicyRules[i]
		if rule.ExitCodes == nil {
			continue
		}
		listed := slices.Contains(rule.ExitCodes.Values, int32(exitCode))
		switch rule.ExitCodes.Operator {
		case v1.ContainerRestartRuleOnExitCodesOpIn:
			if listed {
				return rule
			}
		case v1.ContainerRestartRuleOnExitCodesOpNotIn:
			if !listed {
				return rule
			}
		}
	}
	return nil
}

// restartsAfter: the policies want a container that ended so to run again.
// The container's own policy and rules come before the Pod's.
func restartsAfter(pod *v1.Pod, c *v1.Container, exitCode int) bool {
	policy := string(pod.Spec.RestartPolicy)
	if c.RestartPolicy != nil {
		if rule := matchingRule(c, exitCode); rule != nil && rule.Action == v1.ContainerRestartRuleActionRestart {
			return true
		}
		policy = string(*c.RestartPolicy)
	}
	switch policy {
	case string(v1.RestartPolicyNever):
		return false
	case string(v1.RestartPolicyOnFailure):
		return exitCode != 0
	}
	return true
}

// restartsOnProbe: the policies want a container that a probe killed to run
// again. There is no exit code yet, so rules do not count.
func restartsOnProbe(pod *v1.Pod, c *v1.Container) bool {
	if c.RestartPolicy != nil {
		return *c.RestartPolicy != v1.ContainerRestartPolicyNever
	}
	return pod.Spec.RestartPolicy != v1.RestartPolicyNever
}

// shouldStart: the container is not running and ought to be.
func (s *podState) shouldStart(c *v1.Container) bool {
	if s.Pod.DeletionTimestamp != nil || s.Gone {
		return false
	}
	last := s.latest(c.Name)
	switch {
	case last == nil, last.State == runtime.StateCreated:
		return true
	case last.State == runtime.StateRunning:
		return false
	case s.Replacing[c.Name] == last.ID:
		return true // whatever the policy
	}
	return restartsAfter(s.Pod, c, last.ExitCode)
}

// nextAttempt is the number that a container's next instance gets: the
// restart count of the status.
func (s *podState) nextAttempt(name string) int {
	attempt := 0
	for _, c := range s.Containers {
		if c.Name == name {
			attempt = max(attempt, c.Attempt+1)
		}
	}
	for _, list := range [][]v1.ContainerStatus{s.Status.ContainerStatuses, s.Status.InitContainerStatuses} {
		for _, cs := range list {
			// The runtime may have lost what the API server remembers.
			if cs.Name == name && cs.ContainerID != "" {
				attempt = max(attempt, int(cs.RestartCount)+1)
			}
			if cs.Name == name && cs.ContainerID == "" && cs.LastTerminationState.Terminated != nil {
				attempt = max(attempt, int(cs.RestartCount))
			}
		}
	}
	return attempt
}
