package plumbline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// ownClusters is how many clusters of scenarios' own there are at a time: two, or one where little is to go on at once.
func (e *engine) ownClusters() int { return min(2, max(1, e.concurrency()/6)) }

// work runs the planned scenarios: those on the shared cluster side by side, besides them those with clusters of their
// own, and then, one by one, those that must be alone. All of them have an outcome when it returns.
func (e *engine) work(ctx context.Context) {
	var shared, own, serial []*scenario
	for _, s := range order(e.planned, e.seed) {
		switch {
		case s.serial:
			serial = append(serial, s)
		case s.ownCluster():
			own = append(own, s)
		default:
			shared = append(shared, s)
		}
	}
	e.progress = newProgress(len(e.planned), e.past)
	begun := []func(*sync.WaitGroup){
		e.lane(ctx, shared, e.concurrency(), false),
		e.lane(ctx, own, e.ownClusters(), false),
	}
	alone := e.lane(ctx, serial, 1, true)
	stopTalking := e.talk(ctx)
	defer stopTalking()
	var group sync.WaitGroup
	for _, start := range begun {
		start(&group)
	}
	group.Wait()
	alone(&group)
	group.Wait()
}

// lane makes a queue of scenarios. What it returns starts workers that take from it until it is empty.
func (e *engine) lane(ctx context.Context, queue []*scenario, workers int, after bool) func(*sync.WaitGroup) {
	waiting := make(chan *scenario, len(queue))
	for _, s := range queue {
		waiting <- s
	}
	close(waiting)
	queue = slices.DeleteFunc(queue, func(s *scenario) bool { return e.unsupported(s) != "" }) // takes no time
	seen := e.progress.lane(queue, workers, after)
	return func(group *sync.WaitGroup) {
		for range min(workers, cap(waiting)) {
			group.Go(func() {
				for s := range waiting {
					e.progress.begin(seen, s, time.Now())
					record := e.one(ctx, s)
					e.finish(record, e.progress.end(seen, s, &record))
				}
			})
		}
	}
}

// concurrency suits scenarios that mostly wait. What takes several times the processor's time of the reference, and runs on this machine,
// gets half as many: with more, an upstream cluster on two cores is at times too busy to answer for seconds.
//
// Somebody's cluster has the room that it has, whatever this machine can do.
func (e *engine) concurrency() int {
	if e.options.Concurrency > 0 {
		return e.options.Concurrency
	}
	usual := min(32, max(8, 6*runtime.NumCPU()))
	if e.options.Nodes > 0 {
		usual = min(usual, max(1, e.options.Nodes*podsOfANode/podsAtOnce))
	}
	if e.room != nil && e.needs().workloads {
		return min(usual, e.room.concurrency())
	}
	if e.target.kind() == targetKubernetes && e.needs().workloads {
		return min(16, max(6, 3*runtime.NumCPU()))
	}
	return usual
}

// room is what somebody's cluster has for a run: how many more Pods, and how many processors.
type room struct{ slots, cores int }

// podsAtOnce is how many Pods a scenario has at a time, with those of the one before it that are on their way out. Few have more, and these are not
// many at a time.
const podsAtOnce = 8

// podsOfANode is how many Pods a node takes at least: the kubelet's default.
const podsOfANode = 110

func (r room) concurrency() int { return max(1, min(r.slots/podsAtOnce, max(2, 3*r.cores))) }

// of is the bound for a scenario.
func (l limits) of(s *scenario) time.Duration {
	switch {
	case s.slow:
		return l.slow
	case slices.Contains(s.profiles, "autoscaling"), slices.Contains(s.profiles, "provisioner"):
		return l.others
	}
	return l.ordinary
}

// finish enters a record into the journal, and says so if it is not a good one.
func (e *engine) finish(record reports.Record, done int) {
	if err := e.journal.enter(record); err != nil {
		e.printf("%v\n", err)
	}
	if record.Outcome != reports.Passed && record.Outcome != reports.Unsupported && record.Duration > 0 {
		e.printf("  %s: %s after %s (%d of %d)\n", record.Outcome, record.ID, seconds(record.Duration.Duration()), done, len(e.planned))
	}
}

// one runs a scenario and returns its record.
func (e *engine) one(ctx context.Context, s *scenario) reports.Record {
	record := blank(s, e.options)
	conclude := func(outcome reports.Outcome, why string) reports.Record {
		record.Outcome, record.Why = outcome, why
		return record
	}
	if why := e.unsupported(s); why != "" {
		return conclude(reports.Unsupported, why)
	}
	if ctx.Err() != nil {
		return conclude(reports.Inconclusive, causeOf(ctx))
	}
	seen := &evidence{}
	record.Started = time.Now()
	limit := e.limits.of(s)
	within, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the scenario took longer than %s, which is the suite's bound", limit))
	defer cancel()

	state, j := e.attempt(within, s, seen, &record)
	j = e.reconsider(ctx, within, record.Started, j)
	if state != nil {
		j = e.cleanUp(ctx, state, j)
	}
	record.Outcome, record.Why, record.Failure = j.outcome, j.why, j.failure
	record.Duration = reports.SecondsOf(time.Since(record.Started))
	record.Timeline = seen.timeline()
	if j.outcome != reports.Passed && j.outcome != reports.Unsupported {
		files, err := seen.store(e.options.out(), s.id)
		record.Attachments = files
		if err != nil {
			record.Why += "\n" + err.Error()
		}
	}
	return record
}

// attempt begins the scenario and has godog run it. It returns the context that holds the scenario's state, or nil when
// there is nothing to clean up: because it did not begin, or because its steps do not return and may still use it.
func (e *engine) attempt(ctx context.Context, s *scenario, seen *evidence, record *reports.Record) (context.Context, judgement) {
	state, err := e.begin(ctx, s, seen)
	if err != nil {
		return state, judgeError(executed{err: err})
	}
	ran := &execution{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ran.execute(state, s, e.vocabulary.initialize)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		patient := time.NewTimer(e.limits.goodWill)
		defer patient.Stop()
		select {
		case <-done:
		case <-patient.C:
			steps, _ := ran.snapshot()
			record.Steps = stepRecords(s, steps)
			return nil, judgement{outcome: reports.Error, why: "a step did not return after its context had ended: " + causeOf(ctx)}
		}
	}
	steps, fault := ran.snapshot()
	record.Steps = stepRecords(s, steps)
	return state, judge(s, steps, fault)
}

// begin makes the scenario's state, and catches what panics there.
func (e *engine) begin(ctx context.Context, s *scenario, seen *evidence) (state context.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the scenario's beginning panicked: %v\n%s", r, debug.Stack())
		}
	}()
	_, somebodys := e.target.(surveyed)
	state, err = e.vocabulary.begin(ctx, steps.Env{
		Outlives: somebodys,
		Cluster:  e.cluster, Provider: e.provider(), Evidence: seen, Run: e.id, Scenario: s.id, Seed: e.seed, Keep: e.options.Keep,
		Latency: e.latency,
	})
	if err != nil {
		return nil, fmt.Errorf("begin the scenario: %w", err)
	}
	return state, nil
}

// reconsider looks at a bad outcome in the light of what happened around it: nobody can be blamed while the target was
// dying or somebody ended the run.
func (e *engine) reconsider(run, scenario context.Context, started time.Time, j judgement) judgement {
	if j.outcome == reports.Passed || j.outcome == reports.Unsupported {
		return j
	}
	if run.Err() == nil && e.health.settle(run) != nil {
		<-run.Done() // the watcher, which knows too, is ending the run
	}
	if run.Err() != nil {
		return judgement{outcome: reports.Inconclusive, why: causeOf(run)}
	}
	away := e.health.away(started, time.Now())
	switch {
	case scenario.Err() != nil:
		return judgement{outcome: reports.Error, why: causeOf(scenario) + "\n" + j.why}
	case away > 0 && j.broken:
		return judgement{outcome: reports.Inconclusive, why: fmt.Sprintf("the target's API was away for %s meanwhile: %s", seconds(away), j.why)}
	case away > 0:
		j.why += fmt.Sprintf("\nthe target's API was away for %s meanwhile", seconds(away))
	}
	return j
}

// cleanUp ends the scenario, evidence first. The scenario's own context may have ended; this has its own bound. On a
// target that died there is nothing to clean up, and nobody to ask for evidence.
func (e *engine) cleanUp(run, state context.Context, j judgement) (after judgement) {
	if errors.Is(context.Cause(run), errDied) {
		return j
	}
	limit := e.limits.cleanUp
	if run.Err() != nil {
		limit = e.limits.goodWill
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(state), limit)
	defer cancel()
	stop := context.AfterFunc(run, func() {
		// A dead target answers nothing: do not wait for it.
		time.AfterFunc(e.limits.goodWill, cancel)
	})
	defer stop()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("it panicked: %v\n%s", r, debug.Stack())
			}
		}()
		if j.outcome != reports.Passed && j.outcome != reports.Unsupported && run.Err() == nil {
			e.vocabulary.markFailed(ctx)
		}
		done <- e.vocabulary.end(ctx)
	}()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		patient := time.NewTimer(e.limits.goodWill)
		defer patient.Stop()
		select {
		case err = <-done:
		case <-patient.C:
			err = errors.New("it did not return")
		}
	}
	switch {
	case err == nil:
		return j
	case run.Err() != nil:
		if j.outcome == reports.Passed {
			return judgement{outcome: reports.Inconclusive, why: causeOf(run)}
		}
		return j
	case j.outcome == reports.Passed || j.outcome == reports.Unsupported:
		return judgement{outcome: reports.Error, why: fmt.Sprintf("the scenario's clean-up failed: %v", err)}
	default:
		j.why += fmt.Sprintf("\nthe scenario's clean-up failed: %v", err)
		return j
	}
}

// causeOf says why a context ended.
func causeOf(ctx context.Context) string {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(cause, context.Canceled) {
		cause = errInterrupted
	}
	return cause.Error()
}
