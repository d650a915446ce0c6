package plumbline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/cucumber/godog"
	"github.com/cucumber/godog/formatters"
	messages "github.com/cucumber/messages/go/v21"

	"github.com/plumbline/plumbline/reports"
)

// godog parses and executes; it does not judge. Of a run this file keeps what each step returned, as our own hooks see
// it. godog's verdict, its output and its exit code are not used.

// The names of our formatters: one writes nothing, one the steps that no sentence, or more than one, matches.
const (
	silent    = "plumbline-silent"
	unmatched = "plumbline-unmatched"
)

func init() {
	formatters.Format(silent, "Writes nothing.", func(string, io.Writer) formatters.Formatter { return noFormat{} })
	formatters.Format(unmatched, "Writes steps that do not match exactly one sentence.", func(_ string, w io.Writer) formatters.Formatter {
		return unmatchedFormat{w: w}
	})
}

type unmatchedFormat struct {
	noFormat
	w io.Writer
}

func (f unmatchedFormat) Defined(_ *messages.Pickle, step *messages.PickleStep, definition *godog.StepDefinition) {
	if definition == nil {
		fmt.Fprintln(f.w, step.Text)
	}
}

// unmatchedSteps lists the steps of a scenario that do not match exactly one sentence. It carries none out.
func unmatchedSteps(s *scenario, initialize func(*godog.ScenarioContext)) []string {
	var found strings.Builder
	godog.TestSuite{
		Name: s.id,
		ScenarioInitializer: func(sc *godog.ScenarioContext) {
			sc.StepContext().Before(func(ctx context.Context, _ *godog.Step) (context.Context, error) { return ctx, godog.ErrSkip })
			initialize(sc)
		},
		Options: &godog.Options{Format: unmatched, Output: &found, NoColors: true, Strict: true, Concurrency: 1,
			FeatureContents: []godog.Feature{{Name: s.file, Contents: s.source}}},
	}.Run()
	if text := strings.TrimSpace(found.String()); text != "" {
		return strings.Split(text, "\n")
	}
	return nil
}

type noFormat struct{}

func (noFormat) TestRunStarted()                                                                {}
func (noFormat) Feature(*messages.GherkinDocument, string, []byte)                              {}
func (noFormat) Pickle(*messages.Pickle)                                                        {}
func (noFormat) Defined(*messages.Pickle, *messages.PickleStep, *godog.StepDefinition)          {}
func (noFormat) Failed(*messages.Pickle, *messages.PickleStep, *godog.StepDefinition, error)    {}
func (noFormat) Passed(*messages.Pickle, *messages.PickleStep, *godog.StepDefinition)           {}
func (noFormat) Skipped(*messages.Pickle, *messages.PickleStep, *godog.StepDefinition)          {}
func (noFormat) Undefined(*messages.Pickle, *messages.PickleStep, *godog.StepDefinition)        {}
func (noFormat) Pending(*messages.Pickle, *messages.PickleStep, *godog.StepDefinition)          {}
func (noFormat) Ambiguous(*messages.Pickle, *messages.PickleStep, *godog.StepDefinition, error) {}
func (noFormat) Summary()                                                                       {}

// execution is what godog did with one scenario.
type execution struct {
	mu    sync.Mutex
	steps []executed
	fault error // a panic outside of steps, a goroutine that ended, a scenario that godog did not run
}

// executed is one step that godog ran, or passed over.
type executed struct {
	text   string
	status godog.StepResultStatus
	err    error
	took   time.Duration
	at     time.Time
}

// execute has godog run one scenario and keeps what happened. The scenario's state is in ctx.
func (e *execution) execute(ctx context.Context, s *scenario, initialize func(*godog.ScenarioContext)) {
	done := make(chan struct{})
	// A goroutine of its own, because a step may end it (a FailNow of some library).
	go func() {
		returned := false
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				e.fail(fmt.Errorf("a hook panicked: %v\n%s", r, debug.Stack()))
			} else if !returned {
				e.fail(errors.New("a step or a hook ended its goroutine (runtime.Goexit)"))
			}
		}()
		e.run(ctx, s, initialize)
		returned = true
	}()
	<-done
}

func (e *execution) run(ctx context.Context, s *scenario, initialize func(*godog.ScenarioContext)) {
	var complaints strings.Builder
	suite := godog.TestSuite{
		Name: s.id,
		ScenarioInitializer: func(sc *godog.ScenarioContext) {
			var started time.Time
			sc.StepContext().Before(func(ctx context.Context, _ *godog.Step) (context.Context, error) {
				started = time.Now()
				return ctx, nil
			})
			initialize(sc)
			// After the vocabulary's own hooks, so that what they return is seen as well.
			sc.StepContext().After(func(ctx context.Context, step *godog.Step, status godog.StepResultStatus, err error) (context.Context, error) {
				if len(step.AstNodeIds) > 0 { // else a sentence inside a sentence, whose error comes again with the outer one
					e.add(executed{text: step.Text, status: status, err: err, at: started, took: time.Since(started)})
				}
				return ctx, nil
			})
			sc.After(func(ctx context.Context, _ *godog.Scenario, err error) (context.Context, error) {
				if err != nil && e.firstError() == nil {
					e.fail(fmt.Errorf("a hook failed: %w", err))
				}
				return ctx, nil
			})
		},
		Options: &godog.Options{
			Format:          silent,
			Output:          &complaints,
			NoColors:        true,
			Strict:          true, // else godog takes the first of several matching sentences
			Concurrency:     1,    // in this goroutine, where panics of hooks can be caught
			DefaultContext:  ctx,
			FeatureContents: []godog.Feature{{Name: s.file, Contents: s.source}},
		},
	}
	suite.Run()
	if ran, _ := e.snapshot(); len(ran) == 0 {
		e.fail(errors.New(strings.TrimSpace("godog did not run the scenario " + complaints.String())))
	}
}

func (e *execution) add(step executed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.steps = append(e.steps, step)
}

func (e *execution) firstError() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, step := range e.steps {
		if step.err != nil {
			return step.err
		}
	}
	return nil
}

func (e *execution) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault == nil {
		e.fault = err
	}
}

// snapshot copies what is known so far, also of an execution that still goes on.
func (e *execution) snapshot() ([]executed, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]executed(nil), e.steps...), e.fault
}

// stepWords are godog's statuses in the words of the report.
var stepWords = map[godog.StepResultStatus]string{
	godog.StepPassed: "passed", godog.StepFailed: "failed", godog.StepSkipped: "skipped",
	godog.StepUndefined: "undefined", godog.StepPending: "pending", godog.StepAmbiguous: "ambiguous",
}

// stepRecords lists every step that the census knows, with what godog made of it.
func stepRecords(s *scenario, ran []executed) []reports.Step {
	records := make([]reports.Step, len(s.steps))
	for i, text := range s.steps {
		records[i] = reports.Step{Text: text, Status: "not run"}
		if i < len(ran) {
			records[i].Status = stepWords[ran[i].status]
			records[i].Seconds = reports.SecondsOf(ran[i].took)
		}
	}
	return records
}
