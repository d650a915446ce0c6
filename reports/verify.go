package reports

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Verify reads a report and judges it anew from its records, without a cluster. It returns what does not fit: a count, a claim, a
// profile or a verdict that the records do not bear out, a record that its own steps, times or digest contradict, scenarios and claims that do
// not name each other, an invariant that is missing, evidence that is not there. A report that cannot be read whole, has a field that reports
// do not have, is of another version, or is of a run that did not end, is an error.
func Verify(path string) (problems []string, err error) {
	r, err := readJSON(path, true)
	if err != nil {
		return nil, err
	}
	anew, err := r.anew()
	if err != nil {
		return nil, err
	}
	v := &verification{Report: r, known: map[string]bool{}}
	v.scenarios()
	v.claims()
	v.invariants()
	v.times()
	v.sums(anew)
	return append(v.problems, r.missing(filepath.Dir(path))...), nil
}

// verification gathers what is wrong with a report.
type verification struct {
	*Report
	known    map[string]bool // scenarios that were planned or left out
	problems []string
}

func (v *verification) wrong(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// scenarios looks at each record by itself.
func (v *verification) scenarios() {
	for i := range v.Scenarios {
		record := &v.Scenarios[i]
		if v.known[record.ID] {
			v.wrong("the scenario %s is there twice", record.ID)
		}
		v.known[record.ID] = true
		if contradiction := record.contradiction(); contradiction != "" {
			v.wrong("the scenario %s is %s, but %s", record.ID, record.Outcome, contradiction)
		}
		switch digest, err := record.digest(); {
		case err != nil:
			v.wrong("%v", err)
		case record.Digest == "":
			v.wrong("the scenario %s has no digest", record.ID)
		case record.Digest != digest:
			v.wrong("the scenario %s is not as the run wrote it down: its digest is that of another record", record.ID)
		}
	}
	for _, left := range v.LeftOut {
		if v.known[left.ID] {
			v.wrong("the scenario %s was left out, and is there a second time", left.ID)
		}
		v.known[left.ID] = true
	}
}

// claims wants scenarios and claims to name each other, and profiles to name scenarios that there are.
func (v *verification) claims() {
	of := map[string][]string{}
	for _, claim := range v.Claims {
		if _, twice := of[claim.ID]; twice {
			v.wrong("the claim %s is there twice", claim.ID)
		}
		of[claim.ID] = claim.Scenarios
		for _, id := range claim.Scenarios {
			if !v.known[id] {
				v.wrong("the scenario %s of the claim %s has no outcome, and was not left out", id, claim.ID)
			}
		}
	}
	for i := range v.Scenarios {
		record := &v.Scenarios[i]
		for _, claim := range record.Claims {
			if listed, there := of[claim]; !there {
				v.wrong("the scenario %s is of the claim %s, which is not there", record.ID, claim)
			} else if !slices.Contains(listed, record.ID) {
				v.wrong("the scenario %s is of the claim %s, which does not name it", record.ID, claim)
			}
		}
		for claim, listed := range of {
			if slices.Contains(listed, record.ID) && !slices.Contains(record.Claims, claim) {
				v.wrong("the claim %s names the scenario %s, which is not of it", claim, record.ID)
			}
		}
	}
	for _, profile := range v.Profiles {
		for _, id := range profile.Scenarios {
			if !v.known[id] {
				v.wrong("the scenario %s of the profile %s has no outcome, and was not left out", id, profile.Name)
			}
		}
	}
}

// invariants wants all that the suite watches, each with a state that its breaches bear out.
func (v *verification) invariants() {
	if len(v.Suite.Invariants) == 0 {
		v.wrong("the report does not say which invariants the suite watches")
	}
	for _, name := range v.Suite.Invariants {
		if v.invariant(name) == nil {
			v.wrong("the invariant %s is missing", name)
		}
	}
	seen := map[string]bool{}
	for _, invariant := range v.Invariants {
		switch {
		case seen[invariant.Name]:
			v.wrong("the invariant %s is there twice", invariant.Name)
		case !slices.Contains(v.Suite.Invariants, invariant.Name):
			v.wrong("the invariant %s is none that the suite watches", invariant.Name)
		}
		seen[invariant.Name] = true
		if (len(invariant.Breaches) > 0) != (invariant.State == Breached) {
			v.wrong("the invariant %s is called %s, and has %d breaches", invariant.Name, invariant.State, len(invariant.Breaches))
		}
		for _, breach := range invariant.Breaches {
			if breach.Scenario != "" && !v.known[breach.Scenario] {
				v.wrong("the invariant %s was breached in the namespace of %s, which is no scenario of the report", invariant.Name, breach.Scenario)
			}
			if breach.After.At.Before(breach.Before.At) {
				v.wrong("the invariant %s was breached by what was seen at %s and then at %s: the times run backwards", invariant.Name, stamp(breach.Before.At), stamp(breach.After.At))
			}
		}
	}
}

// clockSlack is by how much times of one clock may disagree: it is set right while it runs, and durations are not read from it.
const clockSlack = time.Second

// times wants everything to happen after what came before it, and within the run.
func (v *verification) times() {
	if v.Finished.Before(v.Started) {
		v.wrong("the run began at %s and ended at %s: the times run backwards", stamp(v.Started), stamp(v.Finished))
		return
	}
	for i := range v.Scenarios {
		record := &v.Scenarios[i]
		if record.Started.IsZero() {
			continue // it did not run
		}
		ended := record.Started.Add(record.Duration.Duration())
		if record.Started.Before(v.Started.Add(-clockSlack)) || ended.After(v.Finished.Add(clockSlack)) {
			v.wrong("the scenario %s ran from %s to %s, and the run from %s to %s", record.ID, stamp(record.Started), stamp(ended), stamp(v.Started), stamp(v.Finished))
		}
		steps := Seconds(0)
		for _, step := range record.Steps {
			steps += step.Seconds
		}
		if steps > record.Duration+SecondsOf(clockSlack) {
			v.wrong("the scenario %s took %s, and its steps took %s", record.ID, brief(record.Duration.Duration()), brief(steps.Duration()))
		}
		last := record.Started
		for _, o := range record.Timeline {
			if o.At.Before(last.Add(-clockSlack)) {
				v.wrong("the scenario %s saw %s at %s, after what it saw at %s: the times run backwards", record.ID, o.Object, stamp(o.At), stamp(last))
				break
			}
			if o.At.After(last) {
				last = o.At
			}
		}
		if f := record.Failure; f != nil && !f.At.IsZero() && (f.At.Before(record.Started.Add(-clockSlack)) || f.At.After(ended.Add(clockSlack))) {
			v.wrong("the scenario %s ran from %s to %s, and failed at %s", record.ID, stamp(record.Started), stamp(ended), stamp(f.At))
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }

// sums compares what the report says in sum with what its records make of it.
func (v *verification) sums(anew *Report) {
	if anew.Verdict.Passed != v.Verdict.Passed || anew.Verdict.Words != v.Verdict.Words || !slices.Equal(anew.Verdict.Reasons, v.Verdict.Reasons) {
		v.wrong("the verdict is %q %q, and the records make it %q %q", v.Verdict.Words, v.Verdict.Reasons, anew.Verdict.Words, anew.Verdict.Reasons)
	}
	if anew.Counts != v.Counts {
		v.wrong("the counts are %+v, and the records make them %+v", v.Counts, anew.Counts)
	}
	for i, claim := range v.Claims {
		switch {
		case anew.Claims[i].State != claim.State:
			v.wrong("the claim %s is called %s, and its scenarios make it %s", claim.ID, claim.State, anew.Claims[i].State)
		case !maps.Equal(anew.Claims[i].Counts, claim.Counts):
			v.wrong("the claim %s counts %s, and its scenarios are %s", claim.ID, byOutcome(claim.Counts), byOutcome(anew.Claims[i].Counts))
		}
	}
	for i, profile := range v.Profiles {
		switch is := anew.Profiles[i]; {
		case is.State != profile.State:
			v.wrong("the profile %s is called %s, and its scenarios make it %s", profile.Name, profile.State, is.State)
		case is.Must != profile.Must || is.Passed != profile.Passed || is.Why != profile.Why || !slices.Equal(is.Missed, profile.Missed):
			v.wrong("the profile %s says %q of %d passed of %d, and its scenarios say %q of %d of %d", profile.Name, profile.Why, profile.Passed, profile.Must, is.Why, is.Passed, is.Must)
		}
	}
	for i := range v.Scenarios {
		if known := anew.Scenarios[i].Known; known != v.Scenarios[i].Known {
			v.wrong("the failure of %s is known for %q, and the list of known failures makes it %q", v.Scenarios[i].ID, v.Scenarios[i].Known, known)
		}
	}
	for i := range v.Invariants {
		if known := anew.Invariants[i].Known; known != v.Invariants[i].Known {
			v.wrong("the breach of %s is known for %q, and the list of known failures makes it %q", v.Invariants[i].Name, v.Invariants[i].Known, known)
		}
	}
	for i := range v.Expected {
		if state := anew.Expected[i].State; state != v.Expected[i].State {
			v.wrong("the known failure %s is called %s, and the records make it %s", v.Expected[i].Name(), v.Expected[i].State, state)
		}
	}
}

// anew is the report as its records make it.
func (r *Report) anew() (*Report, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("copy the report: %w", err)
	}
	var copied Report
	if err := json.Unmarshal(data, &copied); err != nil {
		return nil, fmt.Errorf("copy the report: %w", err)
	}
	copied.Summarise()
	return &copied, nil
}

// contradiction says how a record's steps speak against its outcome, or nothing.
func (record *Record) contradiction() string {
	bad := slices.IndexFunc(record.Steps, func(s Step) bool { return s.Status != string(Passed) })
	if bad >= 0 {
		for _, later := range record.Steps[bad+1:] {
			if later.Status == string(Passed) || later.Status == string(Failed) {
				return fmt.Sprintf("its step %q is %s, and a later one, %q, is %s: they are out of order", record.Steps[bad].Text, record.Steps[bad].Status, later.Text, later.Status)
			}
		}
	}
	switch record.Outcome {
	case Passed:
		switch {
		case len(record.Steps) == 0:
			return "has no step that held"
		case bad >= 0:
			return fmt.Sprintf("its step %q is %s", record.Steps[bad].Text, record.Steps[bad].Status)
		case record.Failure != nil:
			return "holds a failure"
		}
	case Failed:
		if record.Failure == nil && bad < 0 {
			return "no step failed"
		}
	case Unsupported, Inconclusive, Error:
	default:
		return "there is no such outcome"
	}
	if record.Outcome != Passed && record.Why == "" {
		return "it does not say why"
	}
	return ""
}

// missing names the evidence that is not beside the report.
func (r *Report) missing(folder string) []string {
	files := slices.Clone(r.Evidence)
	for i := range r.Scenarios {
		files = append(files, r.Scenarios[i].Attachments...)
	}
	var problems []string
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(folder, filepath.FromSlash(file.Path))); err != nil {
			problems = append(problems, fmt.Sprintf("the evidence %s is not there", file.Path))
		}
	}
	return problems
}
