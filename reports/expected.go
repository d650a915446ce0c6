package reports

import (
	"fmt"
	"slices"
	"strings"
)

// Expected is an entry of the file of expected failures: a scenario that is known to fail on this target, or an invariant that is known
// to be breached. It makes the run's verdict about changes; it never makes a profile conformant.
type Expected struct {
	Scenario  string `json:"scenario"`  // its id; empty in an entry of an invariant
	Invariant string `json:"invariant"` // its name; empty in an entry of a scenario
	Reason    string `json:"reason"`    // why the failure is known, in the words of the file
	At        string `json:"at"`        // file and line of the entry
	State     string `json:"state"`     // see the constants
	// Unplanned is why the run left the scenario out, if it did.
	Unplanned string `json:"unplanned"`
	// Narrowed says that it did so because other scenarios were selected, which says nothing about the entry. Of an invariant, it says
	// that scenarios were left out, slow ones too: one of them may be what gives occasion to the breach.
	Narrowed bool `json:"narrowed"`
}

// The states of an entry.
const (
	// StillFails: the scenario failed, or the invariant was breached, as the entry says.
	StillFails = "still fails"
	// Stale: it was not so, or is not looked at any more. The entry has to go, and the run fails until then.
	Stale = "stale"
	// Unjudged: the scenario was not selected, or could not be judged. The entry is neither confirmed nor stale.
	Unjudged = "not judged"
)

// Name is what the entry is about, for a person.
func (e *Expected) Name() string {
	if e.Invariant != "" {
		return "the invariant " + e.Invariant
	}
	return e.Scenario
}

// expect compares the file of expected failures with what became of its scenarios and invariants, and marks those.
func (r *Report) expect(planned map[string]*Record) {
	for i := range r.Invariants {
		r.Invariants[i].Known = ""
	}
	for i := range r.Scenarios {
		r.Scenarios[i].Known = ""
	}
	for i := range r.Expected {
		entry := &r.Expected[i]
		if entry.Invariant != "" {
			r.expectBreach(entry)
			continue
		}
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

// expectBreach compares the entry of an invariant with what the run watched. That it held says something only where every scenario was
// judged, since any of them may be what gives occasion to the breach.
func (r *Report) expectBreach(entry *Expected) {
	invariant := r.invariant(entry.Invariant)
	partly := entry.Narrowed || !r.Complete || r.Target.Died != "" ||
		slices.ContainsFunc(r.Scenarios, func(s Record) bool {
			return s.Outcome == Inconclusive || s.Outcome == Error || s.Outcome == Unsupported
		})
	switch {
	case invariant == nil:
		entry.State = Stale
	case len(invariant.Breaches) > 0:
		entry.State = StillFails
		invariant.Known = entry.Reason
	case invariant.State == string(Unsupported), invariant.State == Held && !partly:
		entry.State = Stale
	default:
		entry.State = Unjudged
	}
}

// invariant finds one by its name, or nothing.
func (r *Report) invariant(name string) *Invariant {
	i := slices.IndexFunc(r.Invariants, func(i Invariant) bool { return i.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Invariants[i]
}

// knownBreaches counts the invariants that were expected to be breached, and were.
func (r *Report) knownBreaches() int {
	n := 0
	for i := range r.Invariants {
		if r.Invariants[i].Known != "" {
			n++
		}
	}
	return n
}

// knownWords counts what was expected to fail, and did: "1 known failure and 2 known breaches". It is empty if nothing was.
func (r *Report) knownWords() string {
	var parts []string
	if n := r.Counts.Known; n > 0 {
		parts = append(parts, count(n, "known failure"))
	}
	switch n := r.knownBreaches(); {
	case n == 1:
		parts = append(parts, "1 known breach")
	case n > 1:
		parts = append(parts, fmt.Sprintf("%d known breaches", n))
	}
	return strings.Join(parts, " and ")
}

// stale says what is wrong with a stale entry.
func (r *Report) stale(e *Expected, record *Record) string {
	if e.Invariant != "" {
		switch invariant := r.invariant(e.Invariant); {
		case invariant == nil:
			return fmt.Sprintf("%s: %s is expected to be breached, and this version does not watch it; remove the entry", e.At, e.Name())
		case invariant.State == string(Unsupported):
			return fmt.Sprintf("%s: %s is expected to be breached, and is unsupported: %s; remove the entry", e.At, e.Name(), firstLine(invariant.Why))
		default:
			return fmt.Sprintf("%s: %s is expected to be breached, and held; remove the entry", e.At, e.Name())
		}
	}
	switch {
	case record == nil:
		return fmt.Sprintf("%s: %s is expected to fail, and is left out: %s", e.At, e.Scenario, e.Unplanned)
	case record.Outcome == Unsupported:
		return fmt.Sprintf("%s: %s is expected to fail, and is unsupported: %s; remove the entry", e.At, e.Scenario, firstLine(record.Why))
	default:
		return fmt.Sprintf("%s: %s is expected to fail, and passed; remove the entry", e.At, e.Scenario)
	}
}
