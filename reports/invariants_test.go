package reports

import (
	"bytes"
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
	xml, err := os.ReadFile(junit)
	if err != nil {
		t.Fatal(err)
	}
	var console bytes.Buffer
	Console{W: &console}.Write(r)
	for form, text := range map[string]string{"the console": console.String(), "JUnit": string(xml), "the page": written(t, r)} {
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
