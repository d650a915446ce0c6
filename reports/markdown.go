package reports

import (
	"fmt"
	"slices"
	"strings"
)

// mostInSummary is how many scenarios a summary tells of one by one; the page has all of them.
const mostInSummary = 30

// WriteMarkdown writes a summary of the report for the page of a CI job, such as $GITHUB_STEP_SUMMARY: the verdict, what did not pass and why, and the profiles.
func (r *Report) WriteMarkdown(path string) error { return replace(path, []byte(r.markdown())) }

func (r *Report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Plumbline: %s\n\n", r.Verdict.Words)
	fmt.Fprintf(&b, "%s, Kubernetes API %s; %d of %d scenarios passed in %s.\n", plain(strings.TrimSpace(r.Target.Kind+" "+r.Target.Name)), plain(r.Target.Version),
		r.Counts.Passed, r.Counts.Planned, brief(r.Wall.Duration()))
	if pace := r.Target.Pace(); pace != "" {
		fmt.Fprintf(&b, "Of the target, %s.\n", pace)
	}
	b.WriteString("\n")
	for _, reason := range r.Verdict.Reasons {
		fmt.Fprintf(&b, "- %s\n", plain(firstLine(reason)))
	}
	r.markdownTroubles(&b)
	b.WriteString("\n### Profiles\n\n")
	row(&b, "profile", "verdict", "")
	row(&b, "---", "---", "---")
	for _, profile := range r.Profiles {
		row(&b, profile.Name, profile.State, plain(profile.Why))
	}
	fmt.Fprintf(&b, "\nRun it again: `%s`\n", r.Command)
	return b.String()
}

// markdownTroubles lists what neither passed nor is unsupported, the gravest first, and the invariants that were breached.
func (r *Report) markdownTroubles(b *strings.Builder) {
	var troubles []pageScenario
	for i := range r.Scenarios {
		if record := &r.Scenarios[i]; record.Outcome != Passed && record.Outcome != Unsupported && !r.explains(record) {
			troubles = append(troubles, record.onPage())
		}
	}
	var breached []Invariant
	for _, invariant := range r.Invariants {
		if len(invariant.Breaches) > 0 {
			breached = append(breached, invariant)
		}
	}
	if len(troubles)+len(breached) == 0 {
		return
	}
	slices.SortStableFunc(troubles, func(a, b pageScenario) int { return severity[b.Outcome] - severity[a.Outcome] })
	b.WriteString("\n### What did not pass\n\n")
	row(b, "outcome", "scenario", "why")
	row(b, "---", "---", "---")
	for _, invariant := range breached {
		row(b, invariantWord(invariant), "`invariant: "+invariant.Name+"`", plain(firstLine(invariant.Why)))
	}
	for _, s := range troubles[:min(mostInSummary, len(troubles))] {
		row(b, s.Word, "`"+s.ID+"`", plain(firstLine(s.Why)))
	}
	if more := len(troubles) - mostInSummary; more > 0 {
		fmt.Fprintf(b, "\nAnd %s, which the page has.\n", count(more, "more scenario"))
	}
}

// plain keeps what was seen from being taken for markup.
var plain = strings.NewReplacer("<", "&lt;", "&", "&amp;", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[").Replace
