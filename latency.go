package plumbline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// asked is how many questions the latency is the median of; odd, so that one of them is it. The first one, which opens the connection, does not count.
const asked = 9

// measure finds out how fast the target's API server answers, before anything makes it busy, and scales by that all patience with it.
func (e *engine) measure(ctx context.Context, ask func(context.Context) error) error {
	latency, err := latencyOf(ctx, ask)
	if err != nil {
		return fmt.Errorf("the target's latency could not be measured: %w", err)
	}
	scale := steps.Scale(latency)
	e.latency = latency
	e.limits, e.watching = e.limits.scaled(scale), e.watching.scaled(scale)
	e.journal.edit(func(r *reports.Report) { r.Target.Latency, r.Target.Scale = reports.SecondsOf(latency), scale })
	e.printf("Measured: %s.\n", reports.Target{Latency: reports.SecondsOf(latency), Scale: scale}.Pace())
	return nil
}

// latencyOf is the median time of a few questions, one after the other. A server that is away for a moment is asked again.
func latencyOf(ctx context.Context, ask func(context.Context) error) (time.Duration, error) {
	var took []time.Duration
	var last error
	for range 3 * asked {
		begun := time.Now()
		within, cancel := context.WithTimeout(ctx, askPatience)
		last = ask(within)
		cancel()
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if last == nil {
			took = append(took, time.Since(begun))
		}
		if len(took) > asked {
			took = took[1:]
			slices.Sort(took)
			return took[asked/2], nil
		}
	}
	return 0, last
}

// askPatience is how long one question may take.
const askPatience = 5 * time.Second

// scaled makes limits longer, or leaves them.
func (l limits) scaled(scale float64) limits {
	by := func(d time.Duration) time.Duration { return time.Duration(scale * float64(d)) }
	return limits{ordinary: by(l.ordinary), others: by(l.others), slow: by(l.slow), cleanUp: by(l.cleanUp), goodWill: by(l.goodWill)}
}

// scaled makes patience longer, or leaves it. The pause between questions stays.
func (p patience) scaled(scale float64) patience {
	by := func(d time.Duration) time.Duration { return time.Duration(scale * float64(d)) }
	return patience{every: p.every, answer: by(p.answer), refused: by(p.refused), silent: by(p.silent)}
}
