package scheduler

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// affinityTerm is a required term of a Pod, ready to be matched: which Pods, of which namespaces, seen from which kind of place.
type affinityTerm struct {
	namespaces        []string
	namespaceSelector labels.Selector
	selector          labels.Selector
	topologyKey       string
}

// weightedTerm is a preferred one; the weight of an anti-affinity is negative.
type weightedTerm struct {
	affinityTerm
	weight int64
}

// place is a value of a topology key: a node, a zone.
type place struct{ key, value string }

func termOf(pod *corev1.Pod, term corev1.PodAffinityTerm) affinityTerm {
	parsed := affinityTerm{
		namespaces:        term.Namespaces,
		namespaceSelector: selectorOf(term.NamespaceSelector),
		selector:          selectorOf(term.LabelSelector),
		topologyKey:       term.TopologyKey,
	}
	if len(term.Namespaces) == 0 && term.NamespaceSelector == nil {
		parsed.namespaces = []string{pod.Namespace}
	}
	return parsed
}

func termsOf(pod *corev1.Pod, terms []corev1.PodAffinityTerm) []affinityTerm {
	parsed := make([]affinityTerm, len(terms))
	for i, term := range terms {
		parsed[i] = termOf(pod, term)
	}
	return parsed
}

func requiredAffinity(pod *corev1.Pod) []affinityTerm {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.PodAffinity == nil {
		return nil
	}
	return termsOf(pod, pod.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
}

func requiredAntiAffinity(pod *corev1.Pod) []affinityTerm {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.PodAntiAffinity == nil {
		return nil
	}
	return termsOf(pod, pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
}

// preferences are the Pod's preferred terms.
func preferences(pod *corev1.Pod) []weightedTerm {
	var terms []weightedTerm
	if pod.Spec.Affinity == nil {
		return nil
	}
	if affinity := pod.Spec.Affinity.PodAffinity; affinity != nil {
		for _, preferred := range affinity.PreferredDuringSchedulingIgnoredDuringExecution {
			terms = append(terms, weightedTerm{termOf(pod, preferred.PodAffinityTerm), int64(preferred.Weight)})
		}
	}
	if affinity := pod.Spec.Affinity.PodAntiAffinity; affinity != nil {
		for _, preferred := range affinity.PreferredDuringSchedulingIgnoredDuringExecution {
			terms = append(terms, weightedTerm{termOf(pod, preferred.PodAffinityTerm), -int64(preferred.Weight)})
		}
	}
	return terms
}

func (t affinityTerm) matches(pod *corev1.Pod, c *cluster) bool {
	return t.selector.Matches(labels.Set(pod.Labels)) &&
		(slices.Contains(t.namespaces, pod.Namespace) || t.namespaceSelector.Matches(c.namespaceLabels(pod.Namespace)))
}

func matchesAll(terms []affinityTerm, pod *corev1.Pod, c *cluster) bool {
	return !slices.ContainsFunc(terms, func(t affinityTerm) bool { return !t.matches(pod, c) })
}

func (h *host) place(key string) (place, bool) {
	value, ok := h.node.Labels[key]
	return place{key, value}, ok
}

// filterPodAffinity checks the Pod's required affinity and anti-affinity, and the anti-affinity of the Pods that are there already.
func filterPodAffinity(pod *corev1.Pod, c *cluster) filter {
	affinity, antiAffinity := requiredAffinity(pod), requiredAntiAffinity(pod)
	wanted, shunned, forbidden := map[place]int{}, map[place]int{}, map[place]int{}
	for _, h := range c.hosts {
		for _, other := range h.pods {
			if len(affinity) > 0 && matchesAll(affinity, other.pod, c) {
				h.countPlaces(wanted, affinity)
			}
			for _, term := range antiAffinity {
				if term.matches(other.pod, c) {
					h.countPlaces(shunned, []affinityTerm{term})
				}
			}
			for _, term := range requiredAntiAffinity(other.pod) {
				if term.matches(pod, c) {
					h.countPlaces(forbidden, []affinityTerm{term})
				}
			}
		}
	}
	// The first Pod of a group that wants to be together may go anywhere.
	first := len(wanted) == 0 && matchesAll(affinity, pod, c)
	return func(h *host) *rejection {
		for _, term := range affinity {
			at, ok := h.place(term.topologyKey)
			if !ok || (wanted[at] == 0 && !first) {
				return final("node(s) didn't match pod affinity rules")
			}
		}
		for _, term := range antiAffinity {
			if at, ok := h.place(term.topologyKey); ok && shunned[at] > 0 {
				return passing("node(s) didn't match pod anti-affinity rules")
			}
		}
		for key, value := range h.node.Labels {
			if forbidden[place{key, value}] > 0 {
				return passing("node(s) didn't satisfy existing pods anti-affinity rules")
			}
		}
		return nil
	}
}

func (h *host) countPlaces(counts map[place]int, terms []affinityTerm) {
	for _, term := range terms {
		if at, ok := h.place(term.topologyKey); ok {
			counts[at]++
		}
	}
}
