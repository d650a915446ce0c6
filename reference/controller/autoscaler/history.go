package autoscaler

import (
	"math"
	"slices"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// history is what an autoscaler remembers from one sync to the next: what it recommended, and how it has scaled. It is a value: what
// follows from it is another one.
type history struct {
	recommended []entry // how many replicas
	ups, downs  []entry // how many more, how many fewer
}

type entry struct {
	at       time.Time
	replicas int32
}

// with is the list and one more entry, without those that are older than anybody asks for.
func with(list []entry, next entry, oldest time.Time) []entry {
	kept := make([]entry, 0, len(list)+1)
	for _, e := range list {
		if !e.at.Before(oldest) {
			kept = append(kept, e)
		}
	}
	return append(kept, next)
}

// began is the history of an autoscaler that has none yet: what it found counts as recommended.
func (h history) began(current int32, now time.Time) history {
	if h.recommended == nil {
		h.recommended = []entry{{now, current}}
	}
	return h
}

// scaled remembers a change, for as long as a policy may ask for it.
func (h history) scaled(behavior *autoscalingv2.HorizontalPodAutoscalerBehavior, from, to int32, now time.Time) history {
	if behavior == nil {
		return h
	}
	if to > from {
		h.ups = with(h.ups, entry{now, to - from}, now.Add(-longestPeriod(behavior.ScaleUp)))
	} else {
		h.downs = with(h.downs, entry{now, from - to}, now.Add(-longestPeriod(behavior.ScaleDown)))
	}
	return h
}

func longestPeriod(rules *autoscalingv2.HPAScalingRules) time.Duration {
	var longest int32
	for _, policy := range rules.Policies {
		longest = max(longest, policy.PeriodSeconds)
	}
	return seconds(longest)
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

// periodStart is how many replicas there were a period ago, as far as the autoscaler itself has changed them since.
func (h history) periodStart(current, period int32, now time.Time) int32 {
	since := now.Add(-seconds(period))
	sum := func(list []entry) (total int32) {
		for _, e := range list {
			if e.at.After(since) {
				total += e.replicas
			}
		}
		return total
	}
	return current - sum(h.ups) + sum(h.downs)
}

// upLimit is the most replicas that the policies allow now, and downLimit the fewest.
func (h history) upLimit(current int32, rules *autoscalingv2.HPAScalingRules, now time.Time) int32 {
	return h.limit(current, rules, now, slices.Max[[]int32], slices.Min[[]int32], func(start int32, policy autoscalingv2.HPAScalingPolicy) int32 {
		if policy.Type == autoscalingv2.PodsScalingPolicy {
			return start + policy.Value
		}
		return int32(math.Ceil(float64(start) * (1 + float64(policy.Value)/100))) // or one would never become two
	})
}

func (h history) downLimit(current int32, rules *autoscalingv2.HPAScalingRules, now time.Time) int32 {
	return h.limit(current, rules, now, slices.Min[[]int32], slices.Max[[]int32], func(start int32, policy autoscalingv2.HPAScalingPolicy) int32 {
		if policy.Type == autoscalingv2.PodsScalingPolicy {
			return start - policy.Value
		}
		return int32(float64(start) * (1 - float64(policy.Value)/100))
	})
}

func (h history) limit(current int32, rules *autoscalingv2.HPAScalingRules, now time.Time, furthest, nearest func([]int32) int32,
	allowed func(start int32, policy autoscalingv2.HPAScalingPolicy) int32) int32 {
	if *rules.SelectPolicy == autoscalingv2.DisabledPolicySelect {
		return current
	}
	var limits []int32
	for _, policy := range rules.Policies {
		limits = append(limits, allowed(h.periodStart(current, policy.PeriodSeconds, now), policy))
	}
	if *rules.SelectPolicy == autoscalingv2.MinChangePolicySelect {
		return nearest(limits)
	}
	return furthest(limits)
}
