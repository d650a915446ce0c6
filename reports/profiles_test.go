package reports

import (
	"strings"
	"testing"
)

// scenarios makes a report of one profile from "level outcome" pairs; an outcome in brackets is why one was left out.
func scenarios(entries ...string) *Report {
	r := &Report{Version: Version, Complete: true, Problems: []string{}, Profiles: []Profile{{Name: "api"}}}
	for i, entry := range entries {
		level, outcome, _ := strings.Cut(entry, " ")
		id := "a/b/" + string(rune('a'+i))
		r.Profiles[0].Scenarios = append(r.Profiles[0].Scenarios, id)
		if why, left := strings.CutPrefix(outcome, "("); left {
			r.LeftOut = append(r.LeftOut, LeftOut{ID: id, Level: level, Why: strings.TrimSuffix(why, ")")})
			continue
		}
		r.Scenarios = append(r.Scenarios, Record{ID: id, File: "a/b.feature", Level: level, Outcome: Outcome(outcome), Why: "because"})
	}
	r.Summarise()
	return r
}

func TestProfiles(t *testing.T) {
	for name, c := range map[string]struct {
		entries []string
		state   string
		why     string
		missed  int
	}{
		"all passed":              {[]string{"MUST passed", "MUST passed"}, Conformant, "all 2 MUST scenarios passed", 0},
		"a SHOULD missed":         {[]string{"MUST passed", "SHOULD failed", "HISTORIC failed"}, Conformant, "every MUST scenario passed", 2},
		"a SHOULD not selected":   {[]string{"MUST passed", "SHOULD (not selected)"}, Conformant, "", 0},
		"a MUST failed":           {[]string{"MUST passed", "MUST failed"}, NotConformant, "1 of 2 MUST scenarios failed: a/b/b", 0},
		"many failed":             {[]string{"MUST failed", "MUST failed", "MUST failed", "MUST failed"}, NotConformant, "a/b/a, a/b/b, a/b/c and 1 more", 0},
		"failed, and left out":    {[]string{"MUST failed", "MUST (not selected)"}, NotConformant, "1 of 2", 0},
		"not selected":            {[]string{"MUST passed", "MUST (not selected)"}, NotJudged, "1 of 2 MUST scenarios passed, none failed: 1 not selected", 0},
		"slow":                    {[]string{"MUST passed", "MUST (slow)"}, NotJudged, "1 slow", 0},
		"unsupported":             {[]string{"MUST passed", "MUST unsupported"}, NotJudged, "unsupported: because", 0},
		"all unsupported":         {[]string{"MUST unsupported"}, NotJudged, "0 of 1 MUST scenario passed", 0},
		"inconclusive":            {[]string{"MUST passed", "MUST inconclusive"}, NotJudged, "1 inconclusive", 0},
		"error":                   {[]string{"MUST passed", "MUST error"}, NotJudged, "1 error", 0},
		"nothing of level MUST":   {[]string{"SHOULD passed"}, NotJudged, "there is no scenario of level MUST", 0},
		"nothing":                 {nil, NotJudged, "there is no scenario", 0},
		"none of them accounted":  {[]string{"MUST "}, NotJudged, "", 0},
		"only SHOULD, and missed": {[]string{"SHOULD failed"}, NotJudged, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			profile := scenarios(c.entries...).Profiles[0]
			if profile.State != c.state || !strings.Contains(profile.Why, c.why) || len(profile.Missed) != c.missed {
				t.Errorf("%s because %q, missed %q; want %s because %q", profile.State, profile.Why, profile.Missed, c.state, c.why)
			}
		})
	}
}

func TestExpectedFailures(t *testing.T) {
	for name, c := range map[string]struct {
		entries  []string
		expected Expected
		words    string
		reason   string // of the verdict
		state    string
	}{
		"still fails":             {[]string{"MUST passed", "MUST failed"}, Expected{Scenario: "a/b/b"}, "as expected, with 1 known failure", "", StillFails},
		"a new failure":           {[]string{"MUST failed", "MUST failed"}, Expected{Scenario: "a/b/b"}, "failed", "1 scenario failed", StillFails},
		"passes now":              {[]string{"MUST passed", "MUST passed"}, Expected{Scenario: "a/b/b"}, "failed", "known.yaml:3: a/b/b is expected to fail, and passed", Stale},
		"unsupported":             {[]string{"MUST passed", "MUST unsupported"}, Expected{Scenario: "a/b/b"}, "failed", "is unsupported", Stale},
		"left out":                {[]string{"MUST passed", "MUST (slow)"}, Expected{Scenario: "a/b/b", Unplanned: "slow"}, "failed", "is left out: slow", Stale},
		"not selected":            {[]string{"MUST passed", "MUST (not selected)"}, Expected{Scenario: "a/b/b", Unplanned: "not selected", Narrowed: true}, "passed", "", Unjudged},
		"inconclusive":            {[]string{"MUST passed", "MUST inconclusive"}, Expected{Scenario: "a/b/b"}, "failed", "environment", Unjudged},
		"a SHOULD that is missed": {[]string{"MUST passed", "SHOULD failed"}, Expected{Scenario: "a/b/b"}, "as expected, with 1 known failure", "", StillFails},
	} {
		t.Run(name, func(t *testing.T) {
			r := scenarios(c.entries...)
			c.expected.At, c.expected.Reason = "known.yaml:3", "ticket 7"
			r.Expected = []Expected{c.expected}
			r.Summarise()
			r.Summarise() // any number of times
			reasons := strings.Join(r.Verdict.Reasons, "\n")
			if r.Verdict.Words != c.words || r.Verdict.Passed != (c.reason == "") || !strings.Contains(reasons, c.reason) || r.Expected[0].State != c.state {
				t.Errorf("%q because %q, the entry is %q; want %q because %q, and %q", r.Verdict.Words, reasons, r.Expected[0].State, c.words, c.reason, c.state)
			}
			if r.Counts.Known > 0 && strings.HasPrefix(c.entries[1], "MUST") && r.Profiles[0].State != NotConformant {
				t.Errorf("a profile with a known failure is %q", r.Profiles[0].State)
			}
			run := r.junit()
			if red := run.Failures+run.Errors > 0; red == r.Verdict.Passed {
				t.Errorf("JUnit has %d failures and %d errors, the verdict is %q", run.Failures, run.Errors, r.Verdict.Words)
			}
			if len(run.Suites[0].Properties) == 0 {
				t.Error("the JUnit report says nothing of the profiles")
			}
		})
	}
}
