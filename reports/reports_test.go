package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
)

// example is a report with one scenario of each outcome.
func example() *Report {
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	record := func(id, level string, outcome Outcome, why string) Record {
		return Record{
			ID: id, Chapter: "labels", Feature: "Selectors", File: "labels/selectors.feature", Line: 7, Rule: "a rule", Name: "a name",
			Claims: []string{"labels/in"}, Profiles: []string{"api"}, Level: level, Outcome: outcome, Why: why, Started: begun, Duration: 1.5,
			Steps:    []Step{{Text: "it holds", Status: "passed", Seconds: 0.1}, {Text: "it does not", Status: "failed", Seconds: 0.2}},
			Timeline: []Observation{{At: begun, Object: "Pod/x", What: "created"}}, Attachments: []File{{Name: "x", MediaType: "text/plain", Path: "evidence/x"}},
			Rerun: "make conformance SCENARIO=" + id,
		}
	}
	failed := record("labels/in/b", "MUST", Failed, "the colour: expected blue, saw green")
	failed.Failure = &Failure{Step: "it does not", What: "the colour", Expected: "blue", Seen: "green\nand red", Waited: 1.2, At: begun.Add(time.Second), Timeline: []string{"03:04:05.1 red", "03:04:05.2 green"}, Diff: "- blue\n+ green"}
	of := func(r Record, claims ...string) Record { r.Claims = append([]string{}, claims...); return r }
	other := of(record("pods/x/g", "MUST", Passed, ""), "pods/x")
	other.File, other.Feature = "pods/x.feature", "Pods"
	r := &Report{
		Version: Version, Complete: true, Run: "r", Seed: 7, Command: "make conformance", Started: begun, Finished: begun.Add(time.Minute), Wall: 60, Starting: 2,
		Suite: Suite{Version: "1.2.3", Kubernetes: []string{"1.36", "1.37"}, Invariants: []string{"phase", "counts"}}, Target: Target{Kind: "reference", Name: "c", Version: "v1.37.2"},
		Profiles: []Profile{{Name: "api", Pending: []string{}, Scenarios: []string{"labels/in/a", "labels/in/b", "labels/in/c", "labels/in/d", "labels/in/e", "labels/in/f", "labels/in/left"}},
			{Name: "network", Pending: []string{"pods/later"}, Scenarios: []string{"pods/x/g"}}, {Name: "storage", Pending: []string{}, Scenarios: []string{}}},
		Claims: []Claim{{ID: "labels/in", Chapter: 6, Level: "MUST", Text: "in", Scenarios: []string{"labels/in/a", "labels/in/b", "labels/in/left"}},
			{ID: "pods/x", Chapter: 5, Level: "SHOULD", Text: "x", Scenarios: []string{"pods/x/g"}},
			{ID: "pods/left", Chapter: 5, Level: "MUST", Text: "x", Scenarios: []string{"labels/in/left"}},
			{ID: "pods/later", Chapter: 5, Level: "MUST", Text: "later", Scenarios: []string{}}},
		Scenarios: []Record{record("labels/in/a", "MUST", Passed, ""), failed, of(record("labels/in/c", "SHOULD", Failed, "not quite")),
			of(record("labels/in/d", "MUST", Unsupported, "no second node")), of(record("labels/in/e", "MUST", Inconclusive, "the network was away")),
			of(record("labels/in/f", "MUST", Error, "a hook panicked: \x1b[31m\nat x.go")), other},
		LeftOut: []LeftOut{{ID: "labels/in/left", Level: "MUST", Why: "slow"}},
		Invariants: []Invariant{{Name: "phase", Text: "The phase is final.", State: Held, Observed: 7, Breaches: []Breach{}},
			{Name: "counts", Text: "Counts are in order.", State: string(Unsupported), Why: "it may not be watched", Breaches: []Breach{}}},
		Expected: []Expected{},
		Evidence: []File{}, Problems: []string{}, Notes: []string{},
	}
	r.Summarise()
	return r
}

func TestSummary(t *testing.T) {
	r := example()
	want := Counts{Planned: 7, Passed: 2, Failed: 2, Unsupported: 1, Inconclusive: 1, Error: 1, LeftOut: 1, MissedShould: 1, PendingClaims: 1}
	if diff := cmp.Diff(want, r.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	var states []string
	for _, claim := range r.Claims {
		states = append(states, claim.State)
	}
	if diff := cmp.Diff([]string{"failed", "passed", "left out", "pending"}, states); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestVerdict(t *testing.T) {
	only := func(keep ...Outcome) func(*Report) {
		return func(r *Report) {
			var kept []Record
			for _, record := range r.Scenarios {
				for _, outcome := range keep {
					if record.Outcome == outcome {
						kept = append(kept, record)
					}
				}
			}
			r.Scenarios = kept
		}
	}
	for name, c := range map[string]struct {
		change func(*Report)
		reason string // nothing: it passes
	}{
		"all passed":         {only(Passed), ""},
		"some unsupported":   {only(Passed, Unsupported), ""},
		"missed a SHOULD":    {func(r *Report) { only(Passed)(r); r.Scenarios[0].Outcome, r.Scenarios[0].Level = Failed, "SHOULD" }, ""},
		"missed a HISTORIC":  {func(r *Report) { only(Passed)(r); r.Scenarios[0].Outcome, r.Scenarios[0].Level = Failed, "HISTORIC" }, ""},
		"failed":             {only(Passed, Failed), "1 scenario failed"},
		"inconclusive":       {only(Passed, Inconclusive), "the environment is at fault"},
		"error":              {only(Passed, Error), "the suite is at fault"},
		"only unsupported":   {only(Unsupported), "nothing was judged"},
		"nothing":            {only(), "no scenario was planned"},
		"unaccounted for":    {func(r *Report) { only(Passed)(r); r.Scenarios[0].Outcome = "" }, "1 planned scenario not accounted for"},
		"target died":        {func(r *Report) { only(Passed)(r); r.Target.Died = "it went away" }, "it went away"},
		"problem":            {func(r *Report) { only(Passed)(r); r.Problems = []string{"a tag"} }, "a tag"},
		"run that goes on":   {func(r *Report) { only(Passed)(r); r.Complete = false }, "did not end"},
		"interrupted":        {func(r *Report) { only(Inconclusive)(r); r.Problems = []string{"the network was away"} }, "1 scenario could not be judged for that reason"},
		"an unknown outcome": {func(r *Report) { only(Passed)(r); r.Scenarios[0].Outcome = "fine" }, "not accounted for"},
	} {
		t.Run(name, func(t *testing.T) {
			r := example()
			c.change(r)
			r.Summarise()
			if name == "interrupted" && strings.Contains(strings.Join(r.Verdict.Reasons, "\n"), "at fault") {
				t.Errorf("somebody is blamed beside the true reason: %q", r.Verdict.Reasons)
			}
			if r.Verdict.Passed != (c.reason == "") || !strings.Contains(strings.Join(r.Verdict.Reasons, "\n"), c.reason) {
				t.Errorf("verdict %+v, want the reason %q", r.Verdict, c.reason)
			}
		})
	}
}

// validator checks documents against the published schema.
func validator(t *testing.T) *validate.SchemaValidator {
	t.Helper()
	var schema spec.Schema
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	return validate.NewSchemaValidator(&schema, nil, "", strfmt.Default)
}

func TestJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "report.json")
	if err := example().WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	if result := validator(t).Validate(document); !result.IsValid() {
		t.Errorf("the report does not keep its schema: %v", result.Errors)
	}
	got, err := ReadJSON(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	// The schema does refuse what is wrong.
	for name, spoil := range map[string]func(map[string]any){
		"missing":      func(d map[string]any) { delete(d, "seed") },
		"unknown":      func(d map[string]any) { d["colour"] = "blue" },
		"version":      func(d map[string]any) { d["version"] = 1 },
		"outcome":      func(d map[string]any) { d["scenarios"].([]any)[0].(map[string]any)["outcome"] = "fine" },
		"failure":      func(d map[string]any) { d["scenarios"].([]any)[1].(map[string]any)["failure"] = map[string]any{} },
		"claim":        func(d map[string]any) { d["claims"].([]any)[0].(map[string]any)["state"] = "fine" },
		"negative":     func(d map[string]any) { d["counts"].(map[string]any)["passed"] = -1 },
		"profile":      func(d map[string]any) { d["profiles"].([]any)[0].(map[string]any)["state"] = "nearly" },
		"broken times": func(d map[string]any) { d["started"] = "yesterday" },
	} {
		var spoilt map[string]any
		if err := json.Unmarshal(data, &spoilt); err != nil {
			t.Fatal(err)
		}
		spoil(spoilt)
		if validator(t).Validate(spoilt).IsValid() {
			t.Errorf("the schema accepts a report that is spoilt by: %s", name)
		}
	}
}

func TestReadJSONRefuses(t *testing.T) {
	for name, change := range map[string]func(*Report){
		"another version":   func(r *Report) { r.Version = 1 },
		"a run in progress": func(r *Report) { r.Complete = false },
	} {
		path := filepath.Join(t.TempDir(), "report.json")
		r := example()
		change(r)
		if err := r.WriteJSON(path); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadJSON(path); err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}

func TestJUnit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junit.xml")
	if err := example().WriteJUnit(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var run junitRun
	if err := xml.Unmarshal(data, &run); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	skipped := 0
	for _, suite := range run.Suites {
		skipped += suite.Skipped
	}
	if run.Tests != 9 || run.Failures != 1 || run.Errors != 2 || skipped != 3 || len(run.Suites) != 3 {
		t.Fatalf("%d tests, %d failures, %d errors, %d skipped in %d suites", run.Tests, run.Failures, run.Errors, skipped, len(run.Suites))
	}
	suite := run.Suites[0]
	if suite.Name != "Selectors" || suite.Tests != 6 || suite.Time != "9.000" || suite.Timestamp != "2026-01-02T03:04:05" {
		t.Errorf("suite %+v", suite)
	}
	if f := suite.Cases[1].Failure; f == nil || !strings.Contains(f.Text, "expected: blue") || !strings.Contains(f.Text, "seen:     green") {
		t.Errorf("failure %+v", f)
	}
	if e := suite.Cases[5].Error; e == nil || strings.Contains(e.Text, "\x1b") {
		t.Errorf("error %+v", e)
	}
	if s := suite.Cases[3].Skipped; s == nil || s.Message != "no second node" {
		t.Errorf("skip %+v", s)
	}
	if s := suite.Cases[2].Skipped; s == nil || !strings.Contains(s.Message, "SHOULD, missed") {
		t.Errorf("missed SHOULD %+v", s)
	}
}

// junitForm is what Jenkins' xUnit plugin lets each element have, by its schema junit-10.xsd: attributes, and other elements.
var junitForm = map[string]struct{ attributes, elements string }{
	"testsuites": {"name time tests failures errors", "testsuite"},
	"testsuite":  {"name tests failures errors group time skipped timestamp hostname id package file log url", "testsuite properties testcase system-out system-err"},
	"properties": {"", "property"},
	"property":   {"name value", ""},
	"testcase":   {"name time classname group", "skipped error failure rerunFailure rerunError flakyFailure flakyError system-out system-err"},
	"failure":    {"type message", ""},
	"error":      {"type message", ""},
	"skipped":    {"type message", ""},
	"system-out": {"", ""},
}

func TestJUnitForm(t *testing.T) {
	r := example()
	r.Expected = []Expected{{Scenario: "labels/in/b", Reason: "ticket 12"}}
	r.Problems = []string{"a tag"}
	r.Summarise()
	path := filepath.Join(t.TempDir(), "junit.xml")
	if err := r.WriteJUnit(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	has := func(list, name string) bool { return slices.Contains(strings.Fields(list), name) }
	var within []string
	for decoder := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch element := token.(type) {
		case xml.StartElement:
			name := element.Name.Local
			form, known := junitForm[name]
			if !known || len(within) > 0 && !has(junitForm[within[len(within)-1]].elements, name) {
				t.Errorf("there is a <%s> in %v, which the form does not have", name, within)
			}
			for _, attribute := range element.Attr {
				if !has(form.attributes, attribute.Name.Local) {
					t.Errorf("<%s> has the attribute %s, which the form does not have", name, attribute.Name.Local)
				}
				if attribute.Name.Local == "time" && !regexp.MustCompile(`^[0-9]+\.[0-9]{3}$`).MatchString(attribute.Value) {
					t.Errorf("<%s> has the time %q", name, attribute.Value)
				}
			}
			within = append(within, name)
		case xml.EndElement:
			within = within[:len(within)-1]
		}
	}
}

// TestJUnitOfARunWithoutScenarios: a CI system that reads only this file must see that the run failed.
func TestJUnitOfARunWithoutScenarios(t *testing.T) {
	r := example()
	r.Scenarios = nil
	r.Summarise()
	if run := r.junit(); run.Errors != 1 || run.Tests != 3 {
		t.Errorf("%d errors of %d tests, want one", run.Errors, run.Tests)
	}
}

func TestConsole(t *testing.T) {
	var b bytes.Buffer
	Console{W: &b, Pending: true, Folder: "/tmp/out"}.Write(example())
	got := b.String()
	for _, want := range []string{
		"Chapter 6", "failed       labels/in", "failed labels/in/b", "Selectors: a rule / a name", "at:       it does not",
		"expected: blue", "seen:     green\n            and red", "waited 1.20 s", "1.00 s into the scenario", "- blue", "03:04:05.2 green",
		"run it again: make conformance SCENARIO=labels/in/b", "missed labels/in/c (SHOULD)", "inconclusive labels/in/e", "because:  the network was away",
		"1 scenario: no second node", "1 scenario: slow", "pods/later", "/tmp/out/evidence/x", "Plumbline 1.2.3, which judges Kubernetes 1.36 and 1.37",
		"not conformant api            1 of 6 MUST scenarios failed: labels/in/b", "missed, and no MUST: labels/in/c",
		"conformant     network        every MUST scenario passed", "not covered: 1 claim of level MUST", "not judged     storage        there is no scenario", "Slowest scenarios", "Kubernetes API v1.37.2", "Seed: 7",
		"7 planned, 2 passed, 1 failed, 1 missed (no MUST), 1 unsupported, 1 inconclusive, 1 in error, 1 left out",
		"The run failed:", "1 scenario failed", "\n  failed labels/in/b: ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the console does not say %q", want)
		}
	}
	var short bytes.Buffer
	Console{W: &short}.Write(example())
	if strings.Contains(short.String(), "pods/later") {
		t.Error("claims without scenarios are listed without being asked for")
	}
	if strings.Contains(got, "\x1b[1m") {
		t.Error("there are colours without a terminal")
	}
	if t.Failed() {
		t.Log(got)
	}
	var colored bytes.Buffer
	Console{W: &colored, Color: true}.Write(example())
	if !strings.Contains(colored.String(), "\x1b[31mfailed") {
		t.Error("there are no colours on a terminal")
	}
}
