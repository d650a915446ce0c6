package plumbline

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumbline/plumbline/reports"
)

// dyingFeature has one scenario that waits until it is told to stop, one that passes at once, and many that come later.
func dyingFeature() string {
	source := testFeature("it waits") + "\n  @long\n  Scenario: it holds\n    Given it holds\n"
	for i := range 20 {
		source += "\n  Scenario: later " + strings.Repeat("i", i+1) + "\n    Given it waits\n"
	}
	return source
}

func TestTargetThatDiesHalfWay(t *testing.T) {
	for name, c := range map[string]struct {
		patience patience
		die      func(*fakeTarget)
		why      string
	}{
		"connections refused": {ordinaryPatience, func(f *fakeTarget) { f.server.Listener.Close(); f.server.CloseClientConnections() }, "its API was away for"},
		"container ended": {ordinaryPatience, func(f *fakeTarget) {
			f.goneWhy.Store(new(errors.New("the container of node-1 has ended")))
			f.server.Listener.Close()
			f.server.CloseClientConnections()
		}, "has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			v := &testVocabulary{}
			e := testRun(t, dyingFeature(), v, func(e *engine) {
				e.options.Concurrency, e.limits, e.watching = 3, ordinaryLimits, c.patience
			})
			death := make(chan time.Time, 1)
			time.AfterFunc(300*time.Millisecond, func() {
				death <- time.Now()
				c.die(e.target.(*fakeTarget))
			})
			found, report := outcomes(t, e)
			if took := time.Since(<-death); took > 10*time.Second {
				t.Errorf("the run ended %s after the target's death, want at most 10 s", took)
			}
			if found["it-holds"].Outcome != reports.Passed {
				t.Errorf("what had passed is %q", found["it-holds"].Outcome)
			}
			if report.Counts.Inconclusive != 21 || report.Verdict.Passed || !strings.Contains(report.Target.Died, c.why) {
				t.Errorf("%+v; passed %v; died: %q", report.Counts, report.Verdict.Passed, report.Target.Died)
			}
			if got := found["it-waits"]; !strings.Contains(got.Why, "the target died") {
				t.Errorf("a scenario that ran when the target died: %q because %q", got.Outcome, got.Why)
			}
			if !e.target.(*fakeTarget).stopped {
				t.Error("the target was not removed")
			}
		})
	}
}

func TestTargetThatHangs(t *testing.T) {
	h := newHealth(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil, ordinaryPatience)
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
	defer cancel()
	var dead error
	h.watch(ctx, func(why error) { dead = why })
	if took := time.Since(begun); dead == nil || took > 10*time.Second {
		t.Errorf("found dead (%v) after %s, want within 10 s", dead, took)
	}
}

func TestTargetThatComesBack(t *testing.T) {
	answers := []error{nil, errors.New("read: connection reset by peer"), nil}
	asked := 0
	h := newHealth(func(context.Context) error { asked++; return answers[min(asked, len(answers))-1] }, nil,
		patience{every: 10 * time.Millisecond, answer: time.Second, refused: 200 * time.Millisecond, silent: 200 * time.Millisecond})
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	h.watch(ctx, func(why error) { t.Errorf("found dead: %v", why) })
	if away := h.away(begun, time.Now()); away <= 0 || away > 250*time.Millisecond {
		t.Errorf("away for %s, want a little", away)
	}
}

func TestInterruptedRun(t *testing.T) {
	e := testRun(t, dyingFeature(), &testVocabulary{}, func(e *engine) { e.options.Concurrency, e.limits = 3, ordinaryLimits })
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, interrupt)
	report, err := e.run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if report.Counts.Passed != 1 || report.Counts.Inconclusive != 21 || report.Verdict.Passed {
		t.Errorf("%+v; passed %v", report.Counts, report.Verdict.Passed)
	}
	if !strings.Contains(strings.Join(report.Verdict.Reasons, "; "), "interrupted") || strings.Contains(strings.Join(report.Verdict.Reasons, "; "), "at fault") || !e.target.(*fakeTarget).stopped {
		t.Errorf("reasons %q, target stopped %v", report.Verdict.Reasons, e.target.(*fakeTarget).stopped)
	}
	for _, name := range []string{"report.json", "junit.xml"} {
		if _, err := os.Stat(filepath.Join(e.options.Out, name)); err != nil {
			t.Errorf("an interrupted run has no report: %v", err)
		}
	}
}

func TestTargetThatDoesNotStart(t *testing.T) {
	for name, change := range map[string]func(*fakeTarget){
		"not built":   func(f *fakeTarget) { f.prepareErr = errors.New("no compiler") },
		"not started": func(f *fakeTarget) { f.startErr = errors.New("no compiler") },
	} {
		t.Run(name, func(t *testing.T) {
			e := testRun(t, testFeature("it holds"), &testVocabulary{}, func(e *engine) { change(e.target.(*fakeTarget)) })
			found, report := outcomes(t, e)
			if got := found["it-holds"]; got.Outcome != reports.Inconclusive || report.Verdict.Passed {
				t.Errorf("outcome %q, passed %v", got.Outcome, report.Verdict.Passed)
			}
			if !strings.Contains(strings.Join(report.Verdict.Reasons, "; "), "no compiler") || !e.target.(*fakeTarget).stopped {
				t.Errorf("reasons %q, target stopped %v", report.Verdict.Reasons, e.target.(*fakeTarget).stopped)
			}
		})
	}
}

func TestTargetThatCannotBeRemoved(t *testing.T) {
	e := testRun(t, testFeature("it holds"), &testVocabulary{}, func(e *engine) { e.target.(*fakeTarget).stopErr = errors.New("it stays") })
	if _, report := outcomes(t, e); report.Verdict.Passed {
		t.Error("a run that left something behind passed")
	}
}

func TestReportOfARunThatWasKilled(t *testing.T) {
	e := testRun(t, testFeature("it holds", "it does not hold"), &testVocabulary{})
	if err := e.plan(); err != nil {
		t.Fatal(err)
	}
	j := newJournal(e.newReport(), e.planned, e.options)
	if err := j.clear(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(e.options.Out, "report.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var report reports.Report
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	if report.Complete || report.Verdict.Passed || report.Counts.Inconclusive != 2 {
		t.Errorf("complete %v, passed %v, %+v", report.Complete, report.Verdict.Passed, report.Counts)
	}
	if _, err := reports.ReadJSON(path); err == nil {
		t.Error("the report of a run that did not end was read like any other")
	}
}
