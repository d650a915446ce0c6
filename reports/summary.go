package reports

import "fmt"

// severity orders outcomes from harmless to grave; a claim takes the gravest of its scenarios'.
var severity = map[Outcome]int{Passed: 0, Unsupported: 1, Inconclusive: 2, Error: 3, Failed: 4}

// Summarise computes the report's counts, the states of its claims, and its verdict from the records.
// The claims' scenarios must be filled in. It may be called any number of times.
func (r *Report) Summarise() {
	r.Counts = Counts{Planned: len(r.Scenarios), LeftOut: len(r.LeftOut)}
	byID := make(map[string]*Record, len(r.Scenarios))
	for i := range r.Scenarios {
		record := &r.Scenarios[i]
		byID[record.ID] = record
		switch record.Outcome {
		case Passed:
			r.Counts.Passed++
		case Failed:
			r.Counts.Failed++
			if record.Level != "MUST" {
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
	r.Verdict = r.judge()
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

// judge is the verdict: a run passes when it judged something, every planned scenario is accounted for, no scenario
// of level MUST failed, and none was kept from judging by the environment or by the suite.
func (r *Report) judge() Verdict {
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
	if must := r.Counts.Failed - r.Counts.MissedShould; must > 0 {
		because("%s failed", count(must, "scenario"))
	}
	if r.Counts.Error > 0 {
		because("%s could not be judged: the suite is at fault", count(r.Counts.Error, "scenario"))
	}
	if r.Counts.Inconclusive > 0 {
		because("%s could not be judged: the environment is at fault", count(r.Counts.Inconclusive, "scenario"))
	}
	if lost := r.Counts.Planned - r.Counts.Passed - r.Counts.Failed - r.Counts.Unsupported - r.Counts.Inconclusive - r.Counts.Error; lost > 0 {
		because("%s not accounted for", count(lost, "planned scenario"))
	}
	if r.Counts.Planned > 0 && r.Counts.Unsupported == r.Counts.Planned {
		because("every planned scenario is unsupported on this target, so nothing was judged")
	}
	v.Passed = len(v.Reasons) == 0
	return v
}

// count writes "1 scenario", "2 scenarios".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
