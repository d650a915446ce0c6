package scheduler

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// rejection is why a node cannot take a Pod, in upstream's words. Final ones would stay if other Pods left the node.
type rejection struct {
	reasons []string
	final   bool
}

func final(reason string) *rejection   { return &rejection{reasons: []string{reason}, final: true} }
func passing(reason string) *rejection { return &rejection{reasons: []string{reason}} }
func doesNotSchedule(t *corev1.Taint) bool {
	return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
}

// filter tells whether a host can take the Pod; nil is yes.
type filter func(h *host) *rejection

// filtersFor are the conditions in upstream's order; the first that a node does not meet is the one reported.
func filtersFor(pod *placedPod, claims needs, c *cluster) []filter {
	p := pod.pod
	return []filter{
		func(h *host) *rejection { return filterName(p, h) },
		func(h *host) *rejection { return filterUnschedulable(p, h) },
		func(h *host) *rejection { return filterTaints(p, h) },
		filterNodeAffinity(p),
		func(h *host) *rejection { return filterPorts(pod, h) },
		func(h *host) *rejection { return filterResources(pod, h) },
		filterSingleUse(p, claims, c),
		filterVolumes(claims, c.stored),
		filterTopologySpread(p, c),
		filterPodAffinity(p, c),
	}
}

func filterName(pod *corev1.Pod, h *host) *rejection {
	if pod.Spec.NodeName != "" && pod.Spec.NodeName != h.node.Name {
		return final("node(s) didn't match the requested node name")
	}
	return nil
}

// filterUnschedulable keeps Pods off a cordoned node, unless they tolerate the taint that says the same.
func filterUnschedulable(pod *corev1.Pod, h *host) *rejection {
	taint := corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}
	if h.node.Spec.Unschedulable && !corev1helpers.TolerationsTolerateTaint(klog.Background(), pod.Spec.Tolerations, &taint, false) {
		return final("node(s) were unschedulable")
	}
	return nil
}

func filterTaints(pod *corev1.Pod, h *host) *rejection {
	if _, found := corev1helpers.FindMatchingUntoleratedTaint(klog.Background(), h.node.Spec.Taints, pod.Spec.Tolerations, doesNotSchedule, false); found {
		return final("node(s) had untolerated taint(s)")
	}
	return nil
}

func filterNodeAffinity(pod *corev1.Pod) filter {
	required := nodeaffinity.GetRequiredNodeAffinity(pod)
	return func(h *host) *rejection {
		// A term that does not parse matches nothing; the error says no more.
		if matches, _ := required.Match(h.node); !matches {
			return final("node(s) didn't match Pod's node affinity/selector")
		}
		return nil
	}
}

// namedNodes are the only nodes that the Pod's required affinity allows by name, or nil when it does not name any in each of its terms.
func namedNodes(pod *corev1.Pod) sets.Set[string] {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.NodeAffinity == nil {
		return nil
	}
	required := pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil || len(required.NodeSelectorTerms) == 0 {
		return nil
	}
	allowed := sets.New[string]()
	for _, term := range required.NodeSelectorTerms {
		var names sets.Set[string]
		for _, field := range term.MatchFields {
			if field.Key != metav1.ObjectNameField || field.Operator != corev1.NodeSelectorOpIn {
				continue
			}
			if names == nil {
				names = sets.New(field.Values...)
			} else {
				names = names.Intersection(sets.New(field.Values...))
			}
		}
		if names == nil {
			return nil
		}
		allowed = allowed.Union(names)
	}
	return allowed
}

func filterPorts(pod *placedPod, h *host) *rejection {
	for _, wanted := range pod.ports {
		for _, other := range h.pods {
			if slices.ContainsFunc(other.ports, wanted.conflicts) {
				return passing("node(s) didn't have free ports for the requested pod ports")
			}
		}
	}
	return nil
}

// filterResources compares what the Pod reserves with what the node still has (claims pods/scheduled-where-resources-fit and
// pods/requests-minimum). It reports every resource that is missing; more than the whole node has is final.
func filterResources(pod *placedPod, h *host) *rejection {
	var rejected rejection
	if int64(len(h.pods))+1 > h.allocatable[corev1.ResourcePods] {
		rejected.reasons = append(rejected.reasons, "Too many pods")
	}
	for _, name := range slices.Sorted(maps.Keys(pod.requests)) {
		request := pod.requests[name]
		if request == 0 || request <= h.allocatable[name]-h.requested[name] {
			continue
		}
		rejected.reasons = append(rejected.reasons, fmt.Sprintf("Insufficient %v", name))
		rejected.final = rejected.final || request > h.allocatable[name]
	}
	if len(rejected.reasons) == 0 {
		return nil
	}
	return &rejected
}
