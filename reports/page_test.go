package reports

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// written is the page of a report.
func written(t *testing.T, r *Report) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := r.WriteHTML(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPage(t *testing.T) {
	r := example()
	r.Scenarios[1].Failure.Seen = "<script>alert(1)</script>"
	r.Scenarios[1].Attachments[0].Path = "evidence/a#b"
	got := written(t, r)
	for _, want := range []string{
		`data-outcome="passed"`, `data-outcome="failed"`, `data-outcome="missed"`, `data-outcome="unsupported"`, `data-outcome="inconclusive"`,
		`data-outcome="error"`, `data-outcome="left-out"`, `data-outcome="pending"`, `href="evidence/a%23b"`, "1 scenario failed", "Seed 7",
		"<h4>Expected</h4><pre>blue</pre></div><div><h4>Seen</h4><pre>&lt;script&gt;alert(1)&lt;/script&gt;</pre>", "make conformance SCENARIO=labels/in/b", `class="mark"`, "What did not pass",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(got, "<script>alert") {
		t.Error("text is not escaped")
	}
	ids := map[string]bool{}
	for _, match := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(got, -1) {
		if ids[match[1]] {
			t.Errorf("the anchor %s is there twice", match[1])
		}
		ids[match[1]] = true
	}
	for _, record := range r.Scenarios {
		if !ids[record.ID] {
			t.Errorf("scenario %s has no anchor", record.ID)
		}
	}
}
