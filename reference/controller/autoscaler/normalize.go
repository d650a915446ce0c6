package autoscaler

import (
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// defaultDownWindow is for how long a scale-down waits for better reasons, unless the autoscaler says otherwise.
const defaultDownWindow = 5 * time.Minute

// bounds are what is allowed, and what there is.
type bounds struct{ least, most, current int32 }

// judged is a number of replicas, and why it is that.
type judged struct {
	replicas        int32
	limited         bool // another number was asked for
	reason, message string
}

func judge(wanted, allowed int32, reason, message string) judged {
	if wanted == allowed {
		return judged{allowed, false, "DesiredWithinRange", "the desired count is within the acceptable range"}
	}
	return judged{allowed, true, reason, message}
}

const (
	downStabilized = "recent recommendations were higher than current one, applying the highest recent recommendation"
	upStabilized   = "recent recommendations were lower than current one, applying the lowest recent recommendation"
	tooFast        = "the desired replica count is increasing faster than the maximum scale rate"
	tooFastDown    = "the desired replica count is decreasing faster than the maximum scale rate"
	tooMany        = "the desired replica count is more than the maximum replica count"
	tooFew         = "the desired replica count is less than the minimum replica count"
)

func stabilized(wanted, replicas int32, reason, message string) judged {
	if wanted == replicas {
		return judged{replicas, false, "ReadyForNewScale", "recommended size matches current size"}
	}
	return judged{replicas, true, reason, message}
}

// stabilize holds a recommendation against recent ones, and remembers it.
func (h history) stabilize(behavior *autoscalingv2.HorizontalPodAutoscalerBehavior, wanted, current int32, now time.Time) (judged, history) {
	upWindow, downWindow := time.Duration(0), defaultDownWindow
	if behavior != nil {
		upWindow = seconds(*behavior.ScaleUp.StabilizationWindowSeconds)
		if given := behavior.ScaleDown.StabilizationWindowSeconds; given != nil {
			downWindow = seconds(*given)
		}
	}
	lowest, highest := wanted, wanted
	for _, e := range h.recommended {
		if e.at.After(now.Add(-upWindow)) {
			lowest = min(lowest, e.replicas)
		}
		// Without a behaviour, the very end of the window belongs to it.
		if e.at.After(now.Add(-downWindow)) || behavior == nil && e.at.Equal(now.Add(-downWindow)) {
			highest = max(highest, e.replicas)
		}
	}
	h.recommended = with(h.recommended, entry{now, wanted}, now.Add(-max(upWindow, downWindow)))
	if behavior == nil {
		return stabilized(wanted, highest, "ScaleDownStabilized", downStabilized), h
	}
	held := min(max(current, lowest), highest)
	if wanted >= current {
		return stabilized(wanted, held, "ScaleUpStabilized", upStabilized), h
	}
	return stabilized(wanted, held, "ScaleDownStabilized", downStabilized), h
}

// within keeps a number of replicas within what is allowed, and changes within their rate.
func (h history) within(behavior *autoscalingv2.HorizontalPodAutoscalerBehavior, wanted int32, b bounds, now time.Time) judged {
	switch {
	case behavior == nil:
		return limitPlainly(wanted, b)
	case wanted > b.current:
		rate := max(h.upLimit(b.current, behavior.ScaleUp, now), b.current)
		if b.most > rate {
			return judge(wanted, min(wanted, rate), "ScaleUpLimit", tooFast)
		}
		return judge(wanted, min(wanted, b.most), "TooManyReplicas", tooMany)
	case wanted < b.current:
		rate := min(h.downLimit(b.current, behavior.ScaleDown, now), b.current)
		if b.least < rate {
			return judge(wanted, max(wanted, rate), "ScaleDownLimit", tooFastDown)
		}
		return judge(wanted, max(wanted, b.least), "TooFewReplicas", tooFew)
	}
	return judge(wanted, wanted, "", "")
}

// limitPlainly is for an autoscaler that says nothing of its behaviour: at most twice as many, or four.
func limitPlainly(wanted int32, b bounds) judged {
	rate := max(2*b.current, 4)
	switch {
	case wanted < b.least:
		return judge(wanted, b.least, "TooFewReplicas", tooFew)
	case b.most > rate:
		return judge(wanted, min(wanted, rate), "ScaleUpLimit", tooFast)
	}
	return judge(wanted, min(wanted, b.most), "TooManyReplicas", tooMany)
}
