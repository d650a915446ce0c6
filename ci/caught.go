package ci

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/reports"
)

// Caught says whether a run against the mutant shows it: each of its scenarios failed, with its messages, and each of its
// invariants was breached, while what gave it occasion passed. An error of
// the suite, a target that died, a scenario that could not judge, or a failure in other words does not count. The error
// says what is wrong.
func (m Mutant) Caught(r *reports.Report) error {
	switch {
	case !r.Complete:
		return fmt.Errorf("the mutant %s: the run did not end", m.Name)
	case r.Target.Died != "":
		return fmt.Errorf("the mutant %s does not even live through the run: %s", m.Name, r.Target.Died)
	case len(r.Problems) > 0:
		return fmt.Errorf("the mutant %s: the run itself went wrong: %s", m.Name, strings.Join(r.Problems, "; "))
	}
	var errs []error
	for _, id := range m.During {
		if record := find(r, id); record == nil || record.Outcome != reports.Passed {
			errs = append(errs, fmt.Errorf("the scenario %s did not pass, which is %w: only the invariant was to notice", id, errOtherWay))
		}
	}
	for _, e := range m.Expects {
		if e.Invariant != "" {
			if err := e.breached(r); err != nil {
				errs = append(errs, fmt.Errorf("the invariant %s %w", e.Invariant, err))
			}
		}
		for _, id := range e.Scenarios {
			if err := e.met(find(r, id)); err != nil {
				errs = append(errs, fmt.Errorf("the scenario %s %w", id, err))
			}
		}
	}
	return errors.Join(errs...)
}

// met says what keeps a scenario's record from showing the mutant.
func (e Expectation) met(record *reports.Record) error {
	switch {
	case record == nil:
		return errors.New("did not run")
	case record.Outcome == reports.Passed:
		return fmt.Errorf("passed: %w", errLives)
	case record.Outcome != reports.Failed:
		return fmt.Errorf("is %s: %s", record.Outcome, record.Why)
	}
	said := record.Why
	if f := record.Failure; f != nil {
		said = strings.Join([]string{f.Step, f.What, f.Expected, f.Seen, f.Diff, record.Why}, "\n")
	}
	for _, message := range e.Messages {
		if !strings.Contains(said, message) {
			return fmt.Errorf("failed %w, without saying %q:\n%s", errOtherWay, message, said)
		}
	}
	return nil
}

// breached says what keeps a report's invariant from showing the mutant.
func (e Expectation) breached(r *reports.Report) error {
	i := slices.IndexFunc(r.Invariants, func(i reports.Invariant) bool { return i.Name == e.Invariant })
	switch {
	case i < 0:
		return errors.New("was not judged")
	case r.Invariants[i].State == reports.Held:
		return fmt.Errorf("held: %w", errLives)
	case r.Invariants[i].State != reports.Breached:
		return fmt.Errorf("is %s: %s", r.Invariants[i].State, r.Invariants[i].Why)
	}
	var said []string
	for _, breach := range r.Invariants[i].Breaches {
		said = append(said, breach.Explain())
	}
	for _, message := range e.Messages {
		if !slices.ContainsFunc(said, func(text string) bool { return strings.Contains(text, message) }) {
			return fmt.Errorf("was breached %w, without saying %q:\n%s", errOtherWay, message, strings.Join(said, "\n"))
		}
	}
	return nil
}

func find(r *reports.Report, id string) *reports.Record {
	for i := range r.Scenarios {
		if r.Scenarios[i].ID == id {
			return &r.Scenarios[i]
		}
	}
	return nil
}
