package ci

import (
	"fmt"
	"strings"

	"github.com/plumbline/plumbline/reports"
)

// Caught says whether a run against the mutant shows it: each of its scenarios failed, with its messages. An error of
// the suite, a scenario that could not judge, or a failure in other words does not count. The error says what is wrong.
func (m Mutant) Caught(r *reports.Report) error {
	if !r.Complete {
		return fmt.Errorf("the mutant %s: the run did not end", m.Name)
	}
	for _, id := range m.Scenarios {
		record := find(r, id)
		switch {
		case record == nil:
			return fmt.Errorf("the mutant %s: the scenario %s did not run", m.Name, id)
		case record.Outcome != reports.Failed:
			return fmt.Errorf("the mutant %s lives: the scenario %s %s %s", m.Name, id, record.Outcome, record.Why)
		}
		said := record.Why
		if f := record.Failure; f != nil {
			said = strings.Join([]string{f.Step, f.What, f.Expected, f.Seen, f.Diff, record.Why}, "\n")
		}
		for _, message := range m.Messages {
			if !strings.Contains(said, message) {
				return fmt.Errorf("the mutant %s: the scenario %s failed, without saying %q:\n%s", m.Name, id, message, said)
			}
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
