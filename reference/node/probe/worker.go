package probe

import (
	"context"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
)

// counter keeps count of outcomes until a threshold is reached.
type counter struct {
	kind Kind
	spec *v1.Probe

	last Result // Success or Failure
	run  int32  // how many in a row
}

// count takes an outcome in. settled: enough outcomes of the kind came in a
// row, and ok is what they say. hold: nothing more is to be asked of this
// instance of the container.
func (c *counter) count(r Result) (settled, ok, hold bool) {
	if r == Warning {
		r = Success
	}
	if r == Unknown {
		return false, false, false
	}
	if r == c.last {
		c.run++
	} else {
		c.last, c.run = r, 1
	}
	threshold := max(c.spec.SuccessThreshold, 1)
	if r == Failure {
		threshold = max(c.spec.FailureThreshold, 1)
	}
	if c.run < threshold {
		return false, false, false
	}
	ok = r == Success
	return true, ok, c.kind == Startup || (c.kind == Liveness && !ok)
}

// Worker probes one instance of a container with one kind of probe.
type Worker struct {
	Kind   Kind
	Spec   *v1.Probe
	Target Target
	// Began is when the instance started to run.
	Began time.Time
	Clock clock.Clock
	// Report takes the results that reached their threshold.
	Report func(ok bool)
	// Event takes what users should hear of: type Warning, with upstream's
	// reason (Unhealthy, ProbeWarning) and text.
	Event func(reason, message string)
}

// eager is how soon a server that does not listen yet is asked for its
// readiness again; the steps double up to eagerMost, so that a server that took
// its time is not kept waiting as long again, and after eagerFor without bound,
// since such a server is not about to listen. Upstream asks again whenever the
// Pod is synced; here it is only while the connection is refused, so that no
// server sees it, and no failure is recorded.
const (
	eager     = 20 * time.Millisecond
	eagerMost = 80 * time.Millisecond
	eagerFor  = 5 * time.Second
)

// Run probes until ctx ends or there is nothing more to ask.
//
// Liveness and startup probes are due at multiples of the period after the
// instance began, readiness probes also at once; none before the initial
// delay.
func (w *Worker) Run(ctx context.Context) {
	c := counter{kind: w.Kind, spec: w.Spec}
	begun := w.Clock.Now()
	tick, wait := w.first(begun), eager
	early := w.Kind == Readiness && w.Spec.Exec == nil
	timer := w.Clock.NewTimer(tick.Sub(w.Clock.Now()))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
		}
		out := Do(ctx, w.Target, w.Spec)
		if ctx.Err() != nil {
			return
		}
		now := w.Clock.Now()
		regular, of := w.after(tick, now)
		if early && out.Refused && now.Add(wait).Before(regular) {
			timer.Reset(wait)
			wait *= 2
			if now.Sub(begun) < eagerFor {
				wait = min(wait, eagerMost)
			}
			continue
		}
		early = false
		w.tell(out)
		settled, ok, hold := c.count(out.Result)
		if settled {
			w.Report(ok)
		}
		if hold {
			return
		}
		tick = of
		timer.Reset(regular.Sub(now))
	}
}

func (w *Worker) period() time.Duration {
	return time.Duration(max(w.Spec.PeriodSeconds, 1)) * time.Second
}

// first is when the first probe is due.
func (w *Worker) first(now time.Time) time.Time {
	delay := time.Duration(w.Spec.InitialDelaySeconds) * time.Second
	if w.Kind == Readiness {
		if at := w.Began.Add(delay); at.After(now) {
			return at
		}
		return now
	}
	at := w.Began.Add(w.period())
	if ready := w.Began.Add(delay); at.Before(ready) {
		at = at.Add(roundUp(ready.Sub(at), w.period()))
	}
	if at.Before(now) {
		at = at.Add(roundUp(now.Sub(at), w.period()))
	}
	return at
}

// after is when the probe after the one of a tick is due, and of which tick
// it is: a period later, or at once when the tick has passed meanwhile. Ticks
// that passed besides it are left out.
func (w *Worker) after(tick, now time.Time) (due, of time.Time) {
	of = tick.Add(w.period())
	if !of.Before(now) {
		return of, of
	}
	return now, of.Add(now.Sub(of) / w.period() * w.period())
}

func roundUp(d, step time.Duration) time.Duration {
	return (d + step - 1) / step * step
}

// tell records what users should know of an outcome.
func (w *Worker) tell(out Outcome) {
	switch out.Result {
	case Failure:
		w.Event("Unhealthy", fmt.Sprintf("%s probe failed: %s", w.Kind, out.Output))
	case Warning:
		w.Event("ProbeWarning", fmt.Sprintf("%s probe warning: %s", w.Kind, out.Output))
	case Unknown:
		w.Event("Unhealthy", fmt.Sprintf("%s probe errored and resulted in unknown state: %v", w.Kind, out.Err))
	}
}
