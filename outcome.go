package plumbline

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/cucumber/godog"

	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// judgement is what the steps of a scenario amount to.
type judgement struct {
	outcome reports.Outcome
	why     string
	failure *reports.Failure
	broken  bool // the connection to the API server broke: the environment's fault if the server was away meanwhile
}

// judge reads the outcome from what each step returned. A scenario has passed only when every one of its steps did.
// A step that no sentence or more than one matches is the suite's fault even behind a step that failed, since no target
// could ever tell.
func judge(s *scenario, ran []executed, fault error) judgement {
	if fault != nil {
		return judgement{outcome: reports.Error, why: fault.Error()}
	}
	for _, step := range ran {
		switch step.status {
		case godog.StepUndefined:
			return judgement{outcome: reports.Error, why: fmt.Sprintf("no sentence of the vocabulary matches %q", step.text)}
		case godog.StepAmbiguous:
			return judgement{outcome: reports.Error, why: fmt.Sprintf("more than one sentence of the vocabulary matches %q: %v", step.text, step.err)}
		case godog.StepPending:
			return judgement{outcome: reports.Error, why: fmt.Sprintf("the sentence %q is not written yet", step.text)}
		}
	}
	for _, step := range ran {
		if step.err != nil {
			return judgeError(step)
		}
		if step.status != godog.StepPassed {
			return judgement{outcome: reports.Error, why: fmt.Sprintf("the step %q was passed over without a reason", step.text)}
		}
	}
	if len(ran) != len(s.steps) {
		return judgement{outcome: reports.Error, why: fmt.Sprintf("godog ran %d of %d steps", len(ran), len(s.steps))}
	}
	return judgement{outcome: reports.Passed}
}

// judgeError says whose fault the error of a step is.
func judgeError(step executed) judgement {
	var failure *steps.Failure
	var unsupported *steps.Unsupported
	var inconclusive *steps.Inconclusive
	switch err := step.err; {
	case errors.As(err, &failure):
		return judgement{
			outcome: reports.Failed,
			why:     summary(failure),
			failure: &reports.Failure{
				Step: step.text, What: failure.What, Expected: failure.Expected, Seen: failure.Seen, At: failure.At,
				Waited: reports.SecondsOf(failure.Waited), Timeline: append([]string{}, failure.Timeline...), Diff: failure.Diff,
			},
		}
	case errors.As(err, &unsupported):
		return judgement{outcome: reports.Unsupported, why: unsupported.Why}
	case errors.As(err, &inconclusive):
		return judgement{outcome: reports.Inconclusive, why: inconclusive.Why}
	case errors.Is(err, godog.ErrSkip):
		return judgement{outcome: reports.Error, why: "a step asked godog to skip; steps say Unsupported or Inconclusive, with the reason"}
	default:
		return judgement{outcome: reports.Error, why: fmt.Sprintf("%+v", err), broken: isBrokenConnection(err)}
	}
}

// summary is a failure in one line.
func summary(f *steps.Failure) string {
	line := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	return fmt.Sprintf("%s: expected %s, saw %s", line(f.What), line(f.Expected), line(f.Seen))
}

// isBrokenConnection says whether an error tells of the way to the API server, and not of what the server answered.
func isBrokenConnection(err error) bool {
	var network *net.OpError
	text := err.Error()
	return errors.As(err, &network) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, context.Canceled) ||
		strings.Contains(text, "connection refused") || strings.Contains(text, "connection reset") || strings.HasSuffix(text, "EOF")
}
