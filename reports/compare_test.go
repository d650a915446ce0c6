package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	one, other := example(), example()
	other.Target.Version = "v1.36.0"
	other.Scenarios[1].Outcome, other.Scenarios[1].Failure = Passed, nil
	other.Scenarios[1].Steps = []Step{{Text: "it holds", Status: "passed"}, {Text: "it does not", Status: "passed"}}
	other.Summarise()
	var b strings.Builder
	if err := Compare(&b, []Compared{{"one", one}, {"other", other}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| claim | level | one (v1.37.2) | other (v1.36.0) |\n| --- | --- | --- | --- |\n", "| **the run** |",
		"| labels/in | MUST | failed: 1 passed, 1 failed, 1 left out | passed |", "| pods/later | MUST | pending | pending |",
		"### labels/in/b\n\n- one: failed (the colour: expected blue, saw green)\n- other: passed\n- they part at: it does not\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the comparison does not say %q", want)
		}
	}
	if strings.Contains(b.String(), "### labels/in/a") {
		t.Error("a scenario that came out alike is shown")
	}
	if t.Failed() {
		t.Log(b.String())
	}
	b.Reset()
	if err := Compare(&b, []Compared{{"one", one}, {"again", example()}}); err != nil || !strings.Contains(b.String(), "Every scenario that all judged came out alike.") {
		t.Errorf("%v\n%s", err, b.String())
	}
	fewer := example()
	fewer.Scenarios = fewer.Scenarios[1:]
	b.Reset()
	if err := Compare(&b, []Compared{{"one", one}, {"fewer", fewer}}); err != nil || !strings.Contains(b.String(), "1 scenario not judged by all.") || strings.Contains(b.String(), "###") {
		t.Errorf("what one left out: %v\n%s", err, b.String())
	}
	other.Suite.Version = "2.0.0"
	if err := Compare(&b, []Compared{{"one", one}, {"other", other}}); err == nil || !strings.Contains(err.Error(), "version 2.0.0") {
		t.Errorf("two versions of the suite are compared: %v", err)
	}
	if err := Compare(&b, []Compared{{"one", one}}); err == nil {
		t.Error("one report is compared with nothing")
	}
}

func TestComparePage(t *testing.T) {
	one, other := example(), example()
	one.Scenarios[1].Failure.Seen = "<script>alert(1)</script>"
	other.Scenarios[1].Outcome, other.Scenarios[1].Failure, other.Scenarios[1].Why = Passed, nil, ""
	other.Scenarios[1].Steps = []Step{{Text: "it holds", Status: "passed"}, {Text: "it does not", Status: "passed"}}
	other.Summarise()
	path := filepath.Join(t.TempDir(), "new", "compare.html")
	if err := WriteComparison(path, []Compared{{"one", one}, {"other", other}}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := string(data)
	for _, want := range []string{
		`id="labels/in/b"`, "They part at: <b>it does not</b>", `<tr class="parts"><th scope="row">it does not</th><td><span class="o failed">failed</span></td><td><span class="o passed">passed</span></td>`,
		`id="claim/labels/in" data-differs="true"`, `id="claim/pods/x" data-differs="false"`, "&lt;script&gt;alert(1)", "6 scenarios came out alike",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<script>alert", `id="labels/in/a"`, "http://", "https://"} {
		if strings.Contains(got, never) {
			t.Errorf("the page has %q", never)
		}
	}
	other.Suite.Version = "2.0.0"
	if err := WriteComparison(path, []Compared{{"one", one}, {"other", other}}); err == nil {
		t.Error("two versions of the suite are compared")
	}
}
