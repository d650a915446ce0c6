package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		"left out and judged":          {func(r *Report) { r.LeftOut = append(r.LeftOut, LeftOut{ID: "labels/in/a"}) }, "was left out, and has an outcome"},
		"an outcome that there is not": {func(r *Report) { r.Scenarios[0].Outcome = "fine" }, "there is no such outcome"},
		"no reason":                    {func(r *Report) { r.Scenarios[3].Why = "" }, "it does not say why"},
		"evidence taken away":          {func(r *Report) { r.Evidence = []File{{Path: "evidence/y"}} }, "the evidence evidence/y is not there"},
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

func TestVerifyRefuses(t *testing.T) {
	path := sound(t, func(*Report) {})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"a truncated report":      {string(data[:len(data)/2]), "unexpected end"},
		"no report":               {"hello", "invalid character"},
		"a run that did not end":  {strings.Replace(string(data), `"complete": true`, `"complete": false`, 1), "did not end"},
		"a report of another age": {strings.Replace(string(data), `"version": 3`, `"version": 99`, 1), "has version 99"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
