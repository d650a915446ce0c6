package reports

import (
	"fmt"
	"strings"
)

// Profile is one ability that scenarios may need of a target, and what the run says of the target's conformance in it.
type Profile struct {
	Name  string `json:"name"`
	State string `json:"state"` // see the constants
	Why   string `json:"why"`   // of the state, in one sentence
	// Must counts the profile's scenarios of level MUST, planned or not, and Passed those of them that passed.
	Must   int `json:"must"`
	Passed int `json:"passed"`
	// Missed are the profile's planned scenarios of a lower level that failed. They do not touch the state.
	Missed []string `json:"missed"`
	// Pending are the profile's claims of level MUST that have no scenarios yet: nothing is said of those.
	Pending []string `json:"pending"`
	// Scenarios are all of the profile, planned or not.
	Scenarios []string `json:"scenarios"`
}

// The states of a profile.
const (
	// Conformant: every scenario of level MUST was planned, and passed.
	Conformant = "conformant"
	// NotConformant: at least one scenario of level MUST failed, be it a known failure or not.
	NotConformant = "not conformant"
	// NotJudged: none failed, but not all of them passed either. What was not run is never taken to pass.
	NotJudged = "not judged"
)

// summarise computes the profile's state.
func (p *Profile) summarise(planned map[string]*Record, leftOut map[string]LeftOut) {
	p.Must, p.Passed, p.Missed = 0, 0, []string{}
	var failed []string
	var unproven tally
	for _, id := range p.Scenarios {
		record := planned[id]
		switch {
		case record == nil && leftOut[id].Level != must:
		case record == nil:
			p.Must++
			unproven.add(leftOut[id].Why, 1)
		case record.Level != must:
			if record.Outcome == Failed {
				p.Missed = append(p.Missed, id)
			}
		default:
			p.Must++
			switch record.Outcome {
			case Passed:
				p.Passed++
			case Failed:
				failed = append(failed, id)
			case Unsupported:
				unproven.add("unsupported: "+firstLine(record.Why), 1)
			default:
				unproven.add(string(record.Outcome), 1)
			}
		}
	}
	switch {
	case p.Must == 0:
		p.State, p.Why = NotJudged, "there is no scenario of level MUST for it yet"
	case len(failed) > 0:
		p.State, p.Why = NotConformant, fmt.Sprintf("%d of %s failed: %s", len(failed), count(p.Must, "MUST scenario"), few(failed))
	case p.Passed < p.Must:
		p.State, p.Why = NotJudged, fmt.Sprintf("%d of %s passed, none failed: %s", p.Passed, count(p.Must, "MUST scenario"), unproven)
	default:
		p.State, p.Why = Conformant, "every MUST scenario passed"
		if p.Must > 1 {
			p.Why = fmt.Sprintf("all %d MUST scenarios passed", p.Must)
		}
	}
}

// heed has the invariants that were breached among the profile's scenarios count against it.
func (p *Profile) heed(breached []string) {
	if len(breached) == 0 || p.Must == 0 || p.State == NotConformant {
		return
	}
	p.State, p.Why = NotConformant, fmt.Sprintf("%s breached: %s", count(len(breached), "invariant"), few(breached))
}

// must is the level that decides about conformance.
const must = "MUST"

// few names the first of many.
func few(ids []string) string {
	const most = 3
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}

// tally counts reasons, and writes them in the order in which they first came.
type tally struct {
	order  []string
	counts map[string]int
}

func (t *tally) add(reason string, n int) {
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	if t.counts[reason] == 0 {
		t.order = append(t.order, reason)
	}
	t.counts[reason] += n
}

func (t tally) String() string {
	var parts []string
	for _, reason := range t.order {
		parts = append(parts, fmt.Sprintf("%d %s", t.counts[reason], reason))
	}
	return strings.Join(parts, "; ")
}
