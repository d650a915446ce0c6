package scheduler

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// maxScore is the best that one view of a node can give.
const maxScore int64 = 100

// How much each view counts, as upstream's defaults.
const (
	weightTaints       = 3
	weightNodeAffinity = 2
	weightSpread       = 2
	weightPodAffinity  = 2
	weightFree         = 1
	weightBalance      = 1
)

func milli(amount int64) *resource.Quantity {
	return resource.NewMilliQuantity(amount, resource.DecimalSI)
}
func bytes(amount int64) *resource.Quantity { return resource.NewQuantity(amount, resource.BinarySI) }

// scores rates the nodes that could take the Pod; the higher, the better.
func scores(pod *placedPod, candidates []*host, c *cluster) []int64 {
	total := make([]int64, len(candidates))
	add := func(weight int64, part []int64) {
		for i := range part {
			total[i] += weight * part[i]
		}
	}
	add(weightTaints, scoreTaints(pod.pod, candidates))
	add(weightNodeAffinity, scoreNodeAffinity(pod.pod, candidates))
	add(weightSpread, scoreTopologySpread(pod.pod, candidates, c))
	add(weightPodAffinity, scorePodAffinity(pod.pod, candidates, c))
	add(weightFree, each(candidates, func(h *host) int64 { return scoreFree(pod, h) }))
	add(weightBalance, each(candidates, func(h *host) int64 { return scoreBalance(pod, h) }))
	return total
}

func each(candidates []*host, score func(*host) int64) []int64 {
	result := make([]int64, len(candidates))
	for i, h := range candidates {
		result[i] = score(h)
	}
	return result
}

// normalize stretches scores so that the highest becomes 100; reversed, the lowest raw score is the best.
func normalize(raw []int64, reversed bool) []int64 {
	var highest int64
	for _, score := range raw {
		highest = max(highest, score)
	}
	for i, score := range raw {
		if highest > 0 {
			score = score * maxScore / highest
		}
		if reversed {
			score = maxScore - score
		}
		raw[i] = score
	}
	return raw
}

// scoreTaints prefers nodes with fewer taints that ask to stay away without forbidding to come.
func scoreTaints(pod *corev1.Pod, candidates []*host) []int64 {
	return normalize(each(candidates, func(h *host) int64 {
		var untolerated int64
		for _, taint := range h.node.Spec.Taints {
			if taint.Effect == corev1.TaintEffectPreferNoSchedule && !corev1helpers.TolerationsTolerateTaint(klog.Background(), pod.Spec.Tolerations, &taint, false) {
				untolerated++
			}
		}
		return untolerated
	}), true)
}

func scoreNodeAffinity(pod *corev1.Pod, candidates []*host) []int64 {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.NodeAffinity == nil {
		return nil
	}
	preferred, err := nodeaffinity.NewPreferredSchedulingTerms(pod.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	if err != nil {
		return nil
	}
	return normalize(each(candidates, func(h *host) int64 { return preferred.Score(h.node) }), false)
}

// scorePodAffinity adds the weights of the terms that Pods already there fulfil, the Pod's own and theirs for it.
func scorePodAffinity(pod *corev1.Pod, candidates []*host, c *cluster) []int64 {
	own := preferences(pod)
	weights := map[place]int64{}
	for _, h := range c.hosts {
		for _, other := range h.pods {
			for _, term := range own {
				if at, ok := h.place(term.topologyKey); ok && term.matches(other.pod, c) {
					weights[at] += term.weight
				}
			}
			theirs := preferences(other.pod)
			for _, term := range requiredAffinity(other.pod) {
				theirs = append(theirs, weightedTerm{term, 1})
			}
			for _, term := range theirs {
				if at, ok := h.place(term.topologyKey); ok && term.matches(pod, c) {
					weights[at] += term.weight
				}
			}
		}
	}
	if len(weights) == 0 {
		return nil
	}
	raw := each(candidates, func(h *host) int64 {
		var sum int64
		for key, value := range h.node.Labels {
			sum += weights[place{key, value}]
		}
		return sum
	})
	lowest, highest := raw[0], raw[0]
	for _, score := range raw {
		lowest, highest = min(lowest, score), max(highest, score)
	}
	for i := range raw {
		if highest > lowest {
			raw[i] = int64(float64(maxScore) * float64(raw[i]-lowest) / float64(highest-lowest))
		} else {
			raw[i] = 0
		}
	}
	return raw
}

// scoreFree prefers the node that would have the larger part of its CPU and memory left.
func scoreFree(pod *placedPod, h *host) int64 {
	var sum, counted int64
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		capacity := h.allocatable[name]
		if capacity == 0 {
			continue
		}
		counted++
		if left := capacity - h.estimated[name] - pod.estimated[name]; left > 0 {
			sum += left * maxScore / capacity
		}
	}
	if counted == 0 {
		return 0
	}
	return sum / counted
}

// scoreBalance prefers the node whose CPU and memory the Pod brings to more equal use. A Pod that requests neither changes no balance.
func scoreBalance(pod *placedPod, h *host) int64 {
	if pod.requests[corev1.ResourceCPU] == 0 && pod.requests[corev1.ResourceMemory] == 0 {
		return 0
	}
	balance := func(extra amounts) int64 {
		var fractions []float64
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			if capacity := h.allocatable[name]; capacity > 0 {
				fractions = append(fractions, min(1, float64(h.requested[name]+extra[name])/float64(capacity)))
			}
		}
		deviation := 0.0
		if len(fractions) == 2 {
			deviation = math.Abs(fractions[0]-fractions[1]) / 2
		}
		return int64((1 - deviation) * float64(maxScore))
	}
	return maxScore/2 + (maxScore/2+balance(pod.requests)-balance(nil))/2
}
