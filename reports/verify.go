package reports

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Verify reads a report and judges it anew from its records, without a cluster. It returns what does not fit: a count, a claim, a
// profile or a verdict that the records do not bear out, a record that its own steps contradict, evidence that is not there. A report
// that cannot be read whole, or is of a run that did not end, is an error.
func Verify(path string) (problems []string, err error) {
	r, err := ReadJSON(path)
	if err != nil {
		return nil, err
	}
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	known := map[string]bool{}
	for i := range r.Scenarios {
		record := &r.Scenarios[i]
		if known[record.ID] {
			wrong("the scenario %s is there twice", record.ID)
		}
		known[record.ID] = true
		if contradiction := record.contradiction(); contradiction != "" {
			wrong("the scenario %s is %s, but %s", record.ID, record.Outcome, contradiction)
		}
	}
	for _, left := range r.LeftOut {
		if known[left.ID] {
			wrong("the scenario %s was left out, and has an outcome", left.ID)
		}
		known[left.ID] = true
	}
	for _, claim := range r.Claims {
		for _, id := range claim.Scenarios {
			if !known[id] {
				wrong("the scenario %s of the claim %s has no outcome, and was not left out", id, claim.ID)
			}
		}
	}
	for _, invariant := range r.Invariants {
		if (len(invariant.Breaches) > 0) != (invariant.State == Breached) {
			wrong("the invariant %s is called %s, and has %d breaches", invariant.Name, invariant.State, len(invariant.Breaches))
		}
	}
	anew, err := r.anew()
	if err != nil {
		return nil, err
	}
	if anew.Verdict.Passed != r.Verdict.Passed || anew.Verdict.Words != r.Verdict.Words || !slices.Equal(anew.Verdict.Reasons, r.Verdict.Reasons) {
		wrong("the verdict is %q %q, and the records make it %q %q", r.Verdict.Words, r.Verdict.Reasons, anew.Verdict.Words, anew.Verdict.Reasons)
	}
	if anew.Counts != r.Counts {
		wrong("the counts are %+v, and the records make them %+v", r.Counts, anew.Counts)
	}
	for i, claim := range r.Claims {
		if anew.Claims[i].State != claim.State {
			wrong("the claim %s is called %s, and its scenarios make it %s", claim.ID, claim.State, anew.Claims[i].State)
		}
	}
	for i, profile := range r.Profiles {
		if anew.Profiles[i].State != profile.State {
			wrong("the profile %s is called %s, and its scenarios make it %s", profile.Name, profile.State, anew.Profiles[i].State)
		}
	}
	return append(problems, r.missing(filepath.Dir(path))...), nil
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
