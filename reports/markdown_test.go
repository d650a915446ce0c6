package reports

import (
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	r := example()
	r.Target.Latency, r.Target.Scale = 0.3, 3
	r.Scenarios[1].Why = "saw <b>a|b</b>\nand more"
	got := r.markdown()
	for _, want := range []string{
		"## Plumbline: failed\n", "2 of 7 scenarios passed in 60.0 s.", "its API server answers in 300 ms, so that all bounds of waiting are 3.0 times as long.", "- 1 scenario failed\n",
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
