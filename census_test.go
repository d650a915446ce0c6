package plumbline

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/steps"
)

// bookCensus is the census of the real features.
func bookCensus(t *testing.T) *census {
	t.Helper()
	claims, err := features.Claims()
	if err != nil {
		t.Fatal(err)
	}
	c, err := takeCensus(features.FS, claims)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCensus wants every claim tag to be in claims.yaml, every claim to have scenarios or to be marked pending, no tag
// that nobody knows, and ids that are unique.
func TestCensus(t *testing.T) {
	c := bookCensus(t)
	for _, problem := range c.problems {
		t.Error(problem)
	}
	if len(c.scenarios) == 0 {
		t.Error("there are no scenarios")
	}
	for _, claim := range c.claims {
		if claim.Level != features.Must && claim.Level != features.Should && claim.Level != features.Historic {
			t.Errorf("the claim %s has the level %q", claim.ID, claim.Level)
		}
		for _, profile := range claim.Profiles {
			if !slices.Contains(Profiles, profile) {
				t.Errorf("the claim %s has the profile %q, which there is not", claim.ID, profile)
			}
		}
	}
}

// TestEverySentenceHasOneMeaning finds misspelt and ambiguous steps without a cluster.
func TestEverySentenceHasOneMeaning(t *testing.T) {
	for _, s := range bookCensus(t).scenarios {
		for _, step := range unmatchedSteps(s, steps.Initialize) {
			t.Errorf("%s:%d: not exactly one sentence of the vocabulary matches %q", s.file, s.line, step)
		}
	}
}

// TestReducedFeatures wants each reduced feature to be exactly the scenario that it was made for.
func TestReducedFeatures(t *testing.T) {
	for _, s := range bookCensus(t).scenarios {
		_, pickles, err := parse(s.file, s.source)
		if err != nil {
			t.Errorf("%s: %v", s.id, err)
			continue
		}
		if len(pickles) != 1 || pickles[0].Name != s.name {
			t.Errorf("%s: the reduced feature has %d scenarios", s.id, len(pickles))
			continue
		}
		var got []string
		for _, step := range pickles[0].Steps {
			got = append(got, step.Text)
		}
		if diff := cmp.Diff(s.steps, got); diff != "" {
			t.Errorf("%s: steps (-want +got):\n%s", s.id, diff)
		}
	}
}

const manyKinds = `@api
Feature: Many kinds

  Background:
    Given a background

  @labels/in
  Scenario: without a rule
    Given a step

  @labels/in
  Rule: a rule

    Background:
      Given another background

    # a comment before
    @serial @slow
    Scenario: with a rule
      Given a step with text
        """
        Scenario: not one
        | neither | this |
        """

    @should
    Scenario Outline: with <value>
      Given the value <value>

      Examples: first
        | value | other |
        | 1     | a     |
        | a=b   | b     |

      @historic
      Examples: second
        | value | other |
        | a = b | c     |

  @labels/in
  Rule: another rule

    Scenario Outline: without parameters
      Given a step
      Examples:
        | x |
        | 1 |
        | 2 |
`

func TestIdentities(t *testing.T) {
	c, err := takeCensus(fstest.MapFS{"labels/many.feature": {Data: []byte(manyKinds)}}, testClaims[:1])
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		ID, Rule, Level string
		Line            int64
		Serial, Slow    bool
		Steps           int
	}
	var got []entry
	for _, s := range c.scenarios {
		got = append(got, entry{s.id, s.rule, string(s.level), s.line, s.serial, s.slow, len(s.steps)})
	}
	want := []entry{
		{"labels/in/without-a-rule", "", "MUST", 8, false, false, 2},
		{"labels/in/with-a-rule", "a rule", "MUST", 19, true, true, 3},
		{"labels/in/with-1", "a rule", "SHOULD", 32, false, false, 3},
		{"labels/in/with-a-b-b8d0", "a rule", "SHOULD", 33, false, false, 3},
		{"labels/in/with-a-b-5ee8", "a rule", "HISTORIC", 38, false, false, 3},
		{"labels/in/without-parameters-1", "another rule", "MUST", 47, false, false, 2},
		{"labels/in/without-parameters-2", "another rule", "MUST", 48, false, false, 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(c.problems) > 0 {
		t.Errorf("problems: %q", c.problems)
	}
	for _, s := range c.scenarios {
		if _, pickles, err := parse(s.file, s.source); err != nil || len(pickles) != 1 || pickles[0].Name != s.name || len(pickles[0].Steps) != len(s.steps) {
			t.Errorf("%s: reduced to %d scenarios (%v):\n%s", s.id, len(pickles), err, s.source)
		}
		if got, want := strings.Count(string(s.source), "\n"), strings.Count(manyKinds, "\n"); got != want {
			t.Errorf("%s: the reduced feature has %d lines, want %d", s.id, got, want)
		}
	}
	// Another scenario before them all changes no id.
	moved := strings.Replace(manyKinds, "  @labels/in\n  Scenario: without a rule", "  @labels/in\n  Scenario: new\n    Given a step\n\n  @labels/in\n  Scenario: without a rule", 1)
	after, err := takeCensus(fstest.MapFS{"labels/many.feature": {Data: []byte(moved)}}, testClaims[:1])
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range after.scenarios[1:] {
		if s.id != c.scenarios[i].id {
			t.Errorf("the id %s became %s", c.scenarios[i].id, s.id)
		}
	}
}

func TestCensusProblems(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"unknown tag":      {"@labels/in @apii\nFeature: x\n  Scenario: y\n    Given z\n", "nobody knows the tag @apii"},
		"unknown claim":    {"@labels/im\nFeature: x\n  Scenario: y\n    Given z\n", "nobody knows the tag @labels/im"},
		"no claim":         {"@api\nFeature: x\n  Scenario: y\n    Given z\n", "names no claim"},
		"no steps":         {"@labels/in\nFeature: x\n  Scenario: y\n", "has no steps"},
		"no scenario":      {"@labels/in\nFeature: x\n", "has no scenario"},
		"no examples":      {"@labels/in\nFeature: x\n  Scenario: a\n    Given z\n  Scenario Outline: y\n    Given <z>\n    Examples:\n      | z |\n", "has no examples"},
		"the same id":      {"@labels/in\nFeature: x\n  Scenario: y\n    Given z\n  Scenario: Y!\n    Given z\n", "the same id"},
		"claim without":    {"@pods/spread\nFeature: x\n  Scenario: y\n    Given z\n", "the claim labels/in has no scenario"},
		"pending, but has": {"@labels/in @pods/later\nFeature: x\n  Scenario: y\n    Given z\n", "marked pending, and has scenarios"},
	} {
		t.Run(name, func(t *testing.T) {
			claims := append(slices.Clone(testClaims[:1]), testClaims[1], testClaims[3])
			got, err := takeCensus(fstest.MapFS{"labels/x.feature": {Data: []byte(c.source)}}, claims)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(got.problems, func(p string) bool { return strings.Contains(p, c.want) }) {
				t.Errorf("problems %q, want one that says %q", got.problems, c.want)
			}
			e := testRun(t, c.source, &testVocabulary{}, func(e *engine) { e.claims = claims })
			report, err := e.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if report.Verdict.Passed {
				t.Error("a run with this problem passed")
			}
		})
	}
}

func TestFeatureThatDoesNotParse(t *testing.T) {
	e := testRun(t, "Feature: x\n  Scenario: y\n    Given z\n    nonsense\n", &testVocabulary{})
	if _, err := e.run(t.Context()); err == nil || !strings.Contains(err.Error(), "labels/tests.feature") {
		t.Errorf("error %v, want one that names the file", err)
	}
}
