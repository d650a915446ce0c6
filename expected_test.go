package plumbline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline/plumbline/reports"
)

// expecting writes a file of expected failures and has the engine use it.
func expecting(t *testing.T, text string) func(*engine) {
	path := filepath.Join(t.TempDir(), "known.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return func(e *engine) { e.options.Expected = path }
}

const knownMiss = "# what this target gets wrong\n- scenario: labels/in/it-does-not-hold\n  reason: ticket 7\n"

func TestExpectedFailures(t *testing.T) {
	for name, c := range map[string]struct {
		feature, known, words, reason string
	}{
		"a known failure":              {testFeature("it holds", "it does not hold"), knownMiss, "as expected, with 1 known failure", ""},
		"a new failure":                {testFeature("it does not hold") + "\n  Scenario: another\n    Given it does not hold\n", knownMiss, "failed", "1 scenario failed"},
		"a known failure that is gone": {strings.Replace(testFeature("it does not hold"), "Given it does not hold", "Given it holds", 1), knownMiss, "failed", "known.yaml:2: labels/in/it-does-not-hold is expected to fail, and passed; remove the entry"},
		"nothing is expected":          {testFeature("it holds"), "# nothing\n", "passed", ""},
		"slow, so not run":             {testFeature("it holds") + "\n  @slow\n  Scenario: it does not hold\n    Given it does not hold\n", knownMiss, "failed", "is left out: slow"},
	} {
		t.Run(name, func(t *testing.T) {
			e := testRun(t, c.feature, &testVocabulary{}, expecting(t, c.known))
			_, report := outcomes(t, e)
			if got := strings.Join(report.Verdict.Reasons, "\n"); report.Verdict.Words != c.words || report.Verdict.Passed != (c.reason == "") || !strings.Contains(got, c.reason) {
				t.Errorf("%q because %q, want %q because %q", report.Verdict.Words, got, c.words, c.reason)
			}
			if api := report.Profiles[0]; (api.State == reports.Conformant) != (name == "nothing is expected" || name == "a known failure that is gone") {
				t.Errorf("the profile %s is %s: %s", api.Name, api.State, api.Why)
			}
			data, err := os.ReadFile(filepath.Join(e.options.Out, "report.json"))
			if err != nil {
				t.Fatal(err)
			}
			var stored reports.Report
			if err := json.Unmarshal(data, &stored); err != nil || len(stored.Expected) != len(report.Expected) {
				t.Errorf("the stored report has %d entries (%v)", len(stored.Expected), err)
			}
		})
	}
}

// TestExpectedFailuresOfANarrowRun: an entry of a scenario that was not asked for is neither confirmed nor stale.
func TestExpectedFailuresOfANarrowRun(t *testing.T) {
	e := testRun(t, testFeature("it holds", "it does not hold"), &testVocabulary{}, expecting(t, knownMiss), func(e *engine) {
		e.options.Scenarios = []string{"labels/in/it-holds"}
	})
	_, report := outcomes(t, e)
	if !report.Verdict.Passed || report.Expected[0].State != reports.Unjudged {
		t.Errorf("%q because %q; the entry is %q", report.Verdict.Words, report.Verdict.Reasons, report.Expected[0].State)
	}
	if api := report.Profiles[0]; api.State != reports.NotJudged || !strings.Contains(api.Why, "not selected") {
		t.Errorf("a profile of which one scenario was not selected is %s: %s", api.State, api.Why)
	}
}

func TestBadFilesOfExpectedFailures(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no YAML":                   {"- scenario: [\n", "line"},
		"no list":                   {"scenario: a\nreason: b\n", "known.yaml:1: want a list"},
		"no entry":                  {"- labels/in/it-holds\n", `known.yaml:1: entry 1: "labels/in/it-holds" is no entry`},
		"no reason":                 {"- scenario: labels/in/it-holds\n", "known.yaml:1: entry 1: labels/in/it-holds has no reason"},
		"an empty reason":           {"- scenario: labels/in/it-holds\n  reason: '  '\n", "has no reason"},
		"a reason that is no text":  {"- scenario: labels/in/it-holds\n  reason: [a]\n", "reason has to be a text"},
		"no scenario":               {"- reason: b\n", "known.yaml:1: entry 1: scenario is missing, the id of a scenario, or invariant"},
		"an unknown field":          {"- scenario: a\n  reason: b\n  because: c\n", `nobody knows the field "because"`},
		"twice":                     {"- {scenario: labels/in/it-holds, reason: a}\n- {scenario: labels/in/it-holds, reason: b}\n", "known.yaml:2: entry 2: labels/in/it-holds stands at"},
		"both":                      {"- {scenario: labels/in/it-holds, invariant: one-controller, reason: a}\n", "want an entry for each"},
		"an invariant twice":        {"- {invariant: one-controller, reason: a}\n- {invariant: one-controller, reason: b}\n", "known.yaml:2: entry 2: the invariant one-controller stands at"},
		"an invariant, no reason":   {"- invariant: one-controller\n", "the invariant one-controller has no reason"},
		"an unknown invariant":      {"- {invariant: one-controler, reason: a}\n", "known.yaml:1: entry 1: there is no invariant one-controler: there are node-name-is-final, "},
		"no invariant, a scenario":  {"- {invariant: labels/in/it-holds, reason: a}\n", "that is a scenario, so write scenario: labels/in/it-holds"},
		"no scenario, an invariant": {"- {scenario: one-controller, reason: a}\n", "that is an invariant, so write invariant: one-controller"},
		"an unknown scenario":       {"- {scenario: labels/in/it-hold, reason: a}\n", "known.yaml:1: entry 1: there is no scenario labels/in/it-hold: perhaps labels/in/it-holds"},
	} {
		t.Run(name, func(t *testing.T) {
			e := testRun(t, testFeature("it holds"), &testVocabulary{}, expecting(t, c.text))
			if report, err := e.run(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) || report != nil {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		e := testRun(t, testFeature("it holds"), &testVocabulary{}, func(e *engine) { e.options.Expected = "/no/such/file" })
		if _, err := e.run(t.Context()); err == nil || !strings.Contains(err.Error(), "/no/such/file") {
			t.Errorf("error %v, want one that names the file", err)
		}
	})
}

// TestOutsideOfTheJudgedVersions: a target of another minor is judged, and the report says that it lies outside.
func TestOutsideOfTheJudgedVersions(t *testing.T) {
	got := map[string]bool{}
	for _, version := range []string{"v1.37.2", "1.36", "v1.36.0-rc.1", "v1.37+", "v1.3.7", "v1.35.9", "v1.370.1", "v2.37.1", "nonsense", ""} {
		got[version] = outside(version) != ""
	}
	want := map[string]bool{"v1.37.2": false, "1.36": false, "v1.36.0-rc.1": false, "v1.37+": false, "v1.3.7": true, "v1.35.9": true, "v1.370.1": true, "v2.37.1": true, "nonsense": true, "": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, report := outcomes(t, testRun(t, testFeature("it holds"), &testVocabulary{}))
	if !report.Verdict.Passed || !strings.Contains(strings.Join(report.Notes, "\n"), "this version of the suite judges Kubernetes 1.36 and 1.37") {
		t.Errorf("a target without a version: passed %v, notes %q", report.Verdict.Passed, report.Notes)
	}
	if report.Suite.Version != Version {
		t.Errorf("the report says that the suite's version is %q", report.Suite.Version)
	}
}

// TestNobodyIsBlamedWrongly: a fault of the suite's own, and an interrupt, are the only reasons that are given.
func TestNobodyIsBlamedWrongly(t *testing.T) {
	e := testRun(t, "@labels/in @apii\nFeature: x\n  Scenario: y\n    Given it holds\n", &testVocabulary{})
	_, report := outcomes(t, e)
	want := []string{"labels/tests.feature:3: nobody knows the tag @apii", "1 scenario could not be judged for that reason"}
	if diff := cmp.Diff(want, report.Verdict.Reasons); diff != "" || report.Counts.Error != 1 {
		t.Errorf("%+v, reasons (-want +got):\n%s", report.Counts, diff)
	}
}

func TestNegativeConcurrency(t *testing.T) {
	for _, c := range []struct {
		make bool
		want string
	}{{false, "-concurrency=-1: "}, {true, "CONCURRENCY=-1: "}} {
		e := testRun(t, testFeature("it holds"), &testVocabulary{}, func(e *engine) { e.options.Concurrency, e.options.Make = -1, c.make })
		if _, err := e.run(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one that says %q", err, c.want)
		}
	}
}

func TestSpelling(t *testing.T) {
	for _, c := range []struct {
		how               spelling
		name, value, want string
	}{
		{asFlags, "claim", "labels/on", "-claim=labels/on"},
		{asVariables, "claim", "labels/on", "CLAIM=labels/on"},
		{asFlags, "slow", "", "-slow"},
		{asVariables, "slow", "", "SLOW=1"},
		{asVariables, "workload-image", "a:b", "WORKLOAD_IMAGE=a:b"},
		{asVariables, "expected-failures", "x.yaml", "EXPECTED=x.yaml"},
	} {
		if got := c.how.option(c.name, c.value); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
