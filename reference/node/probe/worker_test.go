package probe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "k8s.io/api/core/v1"
)

func TestCount(t *testing.T) {
	type step struct{ Settled, OK, Hold bool }
	const s, f, u, w = Success, Failure, Unknown, Warning
	tests := []struct {
		name     string
		kind     Kind
		spec     v1.Probe
		outcomes []Result
		want     []step
	}{
		{"liveness: one failure less than the threshold is none", Liveness, v1.Probe{FailureThreshold: 3}, []Result{f, f, s, f, f, f},
			[]step{{}, {}, {Settled: true, OK: true}, {}, {}, {Settled: true, Hold: true}}},
		{"readiness: successes have a threshold too", Readiness, v1.Probe{FailureThreshold: 1, SuccessThreshold: 2}, []Result{s, f, s, s},
			[]step{{}, {Settled: true}, {}, {Settled: true, OK: true}}},
		{"startup: success ends it", Startup, v1.Probe{FailureThreshold: 3}, []Result{f, s}, []step{{}, {Settled: true, OK: true, Hold: true}}},
		{"startup: so does failure", Startup, v1.Probe{FailureThreshold: 2}, []Result{f, f}, []step{{}, {Settled: true, Hold: true}}},
		{"what could not be asked does not count", Liveness, v1.Probe{FailureThreshold: 2}, []Result{f, u, f}, []step{{}, {}, {Settled: true, Hold: true}}},
		{"a warning is a success", Readiness, v1.Probe{FailureThreshold: 1}, []Result{w}, []step{{Settled: true, OK: true}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := counter{kind: test.kind, spec: &test.spec}
			var got []step
			for _, o := range test.outcomes {
				settled, ok, hold := c.count(o)
				got = append(got, step{settled, ok, hold})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDue(t *testing.T) {
	t0 := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(ms int) time.Time { return t0.Add(time.Duration(ms) * time.Millisecond) }
	first := []struct {
		name          string
		kind          Kind
		delay, period int32
		now, want     int
	}{
		{"readiness is asked at once", Readiness, 0, 10, 30, 30},
		{"not before the delay", Readiness, 5, 10, 30, 5000},
		{"liveness after a period", Liveness, 0, 10, 30, 10000},
		{"at the first multiple after the delay", Liveness, 5, 2, 30, 6000},
		{"at the delay when that is one", Startup, 4, 2, 30, 4000},
		{"of a container that ran before the agent, at the next multiple", Liveness, 0, 10, 25500, 30000},
	}
	for _, test := range first {
		t.Run(test.name, func(t *testing.T) {
			w := Worker{Kind: test.kind, Spec: &v1.Probe{InitialDelaySeconds: test.delay, PeriodSeconds: test.period}, Began: t0}
			if got := w.first(at(test.now)); !got.Equal(at(test.want)) {
				t.Errorf("due after %v, want %v", got.Sub(t0), at(test.want).Sub(t0))
			}
		})
	}
	after := []struct {
		name              string
		tick, now         int
		wantDue, wantTick int
	}{
		{"a period later", 1000, 1020, 2000, 2000},
		{"at once when it took longer", 1000, 2050, 2050, 2000},
		{"leaving out what passed besides", 1000, 4500, 4500, 4000},
	}
	for _, test := range after {
		t.Run(test.name, func(t *testing.T) {
			w := Worker{Spec: &v1.Probe{PeriodSeconds: 1}}
			due, tick := w.after(at(test.tick), at(test.now))
			if !due.Equal(at(test.wantDue)) || !tick.Equal(at(test.wantTick)) {
				t.Errorf("due %v of tick %v, want %v of %v", due.Sub(t0), tick.Sub(t0), at(test.wantDue).Sub(t0), at(test.wantTick).Sub(t0))
			}
		})
	}
}
