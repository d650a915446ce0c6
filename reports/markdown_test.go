package reports

import (
	"fmt"
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	r := example()
	r.Target.Latency, r.Target.Scale = 0.3, 3
	r.Scenarios[1].Why = "saw <b>a|b</b>\nand more"
	got := r.markdown()
	for _, want := range []string{
		"## Plumbline: failed\n", "Invariants: 1 held, 1 unsupported.\n", "2 of 7 scenarios passed in 60.0 s.", "its API server answers in 300 ms, so that all bounds of waiting are 3.0 times as long.", "- 1 scenario failed\n",
		"| failed | `labels/in/b` | saw &lt;b>a\\|b&lt;/b> |\n", "| missed | `labels/in/c` |", "| network | ", "`make conformance`",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary lacks %q", want)
		}
	}
	if strings.Contains(got, "and more") || strings.Contains(got, "labels/in/d") {
		t.Error("the summary tells more than it should")
	}
	if t.Failed() {
		t.Log(got)
	}
}

// A run in which everything went wrong at length has a summary that a CI service takes, and that says what it leaves out.
func TestMarkdownIsBounded(t *testing.T) {
	r := example()
	long := strings.Repeat("a<b>*c_", 2000)
	r.Command, r.Target.Name = long, long
	for i := range 300 {
		record := r.Scenarios[1]
		record.ID, record.Why = fmt.Sprintf("labels/in/b-%d", i), long
		r.Scenarios = append(r.Scenarios, record)
		r.Problems = append(r.Problems, fmt.Sprintf("problem %d: %s", i, long))
	}
	r.Summarise()
	got := r.markdown()
	if len(got) > largestMarkdown {
		t.Errorf("the summary has %d bytes", len(got))
	}
	for _, want := range []string{fmt.Sprintf("- and %d more reasons, which the page has\n", len(r.Verdict.Reasons)-mostInSummary), "And 274 more scenarios, which the page has.\n", "| network | ", "The line that runs it again is too long"} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary of %d bytes lacks %q", len(got), want)
		}
	}
	// What no other bound catches is cut at the end of a line.
	for i := range 10000 {
		r.Profiles = append(r.Profiles, Profile{Name: fmt.Sprintf("profile-%d", i), Why: "a reason of some length, so that many are too many for a summary"})
	}
	got = r.markdown()
	if len(got) > largestMarkdown || !strings.HasSuffix(got, " lines were left out here, which the page has.\n") {
		t.Errorf("the summary of %d bytes ends in %q", len(got), got[len(got)-100:])
	}
	kept, said := strings.Count(got, "profile-"), 0
	if _, err := fmt.Sscanf(got[strings.LastIndex(got, "too long: ")+len("too long: "):], "%d lines", &said); err != nil || kept+said != 10000+2 {
		t.Errorf("%d of the profiles are kept, and %d lines left out", kept, said) // the two are the line that runs it again, and the one before
	}
}
