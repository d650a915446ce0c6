package plumbline

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline/plumbline/reports"
)

const selectable = `Feature: To choose from

  @labels/in @api
  Scenario: quick
    Given it holds

  @labels/in @api @slow
  Scenario: slow
    Given it holds

  @pods/spread @multi-node
  Scenario: spread
    Given it holds

  @pods/old @api
  Scenario: old
    Given it holds
`

func selectableCensus(t *testing.T) *census {
	t.Helper()
	c, err := takeCensus(fstest.MapFS{"labels/x.feature": {Data: []byte(selectable)}}, testClaims)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSelection(t *testing.T) {
	c := selectableCensus(t)
	for name, tc := range map[string]struct {
		by   Selection
		want string
	}{
		"ordinary":            {Selection{}, "quick spread"},
		"slow":                {Selection{Slow: true}, "quick slow spread"},
		"historic":            {Selection{Historic: true}, "quick spread old"},
		"all":                 {Selection{Slow: true, Historic: true}, "quick slow spread old"},
		"id":                  {Selection{Scenarios: []string{"labels/in/quick"}}, "quick"},
		"slow id":             {Selection{Scenarios: []string{"labels/in/slow"}}, "slow"},
		"historic id":         {Selection{Scenarios: []string{"pods/old/old"}}, "old"},
		"all below an id":     {Selection{Scenarios: []string{"labels/in"}}, "quick slow"},
		"two ids":             {Selection{Scenarios: []string{"labels/in/quick", "pods/old/old"}}, "quick old"},
		"claim":               {Selection{Claims: []string{"labels/in"}}, "quick"},
		"chapter by number":   {Selection{Chapters: []string{"5"}}, "spread"},
		"chapter by folder":   {Selection{Chapters: []string{"labels"}}, "quick spread"},
		"profile":             {Selection{Profiles: []string{"multi-node"}}, "spread"},
		"claim and profile":   {Selection{Claims: []string{"labels/in"}, Profiles: []string{"api"}}, "quick"},
		"nothing in the join": {Selection{Claims: []string{"labels/in"}, Profiles: []string{"multi-node"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			planned, leftOut, err := c.choose(tc.by, asFlags)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range planned {
				got = append(got, s.name)
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("planned %q, want %q", got, tc.want)
			}
			if len(planned)+len(leftOut) != len(c.scenarios) {
				t.Errorf("%d planned and %d left out of %d", len(planned), len(leftOut), len(c.scenarios))
			}
			for _, left := range leftOut {
				if left.Why == "" {
					t.Errorf("%s is left out without a reason", left.ID)
				}
			}
		})
	}
}

func TestSelectionOfNothing(t *testing.T) {
	c := selectableCensus(t)
	for name, tc := range map[string]struct {
		by   Selection
		want string
	}{
		"scenario":      {Selection{Scenarios: []string{"labels/in/quik"}}, "-scenario=labels/in/quik"},
		"one of two":    {Selection{Scenarios: []string{"labels/in/quick", "x"}}, "-scenario=x"},
		"claim":         {Selection{Claims: []string{"labels/on"}}, "there is no such claim"},
		"pending claim": {Selection{Claims: []string{"pods/later"}}, "no scenarios yet"},
		"chapter":       {Selection{Chapters: []string{"9"}}, "-chapter=9: the chapters are 5 (pods), 6 (labels)"},
		"profile":       {Selection{Profiles: []string{"nets"}}, "-profile=nets: the profiles are api, workloads"},
		"empty profile": {Selection{Profiles: []string{"network"}}, "-profile=network: no scenario needs that profile yet"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := c.choose(tc.by, asFlags); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
}

// TestRunOfNothing: conditions that each match something, but nothing together, must not pass.
func TestRunOfNothing(t *testing.T) {
	e := testRun(t, selectable, &testVocabulary{}, func(e *engine) {
		e.claims = testClaims
		e.options.Claims, e.options.Profiles = []string{"labels/in"}, []string{"multi-node"}
	})
	report, err := e.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict.Passed || report.Counts.Planned != 0 {
		t.Errorf("passed %v with %d planned", report.Verdict.Passed, report.Counts.Planned)
	}
}

// TestExitCode runs the conformance test itself as a program. Neither gets as far as Docker.
func TestExitCode(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"unknown id":      {[]string{"-scenario=no/such/scenario"}, "no scenario matches -scenario=no/such/scenario"},
		"unknown claim":   {[]string{"-claim=no/such"}, "there is no such claim"},
		"unknown profile": {[]string{"-profile=nets"}, "the profiles are"},
		"unknown target":  {[]string{"-target=mars"}, `-target=mars: there is no such target`},
		"empty id":        {[]string{"-scenario="}, "selects nothing"},
		"unknown flag":    {[]string{"-scenarios=x"}, "flag provided but not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(self, append([]string{"-test.run=^TestConformance$", "-out=" + t.TempDir()}, tc.args...)...)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), tc.want) {
				t.Errorf("ended with %v and said\n%s\nwant a failure that says %q", err, out, tc.want)
			}
		})
	}
	t.Run("list", func(t *testing.T) {
		out, err := exec.Command(self, "-test.run=^TestConformance$", "-list", "-claim=labels/in").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "labels/in/") {
			t.Errorf("ended with %v and said\n%s", err, out)
		}
	})
}

func TestConclusion(t *testing.T) {
	for name, tc := range map[string]struct {
		report *reports.Report
		err    error
		fails  bool
	}{
		"passed":    {report: &reports.Report{Verdict: reports.Verdict{Passed: true}}},
		"failed":    {report: &reports.Report{}, fails: true},
		"error":     {err: os.ErrInvalid, fails: true},
		"no report": {fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			judge := &recordingTB{TB: t}
			conclude(judge, Options{}, tc.report, tc.err)
			if judge.failed != tc.fails {
				t.Errorf("the test failed: %v, want %v", judge.failed, tc.fails)
			}
		})
	}
}

// recordingTB notes that a test failed.
type recordingTB struct {
	testing.TB
	failed bool
}

func (r *recordingTB) Errorf(string, ...any) { r.failed = true }
func (r *recordingTB) Fatalf(string, ...any) { r.failed = true }
func (r *recordingTB) Fatal(...any)          { r.failed = true }

func TestOrder(t *testing.T) {
	scenarios := []*scenario{
		{id: "serial", serial: true, long: true}, {id: "a"}, {id: "b"}, {id: "c"}, {id: "d"}, {id: "e"}, {id: "f"},
		{id: "own", profiles: []string{"cluster"}}, {id: "long", long: true},
	}
	ids := func(seed int64) []string {
		var ids []string
		for _, s := range order(scenarios, seed) {
			ids = append(ids, s.id)
		}
		return ids
	}
	first := ids(1)
	if first[0] != "long" || first[1] != "own" || first[len(first)-1] != "serial" {
		t.Errorf("order %q, want the longest first and the serial one last", first)
	}
	if diff := cmp.Diff(first, ids(1)); diff != "" {
		t.Errorf("the same seed orders differently:\n%s", diff)
	}
	if cmp.Equal(first, ids(2)) && cmp.Equal(first, ids(3)) {
		t.Error("seeds make no difference")
	}
}

func TestMakeLine(t *testing.T) {
	for _, tc := range []struct {
		by   Selection
		seed int64
		want string
	}{
		{Selection{}, 0, "make conformance"},
		{Selection{Scenarios: []string{"a/b", "c"}}, 0, "make conformance SCENARIO=a/b,c"},
		{Selection{Claims: []string{"a/b"}, Chapters: []string{"5"}, Profiles: []string{"api"}, Slow: true}, 7, "make conformance CLAIM=a/b CHAPTER=5 PROFILE=api SLOW=1 SEED=7"},
		{Selection{Slow: true, Historic: true}, 0, "make conformance-all"},
	} {
		if got := makeLine(tc.by, tc.seed); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.by, got, tc.want)
		}
	}
	// What the line says is what the flags read.
	var options Options
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	options.Flags(flags)
	if err := flags.Parse([]string{"-scenario=a/b,c", "-scenario=d", "-claim=x", "-slow", "-seed=7", "-keep"}); err != nil {
		t.Fatal(err)
	}
	want := Options{Selection: Selection{Scenarios: []string{"a/b", "c", "d"}, Claims: []string{"x"}, Slow: true}, Seed: 7, Keep: true, Out: "out"}
	if diff := cmp.Diff(want, options, cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Again" || p.String() == "Log" }, cmp.Ignore())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
