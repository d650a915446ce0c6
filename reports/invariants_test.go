package reports

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// breachedReport is one whose scenarios all passed, and which saw an invariant breached.
func breachedReport() *Report {
	r := example()
	r.Scenarios = r.Scenarios[:1]
	r.Profiles = r.Profiles[:1]
	r.Profiles[0].Scenarios = []string{"labels/in/a"}
	r.Problems = []string{}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r.Invariants[0].State, r.Invariants[0].Why = Breached, "Pod ns/p: it rose from the dead, in the namespace of labels/in/a"
	r.Invariants[0].Breaches = []Breach{{Scenario: "labels/in/a", Cluster: "c", Namespace: "ns", Objects: []string{"Pod ns/p"}, Why: "it rose from the dead",
		Before: Sighting{At: at, Object: "Pod ns/p", Version: "7", What: "phase Failed"}, After: Sighting{At: at.Add(time.Second), Object: "Pod ns/p", Version: "8", What: "phase Running"}}}
	r.Summarise()
	return r
}

// TestABreachStandsInEveryForm: it fails the run and the profile, and both observations and the scenario are told.
func TestABreachStandsInEveryForm(t *testing.T) {
	r := breachedReport()
	if r.Verdict.Passed || !strings.Contains(strings.Join(r.Verdict.Reasons, "\n"), "the invariant phase was breached") {
		t.Errorf("verdict %+v", r.Verdict)
	}
	if r.Profiles[0].State != NotConformant {
		t.Errorf("profile %+v", r.Profiles[0])
	}
	folder := t.TempDir()
	junit := filepath.Join(folder, "junit.xml")
	if err := r.WriteJUnit(junit); err != nil {
		t.Fatal(err)
	}
	stored, err := os.ReadFile(junit)
	if err != nil {
		t.Fatal(err)
	}
	var console bytes.Buffer
	Console{W: &console}.Write(r)
	for form, text := range map[string]string{"the console": console.String(), "JUnit": string(stored), "the page": written(t, r)} {
		for _, want := range []string{"it rose from the dead", "labels/in/a", "phase Failed", "phase Running", "03:04:06"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", form, want)
			}
		}
	}
	var markdown bytes.Buffer
	if err := Compare(&markdown, []Compared{{"one", r}, {"other", example()}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(markdown.String(), "| invariant: phase | MUST | breached: Pod ns/p: it rose from the dead") {
		t.Errorf("the comparison lacks the invariant:\n%s", markdown.String())
	}
	path := filepath.Join(folder, "report.json")
	if err := r.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	r.Invariants[0].State = Held
	if err := r.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	if problems, err := Verify(path); err != nil || !strings.Contains(strings.Join(problems, "\n"), "is called held, and has 1 breaches") {
		t.Errorf("verified: %q, %v", problems, err)
	}
}

// TestExpectedBreaches: a breach that is known fails nothing, and one that is gone does, where the run could have seen it.
func TestExpectedBreaches(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*Report)
		expected Expected
		words    string
		reason   string
		state    string
	}{
		"still breached":        {nil, Expected{Invariant: "phase"}, "as expected, with 1 known breach", "", StillFails},
		"of a narrow run too":   {nil, Expected{Invariant: "phase", Narrowed: true}, "as expected, with 1 known breach", "", StillFails},
		"another one":           {func(r *Report) { r.Invariants[1].State = Held }, Expected{Invariant: "counts"}, "failed", "the invariant phase was breached", Stale},
		"holds now":             {holds, Expected{Invariant: "phase"}, "failed", "known.yaml:3: the invariant phase is expected to be breached, and held; remove the entry", Stale},
		"holds, in a narrow":    {holds, Expected{Invariant: "phase", Narrowed: true}, "passed", "", Unjudged},
		"holds, partly judged":  {func(r *Report) { holds(r); r.Scenarios[0].Outcome = Inconclusive }, Expected{Invariant: "phase"}, "failed", "environment", Unjudged},
		"holds, one is not had": {func(r *Report) { holds(r); r.Scenarios[0].Outcome = Unsupported }, Expected{Invariant: "phase"}, "failed", "nothing was judged", Unjudged},
		"not watched":           {holds, Expected{Invariant: "counts"}, "failed", "is unsupported: it may not be watched", Stale},
		"nothing was watched":   {func(r *Report) { holds(r); r.Invariants[0].State = NotJudged }, Expected{Invariant: "phase"}, "passed", "", Unjudged},
		"not known any more":    {holds, Expected{Invariant: "gone"}, "failed", "this version does not watch it", Stale},
	} {
		t.Run(name, func(t *testing.T) {
			r := breachedReport()
			if c.change != nil {
				c.change(r)
			}
			c.expected.Reason, c.expected.At = "ticket 7", "known.yaml:3"
			r.Expected = []Expected{c.expected}
			r.Summarise()
			if got := strings.Join(r.Verdict.Reasons, "\n"); r.Verdict.Words != c.words || !strings.Contains(got, c.reason) || c.reason == "" && got != "" {
				t.Errorf("%q because %q, want %q because %q", r.Verdict.Words, got, c.words, c.reason)
			}
			if r.Expected[0].State != c.state {
				t.Errorf("the entry is %q, want %q", r.Expected[0].State, c.state)
			}
			if breached := len(r.Invariants[0].Breaches) > 0; breached != (r.Profiles[0].State == NotConformant) && r.Scenarios[0].Outcome == Passed {
				t.Errorf("the profile is %s: %s", r.Profiles[0].State, r.Profiles[0].Why)
			}
			if err := r.WriteJSON(filepath.Join(t.TempDir(), "report.json")); err != nil {
				t.Error(err)
			}
		})
	}
}

// holds makes the first invariant one that held.
func holds(r *Report) {
	r.Invariants[0].State, r.Invariants[0].Why, r.Invariants[0].Breaches = Held, "", []Breach{}
}

// TestAKnownBreachStandsInEveryForm: as what it is, and with its reason.
func TestAKnownBreachStandsInEveryForm(t *testing.T) {
	r := breachedReport()
	r.Expected = []Expected{{Invariant: "phase", Reason: "ticket 7", At: "known.yaml:3"}}
	r.Summarise()
	if run := r.junit(); run.Failures != 0 || run.Errors != 0 {
		t.Errorf("JUnit has %d failures and %d errors", run.Failures, run.Errors)
	}
	data, err := xml.Marshal(r.junit())
	if err != nil {
		t.Fatal(err)
	}
	var console, compared bytes.Buffer
	Console{W: &console}.Write(r)
	if err := Compare(&compared, []Compared{{"one", r}, {"other", example()}}); err != nil {
		t.Fatal(err)
	}
	for form, c := range map[string]struct{ text, want string }{
		"the console":    {console.String(), "breached, as expected: ticket 7"},
		"its last line":  {console.String(), "The run ended as expected, with 1 known breach."},
		"its entries":    {console.String(), "still fails the invariant phase: ticket 7"},
		"JUnit":          {string(data), "known breach: ticket 7"},
		"the page":       {written(t, r), "Known: ticket 7"},
		"the summary":    {r.markdown(), "| known | `invariant: phase` | Pod ns/p: it rose from the dead"},
		"the comparison": {compared.String(), "| known: Pod ns/p: it rose from the dead"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%s lacks %q", form, c.want)
		}
	}
}
