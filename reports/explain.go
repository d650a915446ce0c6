package reports

import (
	"fmt"
	"strings"
)

// explain says in plain words why a scenario did not pass.
func (record *Record) explain() string {
	var b strings.Builder
	f := record.Failure
	if f == nil {
		for _, step := range record.Steps {
			if step.Status != string(Passed) && step.Status != "not run" && step.Status != "skipped" {
				fmt.Fprintf(&b, "at:       %s\n", step.Text)
				break
			}
		}
		fmt.Fprintf(&b, "because:  %s\n", indentRest(record.Why, "          "))
		return b.String()
	}
	fmt.Fprintf(&b, "at:       %s\n", f.Step)
	fmt.Fprintf(&b, "judged:   %s\n", indentRest(f.What, "          "))
	fmt.Fprintf(&b, "expected: %s\n", indentRest(f.Expected, "          "))
	fmt.Fprintf(&b, "seen:     %s\n", indentRest(f.Seen, "          "))
	when := f.At.Format("15:04:05.000")
	if !record.Started.IsZero() && !f.At.IsZero() {
		when += fmt.Sprintf(", %s into the scenario", brief(f.At.Sub(record.Started)))
	}
	if f.Waited > 0 {
		when += ", waited " + brief(f.Waited.Duration())
	}
	fmt.Fprintf(&b, "when:     %s\n", when)
	if f.Diff != "" {
		fmt.Fprintf(&b, "difference (- expected, + seen):\n%s", indent(f.Diff, "    "))
	}
	if timeline := f.Timeline; len(timeline) > 0 {
		fmt.Fprintf(&b, "timeline:\n%s", indent(strings.Join(last(timeline, 15), "\n"), "    "))
	}
	if extra := record.afterthought(); extra != "" {
		fmt.Fprintf(&b, "besides:  %s\n", indentRest(extra, "          "))
	}
	return b.String()
}

// afterthought is what the reason says beyond the failure itself, such as an outage meanwhile.
func (record *Record) afterthought() string {
	_, extra, _ := strings.Cut(record.Why, "\n")
	return extra
}

// last keeps the end of a long list, and says so.
func last(lines []string, n int) []string {
	if len(lines) <= n {
		return lines
	}
	return append([]string{fmt.Sprintf("(%d earlier left out)", len(lines)-n)}, lines[len(lines)-n:]...)
}
