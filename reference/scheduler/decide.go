package scheduler

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// errNoNodes is the answer of a cluster without any node.
var errNoNodes = errors.New("no nodes available to schedule pods")

// unfit says why no node can take a Pod; its text is the message of the PodScheduled condition and of the FailedScheduling event.
type unfit struct {
	nodes      int                   // how many there are
	rejections map[string]*rejection // by node
	everywhere string                // a reason that lies in the Pod alone
	preemption string                // why evicting others would not help
}

// decide chooses the node for a Pod. Choose picks among equally good ones, given their number.
func decide(pod *placedPod, c *cluster, choose func(n int) int) (string, error) {
	if len(c.hosts) == 0 {
		return "", errNoNodes
	}
	allowed := namedNodes(pod.pod)
	if allowed != nil && allowed.Len() == 0 {
		failure := &unfit{nodes: len(c.hosts), everywhere: "pod affinity terms conflict"}
		failure.preemption = preemptionMessage(pod.pod, failure)
		return "", failure
	}
	claims, err := needsOf(pod.pod, c.stored)
	if err != nil {
		failure := &unfit{nodes: len(c.hosts), everywhere: err.Error()}
		failure.preemption = preemptionMessage(pod.pod, failure)
		return "", failure
	}
	filters := filtersFor(pod, claims, c)
	failure := &unfit{nodes: len(c.hosts), rejections: map[string]*rejection{}}
	var candidates []*host
	for _, h := range c.hosts {
		rejected := final("node(s) didn't satisfy plugin(s) [NodeAffinity]")
		if allowed == nil || allowed.Has(h.node.Name) {
			rejected = firstRejection(filters, h)
		}
		if rejected != nil {
			failure.rejections[h.node.Name] = rejected
		} else {
			candidates = append(candidates, h)
		}
	}
	switch len(candidates) {
	case 0:
		failure.preemption = preemptionMessage(pod.pod, failure)
		return "", failure
	case 1:
		return candidates[0].node.Name, nil
	}
	rated := scores(pod, candidates, c)
	highest := slices.Max(rated)
	var best []*host
	for i, h := range candidates {
		if rated[i] == highest {
			best = append(best, h)
		}
	}
	return best[choose(len(best))].node.Name, nil
}

func firstRejection(filters []filter, h *host) *rejection {
	for _, filter := range filters {
		if rejected := filter(h); rejected != nil {
			return rejected
		}
	}
	return nil
}

// Error is upstream's sentence: "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …".
func (u *unfit) Error() string {
	if u.everywhere != "" {
		return fmt.Sprintf("0/%d nodes are available: %s. %s", u.nodes, u.everywhere, u.preemption)
	}
	counts := map[string]int{}
	for _, rejected := range u.rejections {
		for _, reason := range rejected.reasons {
			counts[reason]++
		}
	}
	return strings.TrimSpace(unavailable(u.nodes, counts) + " " + u.preemption)
}

func unavailable(nodes int, counts map[string]int) string {
	var reasons []string
	for reason := range maps.Keys(counts) {
		reasons = append(reasons, fmt.Sprintf("%d %s", counts[reason], reason))
	}
	slices.Sort(reasons)
	return fmt.Sprintf("0/%d nodes are available: %s.", nodes, strings.Join(reasons, ", "))
}

// preemptionMessage says that evicting others would not help. All Pods have the same priority here, so no Pod has to give way.
func preemptionMessage(pod *corev1.Pod, failure *unfit) string {
	if pod.Spec.PreemptionPolicy != nil && *pod.Spec.PreemptionPolicy == corev1.PreemptNever {
		return "preemption: not eligible due to preemptionPolicy=Never."
	}
	counts := map[string]int{}
	for _, rejected := range failure.rejections {
		if !rejected.final {
			counts["No preemption victims found for incoming pod"]++
		}
	}
	if hopeless := failure.nodes - counts["No preemption victims found for incoming pod"]; hopeless > 0 {
		counts["Preemption is not helpful for scheduling"] = hopeless
	}
	return "preemption: " + unavailable(failure.nodes, counts)
}
