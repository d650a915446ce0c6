package reports

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sound is a report as a run leaves it, in a folder with its evidence.
func sound(t *testing.T, change func(*Report)) string {
	t.Helper()
	r := example()
	for i := range r.Scenarios {
		if record := &r.Scenarios[i]; record.Outcome == Passed {
			record.Steps = record.Steps[:1]
		}
	}
	more := &r.Scenarios[6]
	more.Steps = []Step{more.Steps[0], {Text: "it lasts", Status: "passed", Seconds: 0.1}, {Text: "it ends", Status: "passed", Seconds: 0.1}}
	r.Summarise()
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	change(r)
	path := filepath.Join(t.TempDir(), "report.json")
	if err := r.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	evidence := filepath.Join(filepath.Dir(path), "evidence", "x")
	if err := os.MkdirAll(filepath.Dir(evidence), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(evidence, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestVerify(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Report)
		want   string // nothing: it is sound
	}{
		"as it was":                    {func(*Report) {}, ""},
		"a verdict made better":        {func(r *Report) { r.Verdict = Verdict{Passed: true, Words: "passed", Reasons: []string{}} }, "the verdict is"},
		"a count made better":          {func(r *Report) { r.Counts.Failed = 0 }, "the counts are"},
		"a claim made better":          {func(r *Report) { r.Claims[0].State = "passed" }, "the claim labels/in is called passed"},
		"a profile made better":        {func(r *Report) { r.Profiles[0].State = Conformant }, "the profile api is called conformant"},
		"an outcome made better":       {func(r *Report) { r.Scenarios[1].Outcome = Passed }, "labels/in/b is passed, but its step \"it does not\" is failed"},
		"a scenario taken away":        {func(r *Report) { r.Scenarios = r.Scenarios[1:] }, "labels/in/a of the claim labels/in has no outcome"},
		"a scenario twice":             {func(r *Report) { r.Scenarios = append(r.Scenarios, r.Scenarios[0]) }, "is there twice"},
		"left out and judged":          {func(r *Report) { r.LeftOut = append(r.LeftOut, LeftOut{ID: "labels/in/a"}) }, "labels/in/a was left out, and is there a second time"},
		"an outcome that there is not": {func(r *Report) { r.Scenarios[0].Outcome = "fine" }, "there is no such outcome"},
		"no reason":                    {func(r *Report) { r.Scenarios[3].Why = "" }, "it does not say why"},
		"evidence taken away":          {func(r *Report) { r.Evidence = []File{{Path: "evidence/y"}} }, "the evidence evidence/y is not there"},
		"a count of a claim":           {func(r *Report) { r.Claims[0].Counts["failed"] = 7 }, "the claim labels/in counts 1 passed, 7 failed, 1 left out, and its scenarios are 1 passed, 1 failed, 1 left out"},
		"a count of a profile":         {func(r *Report) { r.Profiles[0].Passed++ }, "the profile api says"},
		"a reason taken away":          {func(r *Report) { r.Verdict.Reasons = r.Verdict.Reasons[1:] }, "the verdict is"},
		"failures, and called passed":  {func(r *Report) { r.Verdict.Passed = true }, "and the records make it \"failed\""},
		"left out twice":               {func(r *Report) { r.LeftOut = append(r.LeftOut, r.LeftOut[0]) }, "labels/in/left was left out, and is there a second time"},
		"a claim taken away":           {func(r *Report) { r.Claims = r.Claims[1:] }, "labels/in/a is of the claim labels/in, which is not there"},
		"a claim twice":                {func(r *Report) { r.Claims = append(r.Claims, r.Claims[0]) }, "the claim labels/in is there twice"},
		"a claim of no scenario":       {func(r *Report) { r.Claims[0].Scenarios = []string{} }, "labels/in/a is of the claim labels/in, which does not name it"},
		"a claim of another scenario":  {func(r *Report) { r.Claims[1].Scenarios = append(r.Claims[1].Scenarios, "labels/in/a") }, "the claim pods/x names the scenario labels/in/a, which is not of it"},
		"a profile of no scenario":     {func(r *Report) { r.Profiles[1].Scenarios = []string{"pods/y"} }, "pods/y of the profile network has no outcome"},
		"steps out of order": {func(r *Report) { s := r.Scenarios[1].Steps; s[0], s[1] = s[1], s[0] },
			"its step \"it does not\" is failed, and a later one, \"it holds\", is passed: they are out of order"},
		"a step taken away": {func(r *Report) {
			r.Scenarios[6].Steps = append(r.Scenarios[6].Steps[:1:1], r.Scenarios[6].Steps[2:]...)
		}, "the scenario pods/x/g is not as the run wrote it down"},
		"what was seen is edited":    {func(r *Report) { r.Scenarios[1].Failure.Seen = "blue" }, "the scenario labels/in/b is not as the run wrote it down"},
		"an observation edited":      {func(r *Report) { r.Scenarios[0].Timeline[0].What = "deleted" }, "the scenario labels/in/a is not as the run wrote it down"},
		"a digest taken away":        {func(r *Report) { r.Scenarios[0].Digest = "" }, "labels/in/a has no digest"},
		"an end before the begin":    {func(r *Report) { r.Finished = r.Started.Add(-time.Hour) }, "the run began at 2026-01-02 03:04:05.000 and ended at 2026-01-02 02:04:05.000: the times run backwards"},
		"a scenario before the run":  {func(r *Report) { r.Scenarios[0].Started = r.Started.Add(-time.Hour) }, "the scenario labels/in/a ran from"},
		"a scenario after the run":   {func(r *Report) { r.Scenarios[0].Duration = 3600 }, "the scenario labels/in/a ran from"},
		"steps longer than together": {func(r *Report) { r.Scenarios[0].Steps[0].Seconds = 30 }, "labels/in/a took 1.50 s, and its steps took 30.0 s"},
		"a timeline backwards": {func(r *Report) {
			r.Scenarios[0].Timeline = append(r.Scenarios[0].Timeline, Observation{At: r.Scenarios[0].Started.Add(-2 * time.Second), Object: "Pod/y"})
		}, "labels/in/a saw Pod/y at"},
		"a timeline that goes back little by little": {func(r *Report) {
			r.Scenarios[0].Timeline = []Observation{seenAfter(r, 900), seenAfter(r, 400), seenAfter(r, -150)}
		}, "after what it saw at 2026-01-02 03:04:05.900"},
		"a failure before its scenario": {func(r *Report) { r.Scenarios[1].Failure.At = r.Started.Add(-time.Hour) }, "and failed at 2026-01-02 02:04:05.000"},
		"an invariant taken away":       {func(r *Report) { r.Invariants = r.Invariants[:1] }, "the invariant counts is missing"},
		"an invariant twice":            {func(r *Report) { r.Invariants = append(r.Invariants, r.Invariants[0]) }, "the invariant phase is there twice"},
		"no invariants":                 {func(r *Report) { r.Invariants, r.Suite.Invariants = nil, nil }, "does not say which invariants"},
		"an invariant made up":          {func(r *Report) { r.Invariants[0].Name = "colour" }, "the invariant colour is none that the suite watches"},
		"breaches taken away":           {func(r *Report) { r.Invariants[0].State = Breached }, "the invariant phase is called breached, and has 0 breaches"},
		"a breach backwards": {func(r *Report) {
			r.Invariants[0].State, r.Invariants[0].Breaches = Breached, []Breach{{Scenario: "labels/in/a", Before: Sighting{At: r.Finished}, After: Sighting{At: r.Started}}}
		}, "the invariant phase was breached by what was seen at 2026-01-02 03:05:05.000 and then at 2026-01-02 03:04:05.000"},
		"a breach of no scenario": {func(r *Report) {
			r.Invariants[0].State, r.Invariants[0].Breaches = Breached, []Breach{{Scenario: "pods/y"}}
		}, "in the namespace of pods/y, which is no scenario"},
		"a failure called known": {func(r *Report) { r.Scenarios[1].Known = "ticket 12" }, "the failure of labels/in/b is known for \"ticket 12\""},
		"a known failure added":  {func(r *Report) { r.Expected = []Expected{{Scenario: "labels/in/b", State: Unjudged}} }, "the known failure labels/in/b is called not judged"},
	} {
		problems, err := Verify(sound(t, c.change))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(problems, "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// seenAfter is an observation of the first scenario, some milliseconds after its begin.
func seenAfter(r *Report, milliseconds int) Observation {
	return Observation{At: r.Scenarios[0].Started.Add(time.Duration(milliseconds) * time.Millisecond), Object: "Pod/y", What: "seen"}
}

// TestVerifyAllowsForClocks: one that is set right while a scenario runs makes no times that run backwards.
func TestVerifyAllowsForClocks(t *testing.T) {
	problems, err := Verify(sound(t, func(r *Report) {
		r.Scenarios[0].Timeline = []Observation{seenAfter(r, 900), seenAfter(r, 0), seenAfter(r, 1400), seenAfter(r, 500)}
		if err := r.Seal(); err != nil {
			t.Fatal(err)
		}
	}))
	if err != nil || len(problems) > 0 {
		t.Errorf("%q, %v", problems, err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	path := sound(t, func(*Report) {})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"a truncated report":      {string(data[:len(data)/2]), fmt.Sprintf("line %d: unexpected end of JSON input: the file is cut off", 1+bytes.Count(data[:len(data)/2], []byte("\n")))},
		"nothing":                 {"", "line 1: unexpected end"},
		"a broken line":           {"{\n  \"version\": 4,\n  \"complete\": true,\n  \"run: 3\n}\n", "line 4: invalid character"},
		"a word for a number":     {strings.Replace(string(data), `"seed": 7`, `"seed": "seven"`, 1), "line 5: json: cannot unmarshal string"},
		"an unknown field":        {strings.Replace(string(data), `"seed": 7`, `"seed": 7, "colour": "blue"`, 1), `unknown field "colour"`},
		"an unknown field within": {strings.Replace(string(data), `"outcome": "passed"`, `"outcome": "passed", "colour": 1`, 1), `unknown field "colour"`},
		"a step that says more":   {strings.Replace(string(data), `"status": "passed"`, `"status": "passed", "colour": 1`, 1), `unknown field "colour"`},
		"two reports in one file": {string(data) + string(data), "after top-level value"},
		"no report":               {"hello", "invalid character"},
		"a run that did not end":  {strings.Replace(string(data), `"complete": true`, `"complete": false`, 1), "did not end"},
		"a report of another age": {strings.Replace(string(data), `"version": 4`, `"version": 99`, 1), "has version 99"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
