package reports

import (
	"fmt"
)

// Expected is an entry of the file of expected failures: a scenario that is known to fail on this target. It makes the
// run's verdict about changes; it never makes a profile conformant.
type Expected struct {
	Scenario string `json:"scenario"`
	Reason   string `json:"reason"` // why the failure is known, in the words of the file
	At       string `json:"at"`     // file and line of the entry
	State    string `json:"state"`  // see the constants
	// Unplanned is why the run left the scenario out, if it did.
	Unplanned string `json:"unplanned"`
	// Narrowed says that it did so because other scenarios were selected, which says nothing about the entry.
	Narrowed bool `json:"narrowed"`
}

// The states of an entry.
const (
	// StillFails: the scenario failed, as the entry says.
	StillFails = "still fails"
	// Stale: the scenario did not fail, or is not run any more. The entry has to go, and the run fails until then.
	Stale = "stale"
	// Unjudged: the scenario was not selected, or could not be judged. The entry is neither confirmed nor stale.
	Unjudged = "not judged"
)

// expect compares the file of expected failures with what became of its scenarios, and marks their records.
func (r *Report) expect(planned map[string]*Record) {
	for i := range r.Scenarios {
		r.Scenarios[i].Known = ""
	}
	for i := range r.Expected {
		entry := &r.Expected[i]
		record := planned[entry.Scenario]
		switch {
		case record == nil && entry.Narrowed:
			entry.State = Unjudged
		case record == nil:
			entry.State = Stale
		case record.Outcome == Failed:
			entry.State = StillFails
			record.Known = entry.Reason
		case record.Outcome == Passed, record.Outcome == Unsupported:
			entry.State = Stale
		default:
			entry.State = Unjudged // and the run fails for that
		}
	}
}

// stale says what is wrong with a stale entry.
func (e *Expected) stale(record *Record) string {
	switch {
	case record == nil:
		return fmt.Sprintf("%s: %s is expected to fail, and is left out: %s", e.At, e.Scenario, e.Unplanned)
	case record.Outcome == Unsupported:
		return fmt.Sprintf("%s: %s is expected to fail, and is unsupported: %s; remove the entry", e.At, e.Scenario, firstLine(record.Why))
	default:
		return fmt.Sprintf("%s: %s is expected to fail, and passed; remove the entry", e.At, e.Scenario)
	}
}
