package ci

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestState(t *testing.T) {
	root := t.TempDir()
	for _, folder := range judged {
		write(t, filepath.Join(root, folder, "x.go"), "package x\n")
	}
	m := Mutant{Patch: Patch{Name: "wrong-colour", Path: filepath.Join(root, "wrong-colour.patch")}, Expects: []Expectation{{Scenarios: []string{"labels/in/one"}}}}
	scenarios := map[string]string{"labels/in/one": "Then it is red", "labels/in/two": "Then it is blue"}
	write(t, m.Path, patch)
	key := func() string {
		t.Helper()
		state, err := ReadState(root, scenarios)
		if err != nil {
			t.Fatal(err)
		}
		key, err := state.Key(m)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	first := key()
	for _, file := range []string{"README.md", "reference/README.md", "steps/x_test.go"} {
		write(t, filepath.Join(root, file), "something else")
	}
	if key() != first {
		t.Error("a file that is not judged changes the key")
	}
	scenarios["labels/in/two"] = "Then it is green"
	if key() != first {
		t.Error("a scenario of others changes the key")
	}
	scenarios["labels/in/one"] = "Then it is green"
	if key() == first {
		t.Error("a change of its scenario does not change the key")
	}
	for name, path := range map[string]string{
		"the reference": filepath.Join(root, "reference", "x.go"),
		"a step":        filepath.Join(root, "steps", "x.go"),
		"the patch":     m.Path,
	} {
		before := key()
		write(t, path, "changed: "+name)
		if key() == before {
			t.Errorf("a change of %s does not change the key", name)
		}
	}
	if _, err := ReadState(t.TempDir(), scenarios); err == nil {
		t.Error("a folder without a reference has a state")
	}
	state, err := ReadState(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Key(m); err == nil || !strings.Contains(err.Error(), "labels/in/one") {
		t.Errorf("a scenario that there is not makes the error %v", err)
	}
}

func TestResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out", "results.json")
	open := func() *Results {
		t.Helper()
		r, err := OpenResults(path)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := open()
	put := func(result Result) {
		t.Helper()
		if err := r.Put(result); err != nil {
			t.Fatal(err)
		}
	}
	put(Result{Name: "caught", Key: "1", Caught: true, Scenarios: []string{"a", "b"}, Seconds: 12})
	put(Result{Name: "alive", Key: "1", Why: "passed: the mutant lives\nsecond line"})
	put(Result{Name: "gone", Key: "1", Caught: true})
	r = open()
	for name, want := range map[string]bool{"caught": true, "alive": false, "unknown": false} {
		if r.Caught(name, "1") != want {
			t.Errorf("%s: caught is %v", name, !want)
		}
	}
	if r.Caught("caught", "2") {
		t.Error("a result counts at another state")
	}
	if err := r.Forget([]Mutant{{Patch: Patch{Name: "caught"}}, {Patch: Patch{Name: "alive"}}}); err != nil {
		t.Fatal(err)
	}
	r = open()
	if _, found := r.Get("gone"); found {
		t.Error("the result of a mutant that there is no more is kept")
	}
	put(Result{Name: "caught", Key: "2", Why: "passed"})
	if r.Caught("caught", "1") {
		t.Error("an earlier result outlives a later one")
	}
	var table bytes.Buffer
	alive, _ := r.Get("alive")
	Table(&table, []Result{{Name: "caught", Caught: true, Scenarios: []string{"a", "b"}, Seconds: 12}, alive})
	want := "caught      caught  12.0 s  2 scenarios failed as they should\nNOT CAUGHT  alive   0.0 s   passed: the mutant lives\n"
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOpenResultsRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	write(t, path, "{half")
	if _, err := OpenResults(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a broken file is read as %v", err)
	}
	write(t, path, `{"version": 99, "mutants": [{"name": "a", "key": "1", "caught": true}]}`)
	r, err := OpenResults(path)
	if err != nil || r.Caught("a", "1") {
		t.Errorf("a file of another version counts (%v)", err)
	}
}
