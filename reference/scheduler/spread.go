package scheduler

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// spreadConstraint is a topology spread constraint, ready to be matched.
type spreadConstraint struct {
	corev1.TopologySpreadConstraint
	selector labels.Selector
}

// defaultConstraints keep Pods of one Service or owner apart where they say nothing themselves, as upstream's (claim pods/spread).
var defaultConstraints = []corev1.TopologySpreadConstraint{
	{TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway, MaxSkew: 3},
	{TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway, MaxSkew: 5},
}

func constraintsOf(pod *corev1.Pod, action corev1.UnsatisfiableConstraintAction) []spreadConstraint {
	var parsed []spreadConstraint
	for _, constraint := range pod.Spec.TopologySpreadConstraints {
		if constraint.WhenUnsatisfiable != action {
			continue
		}
		selector := selectorOf(constraint.LabelSelector)
		for _, key := range constraint.MatchLabelKeys {
			if value, ok := pod.Labels[key]; ok {
				if requirements, selectable := labels.SelectorFromSet(labels.Set{key: value}).Requirements(); selectable {
					selector = selector.Add(requirements...)
				}
			}
		}
		parsed = append(parsed, spreadConstraint{constraint, selector})
	}
	return parsed
}

// counts tells whether the node's Pods count for the constraint.
func (s spreadConstraint) counts(pod *corev1.Pod, affinity nodeaffinity.RequiredNodeAffinity, node *corev1.Node) bool {
	if s.NodeAffinityPolicy == nil || *s.NodeAffinityPolicy == corev1.NodeInclusionPolicyHonor {
		if matches, _ := affinity.Match(node); !matches {
			return false
		}
	}
	if s.NodeTaintsPolicy != nil && *s.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor {
		if _, found := corev1helpers.FindMatchingUntoleratedTaint(klog.Background(), node.Spec.Taints, pod.Spec.Tolerations, doesNotSchedule, false); found {
			return false
		}
	}
	return true
}

func hasAllKeys(node *corev1.Node, constraints []spreadConstraint) bool {
	for _, constraint := range constraints {
		if _, ok := node.Labels[constraint.TopologyKey]; !ok {
			return false
		}
	}
	return true
}

// filterTopologySpread refuses nodes on which the Pod would make the spread more uneven than its hard constraints allow.
func filterTopologySpread(pod *corev1.Pod, c *cluster) filter {
	constraints := constraintsOf(pod, corev1.DoNotSchedule)
	affinity := nodeaffinity.GetRequiredNodeAffinity(pod)
	matching := make([]map[string]int, len(constraints))
	fewest := make([]int, len(constraints))
	for i, constraint := range constraints {
		matching[i] = map[string]int{}
		for _, h := range c.hosts {
			if hasAllKeys(h.node, constraints) && constraint.counts(pod, affinity, h.node) {
				matching[i][h.node.Labels[constraint.TopologyKey]] += h.countMatching(pod.Namespace, constraint.selector)
			}
		}
		fewest[i] = math.MaxInt32
		for _, count := range matching[i] {
			fewest[i] = min(fewest[i], count)
		}
		if constraint.MinDomains != nil && len(matching[i]) < int(*constraint.MinDomains) {
			fewest[i] = 0
		}
	}
	return func(h *host) *rejection {
		const reason = "node(s) didn't match pod topology spread constraints"
		for i, constraint := range constraints {
			value, ok := h.node.Labels[constraint.TopologyKey]
			if !ok {
				return final(reason + " (missing required label)")
			}
			count := matching[i][value]
			if constraint.selector.Matches(labels.Set(pod.Labels)) {
				count++
			}
			if count-fewest[i] > int(constraint.MaxSkew) {
				return passing(reason)
			}
		}
		return nil
	}
}

// scoreTopologySpread is better the fewer Pods of its kind a node and its zone have.
func scoreTopologySpread(pod *corev1.Pod, candidates []*host, c *cluster) []int64 {
	constraints := constraintsOf(pod, corev1.ScheduleAnyway)
	own := len(pod.Spec.TopologySpreadConstraints) > 0
	if !own {
		selector := c.spreadSelector(pod)
		if selector.Empty() {
			return nil
		}
		for _, constraint := range defaultConstraints {
			constraints = append(constraints, spreadConstraint{constraint, selector})
		}
	}
	if len(constraints) == 0 {
		return nil
	}
	affinity := nodeaffinity.GetRequiredNodeAffinity(pod)
	ignored := make([]bool, len(candidates))
	kept := 0
	for i, h := range candidates {
		ignored[i] = own && !hasAllKeys(h.node, constraints)
		if !ignored[i] {
			kept++
		}
	}
	raw := make([]float64, len(candidates))
	for _, constraint := range constraints {
		addSpread(raw, constraint, pod, candidates, ignored, kept, own, affinity, c, constraints)
	}
	return fewerIsBetter(raw, ignored)
}

func addSpread(raw []float64, constraint spreadConstraint, pod *corev1.Pod, candidates []*host, ignored []bool, kept int, own bool,
	affinity nodeaffinity.RequiredNodeAffinity, c *cluster, all []spreadConstraint) {
	byNode := constraint.TopologyKey == corev1.LabelHostname
	domains := map[string]int{}
	for i, h := range candidates {
		if !ignored[i] {
			domains[h.node.Labels[constraint.TopologyKey]] = 0
		}
	}
	size := len(domains)
	if byNode {
		size = kept
	} else {
		for _, h := range c.hosts {
			value := h.node.Labels[constraint.TopologyKey]
			if _, candidate := domains[value]; candidate && (!own || hasAllKeys(h.node, all)) && constraint.counts(pod, affinity, h.node) {
				domains[value] += h.countMatching(pod.Namespace, constraint.selector)
			}
		}
	}
	// The more domains, the more a Pod in one of them weighs, so that few zones do not water down many nodes.
	weight := math.Log(float64(size + 2))
	for i, h := range candidates {
		value, ok := h.node.Labels[constraint.TopologyKey]
		if !ok || ignored[i] {
			continue
		}
		count := domains[value]
		if byNode {
			count = h.countMatching(pod.Namespace, constraint.selector)
		}
		raw[i] += float64(count)*weight + float64(constraint.MaxSkew-1)
	}
}

// fewerIsBetter turns counts into scores from 0 to 100; those ignored get 0.
func fewerIsBetter(raw []float64, ignored []bool) []int64 {
	lowest, highest := int64(math.MaxInt64), int64(0)
	scores := make([]int64, len(raw))
	for i, value := range raw {
		scores[i] = int64(math.Round(value))
		if !ignored[i] {
			lowest, highest = min(lowest, scores[i]), max(highest, scores[i])
		}
	}
	for i := range scores {
		switch {
		case ignored[i]:
			scores[i] = 0
		case highest == 0:
			scores[i] = maxScore
		default:
			scores[i] = maxScore * (highest + lowest - scores[i]) / highest
		}
	}
	return scores
}
