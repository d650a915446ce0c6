package ci

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/invariants"
)

func TestStateOf(t *testing.T) {
	for want, err := range map[string]error{
		Caught: nil, Survived: errors.Join(fmt.Errorf("passed: %w", errLives), errOtherWay), WrongKiller: fmt.Errorf("%w: red", errOtherWay),
		Stale: fmt.Errorf("%w: x.go", ErrStale), Broken: errors.New("it does not compile"),
	} {
		if got := StateOf(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

func TestMatrix(t *testing.T) {
	claims := []features.Claim{{ID: "labels/in", Level: features.Must, Text: "in"}, {ID: "labels/later", Level: features.Must, Pending: true}}
	all := []Mutant{
		{Patch: Patch{Name: "a"}, Claims: []string{"labels/in"}}, {Patch: Patch{Name: "b"}, Claims: []string{"labels/in"}}, {Patch: Patch{Name: "c"}, Claims: []string{"labels/in"}, Subtle: "race"},
		{Patch: Patch{Name: "d"}, Expects: []Expectation{{Invariant: invariants.OneController}}, Subtle: "race"},
	}
	results := map[string]Result{"a": {State: Caught, Seconds: 3}, "b": {State: Survived, Why: "<it> passed"}}
	m := NewMatrix(claims, all, func(m Mutant) (Result, bool) { r, ok := results[m.Name]; return r, ok }, map[string]string{"c": "no such line"})
	if diff := cmp.Diff(map[string]int{Caught: 1, Survived: 1, Stale: 1, Untried: 1}, m.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"race": 2}, m.Subtle); diff != "" {
		t.Errorf("subtle (-want +got):\n%s", diff)
	}
	want := Row{ID: "labels/in", Kind: "claim", Level: "MUST", Text: "in", Wanted: 2,
		Mutants: []Cell{{Name: "a", State: Caught, Seconds: 3}, {Name: "b", State: Survived, Why: "<it> passed"}, {Name: "c", State: Stale, Why: "no such line", Subtle: "race"}}}
	if diff := cmp.Diff(want, m.Rows[0]); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Mutants[1:], m.Bad); diff != "" {
		t.Errorf("bad (-want +got):\n%s", diff)
	}
	if len(m.Rows) != len(claims)+len(invariants.All) || m.Rows[1].Open() || !m.Rows[2].Open() {
		t.Errorf("rows %+v", m.Rows)
	}
	folder := t.TempDir()
	if err := m.Write(folder); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(folder, "matrix.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"What was not caught", "&lt;it&gt; passed", `class="o wrong-killer"`, `class="o stale"`, "labels/in", "4 mutants", "2 are subtle", `id="b"`, `data-subtle="race"`} {
		if strings.Contains(string(page), want) == (want == `class="o wrong-killer"`) {
			t.Errorf("the page has %q, or lacks it", want)
		}
	}
}

// A mutant that breaks two claims is told of under both, and has one anchor.
func TestMatrixAnchors(t *testing.T) {
	claims := []features.Claim{{ID: "labels/in", Level: features.Must}, {ID: "labels/not-in", Level: features.Must}}
	all := []Mutant{{Patch: Patch{Name: "both"}, Claims: []string{"labels/in", "labels/not-in"}}}
	folder := t.TempDir()
	if err := NewMatrix(claims, all, func(Mutant) (Result, bool) { return Result{}, false }, nil).Write(folder); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(folder, "matrix.html"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{`id="both"`: 1, `data-name="both"`: 2, "1 mutant:": 1} {
		if got := strings.Count(string(page), text); got != want {
			t.Errorf("the page has %s %d times, want %d", text, got, want)
		}
	}
}
