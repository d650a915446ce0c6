package reports

import (
	"fmt"
	"slices"
	"strings"
)

// severity orders outcomes from harmless to grave; a claim takes the gravest of its scenarios'.
var severity = map[Outcome]int{Passed: 0, Unsupported: 1, Inconclusive: 2, Error: 3, Failed: 4}

// Summarise computes the report's counts, the states of its claims, and its verdict from the records.
// The claims' scenarios must be filled in. It may be called any number of times.
func (r *Report) Summarise() {
	r.Counts = Counts{Planned: len(r.Scenarios), LeftOut: len(r.LeftOut)}
	byID := make(map[string]*Record, len(r.Scenarios))
	for i := range r.Scenarios {
		byID[r.Scenarios[i].ID] = &r.Scenarios[i]
	}
	r.expect(byID)
	for _, record := range r.Scenarios {
		switch record.Outcome {
		case Passed:
			r.Counts.Passed++
		case Failed:
			r.Counts.Failed++
			switch {
			case record.Known != "":
				r.Counts.Known++
			case record.Level != must:
				r.Counts.MissedShould++
			}
		case Unsupported:
			r.Counts.Unsupported++
		case Inconclusive:
			r.Counts.Inconclusive++
		case Error:
			r.Counts.Error++
		}
	}
	for i := range r.Claims {
		r.Claims[i].summarise(byID)
		if r.Claims[i].State == StatePending {
			r.Counts.PendingClaims++
		}
	}
	leftOut := make(map[string]LeftOut, len(r.LeftOut))
	for _, left := range r.LeftOut {
		leftOut[left.ID] = left
	}
	for i := range r.Profiles {
		r.Profiles[i].summarise(byID, leftOut)
		r.Profiles[i].heed(r.breachedIn(r.Profiles[i].Scenarios))
	}
	r.Verdict = r.judge(byID)
}

func (c *Claim) summarise(byID map[string]*Record) {
	c.Counts = map[string]int{}
	worst := Outcome("")
	for _, id := range c.Scenarios {
		record, planned := byID[id]
		if !planned {
			c.Counts[StateLeftOut]++
			continue
		}
		c.Counts[string(record.Outcome)]++
		if worst == "" || severity[record.Outcome] > severity[worst] {
			worst = record.Outcome
		}
	}
	switch {
	case worst != "":
		c.State = string(worst)
	case len(c.Scenarios) == 0:
		c.State = StatePending
	default:
		c.State = StateLeftOut
	}
}

// judge is the verdict: a run succeeds when it judged something, every planned scenario is accounted for, no scenario of
// level MUST failed and no invariant was breached but those that were expected to, and none was kept from judging by the environment or by the suite.
func (r *Report) judge(planned map[string]*Record) Verdict {
	v := Verdict{Reasons: []string{}}
	because := func(format string, args ...any) { v.Reasons = append(v.Reasons, fmt.Sprintf(format, args...)) }
	if !r.Complete {
		because("the run did not end: this is the report of a run that is still going, or died")
	}
	if r.Target.Died != "" {
		because("the target died: %s", r.Target.Died)
	}
	for _, problem := range r.Problems {
		because("%s", problem)
	}
	if r.Counts.Planned == 0 {
		because("no scenario was planned, so nothing was judged")
	}
	if n := r.failures(); n > 0 {
		because("%s failed", count(n, "scenario"))
	}
	for _, invariant := range r.Invariants {
		if invariant.Fails() {
			because("the invariant %s was breached: %s", invariant.Name, invariant.Why)
		}
	}
	for i := range r.Expected {
		if entry := &r.Expected[i]; entry.State == Stale {
			because("%s", r.stale(entry, planned[entry.Scenario]))
		}
	}
	explained, errors, inconclusive := 0, 0, 0
	for i := range r.Scenarios {
		switch record := &r.Scenarios[i]; {
		case r.explains(record):
			explained++
		case record.Outcome == Error:
			errors++
		case record.Outcome == Inconclusive:
			inconclusive++
		}
	}
	if explained > 0 {
		because("%s could not be judged for that reason", count(explained, "scenario"))
	}
	if errors > 0 {
		because("%s could not be judged: the suite is at fault", count(errors, "scenario"))
	}
	if inconclusive > 0 {
		because("%s could not be judged: the environment is at fault", count(inconclusive, "scenario"))
	}
	if lost := r.Counts.Planned - r.Counts.Passed - r.Counts.Failed - r.Counts.Unsupported - r.Counts.Inconclusive - r.Counts.Error; lost > 0 {
		because("%s not accounted for", count(lost, "planned scenario"))
	}
	if r.Counts.Planned > 0 && r.Counts.Unsupported == r.Counts.Planned {
		because("every planned scenario is unsupported on this target, so nothing was judged")
	}
	v.Passed = len(v.Reasons) == 0
	switch {
	case !v.Passed:
		v.Words = "failed"
	case r.knownWords() != "":
		v.Words = "as expected, with " + r.knownWords()
	default:
		v.Words = "passed"
	}
	return v
}

// failures counts the scenarios that fail the run.
func (r *Report) failures() int { return r.Counts.Failed - r.Counts.Known - r.Counts.MissedShould }

// explains says whether a scenario was not judged for a reason of the whole run, which the verdict gives by itself.
func (r *Report) explains(record *Record) bool {
	if record.Outcome != Inconclusive && record.Outcome != Error {
		return false
	}
	return slices.Contains(r.Problems, record.Why) || r.Target.Died != "" && strings.HasSuffix(record.Why, r.Target.Died)
}

// count writes "1 scenario", "2 scenarios".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
