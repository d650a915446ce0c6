package ci

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline/plumbline"
	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/invariants"
	"github.com/plumbline/plumbline/reports"
)

// TestMutants wants each mutant to apply to the reference as it is, and to name claims that there are.
func TestMutants(t *testing.T) {
	mutants, err := Load("mutants")
	if err != nil {
		t.Fatal(err)
	}
	claims, err := features.Claims()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.Name, func(t *testing.T) {
			if err := m.Applies(t.Context(), ".."); err != nil {
				t.Error(err)
			}
			for _, id := range m.Claims {
				if !slices.ContainsFunc(claims, func(c features.Claim) bool { return c.ID == id && !c.Pending }) {
					t.Errorf("there is no claim %s with scenarios", id)
				}
			}
			for _, id := range m.Scenarios() {
				if !slices.ContainsFunc(m.Claims, func(claim string) bool { return strings.HasPrefix(id, claim+"/") }) {
					t.Errorf("the scenario %s belongs to none of the claims %q", id, m.Claims)
				}
			}
			for _, name := range m.Invariants() {
				if !slices.ContainsFunc(invariants.All, func(i invariants.Invariant) bool { return i.Name == name }) {
					t.Errorf("there is no invariant %s", name)
				}
			}
			if m.About == "" {
				t.Error("the header does not say what the break is")
			}
		})
	}
}

// TestEveryScenarioCanFail wants two mutants for each claim of level MUST that has scenarios and one for each other, one for each invariant,
// and one for each scenario: of an outline, for one of its rows. A scenario that no broken orchestrator has failed proves nothing.
func TestEveryScenarioCanFail(t *testing.T) {
	mutants, err := Load("mutants")
	if err != nil {
		t.Fatal(err)
	}
	claims, err := features.Claims()
	if err != nil {
		t.Fatal(err)
	}
	census, err := plumbline.Census()
	if err != nil {
		t.Fatal(err)
	}
	broken, failed, breached := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, m := range mutants {
		for _, claim := range m.Claims {
			broken[claim]++
		}
		for _, id := range m.Scenarios() {
			failed[id] = true
		}
		for _, name := range m.Invariants() {
			breached[name] = true
		}
	}
	for _, invariant := range invariants.All {
		if !breached[invariant.Name] {
			t.Errorf("no mutant breaches the invariant %s", invariant.Name)
		}
	}
	for _, claim := range claims {
		if n := broken[claim.ID]; n < Wanted(claim) {
			t.Errorf("%d mutants break the claim %s (%s), and %d have to", n, claim.ID, claim.Level, Wanted(claim))
		}
	}
	known, rows := map[string]bool{}, map[string][]plumbline.Entry{}
	for _, entry := range census {
		known[entry.ID] = true
		rows[entry.Outline] = append(rows[entry.Outline], entry)
	}
	for _, m := range mutants {
		for _, id := range m.During {
			if !known[id] {
				t.Errorf("the mutant %s names the scenario %s, which there is not", m.Name, id)
			}
		}
	}
	for id := range failed {
		if !known[id] {
			t.Errorf("a mutant names the scenario %s, which there is not", id)
		}
	}
	for _, place := range slices.Sorted(maps.Keys(rows)) {
		if !slices.ContainsFunc(rows[place], func(e plumbline.Entry) bool { return failed[e.ID] }) {
			t.Errorf("features/%s: no mutant fails %s", place, rows[place][0].ID)
		}
	}
}

// TestSubtleMutants wants at least a third of all to leave the ordinary course as it is, and each way of doing so to occur.
func TestSubtleMutants(t *testing.T) {
	mutants, err := Load("mutants")
	if err != nil {
		t.Fatal(err)
	}
	subtle, by := 0, map[string]int{}
	for _, m := range mutants {
		if by[m.Subtle]++; m.Subtle != "" {
			subtle++
		}
	}
	if 3*subtle < len(mutants) {
		t.Errorf("%d of %d mutants are subtle: less than a third", subtle, len(mutants))
	}
	for _, kind := range Subtleties {
		if by[kind] == 0 {
			t.Errorf("no mutant breaks by %s alone", kind)
		}
	}
}

const patch = `Claim: labels/in
Scenario: labels/in/x
Message: expected blue
The set operator forgets its last value.

diff --git a/reference/x.go b/reference/x.go
--- a/reference/x.go
+++ b/reference/x.go
@@ -1,3 +1,3 @@
 package x
 
-const Colour = "blue"
+const Colour = "green"
`

// repository makes one with a single file that the patch fits.
func repository(t *testing.T) (root string, m Mutant) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{"reference/x.go": "package x\n\nconst Colour = \"blue\"\n", "ci/mutants/wrong-colour.patch": patch} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("git", "init", "-q", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mutants, err := Load(filepath.Join(root, "ci", "mutants"))
	if err != nil || len(mutants) != 1 {
		t.Fatalf("%d mutants, %v", len(mutants), err)
	}
	return root, mutants[0]
}

func TestLoadAndApply(t *testing.T) {
	root, m := repository(t)
	want := Mutant{Patch: Patch{Name: "wrong-colour", Path: m.Path, About: "The set operator forgets its last value.", Files: []string{"reference/x.go"}},
		Claims: []string{"labels/in"}, Expects: []Expectation{{Scenarios: []string{"labels/in/x"}, Messages: []string{"expected blue"}}}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := m.Applies(t.Context(), root); err != nil {
		t.Error(err)
	}
	folder := t.TempDir()
	overlay, err := m.Overlay(t.Context(), root, folder)
	if err != nil {
		t.Fatal(err)
	}
	broken, err := os.ReadFile(filepath.Join(folder, "reference", "x.go"))
	if err != nil || !strings.Contains(string(broken), "green") {
		t.Errorf("the overlay holds %q (%v)", broken, err)
	}
	if data, err := os.ReadFile(overlay); err != nil || !strings.Contains(string(data), filepath.Join(root, "reference", "x.go")) {
		t.Errorf("the overlay is %s (%v)", data, err)
	}
	whole := filepath.Join(root, "reference", "x.go")
	if data, err := os.ReadFile(whole); err != nil || !strings.Contains(string(data), "blue") {
		t.Errorf("the repository was changed: %s (%v)", data, err)
	}
	if err := os.WriteFile(whole, []byte("package x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := m.Applies(t.Context(), root); err == nil {
		t.Error("a patch that does not fit applies")
	}
}

func TestLoadSubtle(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "x.patch"), []byte("Subtle: race\n"+patch), 0o644); err != nil {
		t.Fatal(err)
	}
	mutants, err := Load(folder)
	if err != nil || mutants[0].Subtle != "race" || mutants[0].About != "The set operator forgets its last value." {
		t.Errorf("%+v, %v", mutants, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no claim":         strings.Replace(patch, "Claim: labels/in\n", "", 1),
		"no scenario":      strings.Replace(patch, "Scenario: labels/in/x\n", "", 1),
		"no message":       strings.Replace(patch, "Message: expected blue\n", "", 1),
		"message first":    strings.Replace(patch, "Scenario:", "Message: too soon\nScenario:", 1),
		"message too late": strings.Replace(patch, "The set", "Scenario: labels/in/y\nThe set", 1),
		"no diff":          "Claim: labels/in\n",
		"another package":  strings.ReplaceAll(patch, "reference/x.go", "steps/x.go"),
		"nothing, in fact": "",
		"an odd subtlety":  "Subtle: colour\n" + patch,
		"two subtleties":   "Subtle: edge\nSubtle: leak\n" + patch,
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "x.patch"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(folder); err == nil {
			t.Errorf("%s: loaded without an error", name)
		}
	}
}

// ofInvariant is a mutant that only an invariant catches.
const ofInvariant = "Invariant: one-controller\nDuring: labels/in/x\nMessage: two\nA Pod has two.\n\n"

func TestInvariantInsteadOfScenario(t *testing.T) {
	_, diff, _ := strings.Cut(patch, "\n\n")
	load := func(text string) (Mutant, error) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "x.patch"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		mutants, err := Load(folder)
		return mutants[0], err
	}
	m, err := load(ofInvariant + diff)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Expectation{{Invariant: "one-controller", Messages: []string{"two"}}}, m.Expects); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"labels/in/x"}, m.Runs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, without := range map[string]string{"no occasion": "During: labels/in/x\n", "no message": "Message: two\n", "no invariant": "Invariant: one-controller\n"} {
		if _, err := load(strings.Replace(ofInvariant, without, "", 1) + diff); err == nil {
			t.Errorf("%s: loaded without an error", name)
		}
	}
	report := func(outcome reports.Outcome, state, why string) *reports.Report {
		invariant := reports.Invariant{Name: "one-controller", State: state}
		if state == reports.Breached {
			invariant.Breaches = []reports.Breach{{Objects: []string{"Pod ns/x"}, Why: why}}
		}
		return &reports.Report{Complete: true, Scenarios: []reports.Record{{ID: "labels/in/x", Outcome: outcome}}, Invariants: []reports.Invariant{invariant}}
	}
	for name, c := range map[string]struct {
		report *reports.Report
		state  string
	}{
		"breached in its words":    {report(reports.Passed, reports.Breached, "it has two"), Caught},
		"breached in other words":  {report(reports.Passed, reports.Breached, "it has none"), WrongKiller},
		"a scenario noticed too":   {report(reports.Failed, reports.Breached, "it has two"), WrongKiller},
		"held":                     {report(reports.Passed, reports.Held, ""), Survived},
		"could not be watched":     {report(reports.Passed, string(reports.Unsupported), ""), Broken},
		"not known to the program": {&reports.Report{Complete: true, Scenarios: report(reports.Passed, "", "").Scenarios}, Broken},
	} {
		if got := StateOf(m.Caught(c.report)); got != c.state {
			t.Errorf("%s: %s, want %s", name, got, c.state)
		}
	}
}

func TestCaught(t *testing.T) {
	_, m := repository(t)
	report := func(outcome reports.Outcome, expected string) *reports.Report {
		return &reports.Report{Complete: true, Scenarios: []reports.Record{{ID: "labels/in/x", Outcome: outcome, Failure: &reports.Failure{Expected: expected}}}}
	}
	failed := report(reports.Failed, "expected blue")
	for name, c := range map[string]struct {
		report *reports.Report
		caught bool
	}{
		"failed in its words":    {failed, true},
		"failed in other words":  {report(reports.Failed, "a timeout"), false},
		"passed":                 {report(reports.Passed, ""), false},
		"an error of the suite":  {report(reports.Error, "expected blue"), false},
		"could not judge":        {report(reports.Inconclusive, "expected blue"), false},
		"did not run":            {&reports.Report{Complete: true}, false},
		"the run did not end":    {&reports.Report{}, false},
		"unsupported by the run": {report(reports.Unsupported, "expected blue"), false},
		"the target died":        {&reports.Report{Complete: true, Target: reports.Target{Died: "killed"}, Scenarios: failed.Scenarios}, false},
		"the run went wrong":     {&reports.Report{Complete: true, Problems: []string{"interrupted"}, Scenarios: failed.Scenarios}, false},
	} {
		if err := m.Caught(c.report); (err == nil) != c.caught {
			t.Errorf("%s: %v", name, err)
		}
	}
}
