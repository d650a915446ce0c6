package reports

import (
	"fmt"
	"slices"
	"strings"
)

// What a summary tells is bounded: a CI service refuses one that is too large as a whole, and of GitHub's $GITHUB_STEP_SUMMARY a step may
// write 1 MiB. The page has all of it.
const (
	mostInSummary   = 30      // scenarios, invariants and reasons that are told one by one
	longestInRow    = 1000    // bytes of a text in it
	largestMarkdown = 1 << 19 // bytes of all; what other steps' tools add to the same file fits beside it
)

// WriteMarkdown writes a summary of the report for the page of a CI job, such as $GITHUB_STEP_SUMMARY: the verdict, what did not pass and why, and the profiles.
// It is never larger than half a MiB, and says what was left out for that reason.
func (r *Report) WriteMarkdown(path string) error { return replace(path, []byte(r.markdown())) }

func (r *Report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Plumbline: %s\n\n", r.Verdict.Words)
	fmt.Fprintf(&b, "%s, Kubernetes API %s; %d of %d scenarios passed in %s.\n", inRow(strings.TrimSpace(r.Target.Kind+" "+r.Target.Name)), inRow(r.Target.Version),
		r.Counts.Passed, r.Counts.Planned, brief(r.Wall.Duration()))
	if pace := r.Target.Pace(); pace != "" {
		fmt.Fprintf(&b, "Of the target, %s.\n", pace)
	}
	if watched := r.watched(); watched != "" {
		fmt.Fprintf(&b, "Invariants: %s.\n", watched)
	}
	b.WriteString("\n")
	for _, reason := range r.Verdict.Reasons[:min(mostInSummary, len(r.Verdict.Reasons))] {
		fmt.Fprintf(&b, "- %s\n", inRow(reason))
	}
	if more := len(r.Verdict.Reasons) - mostInSummary; more > 0 {
		fmt.Fprintf(&b, "- and %s, which the page has\n", count(more, "more reason"))
	}
	r.markdownTroubles(&b)
	b.WriteString("\n### Profiles\n\n")
	row(&b, "profile", "verdict", "")
	row(&b, "---", "---", "---")
	for _, profile := range r.Profiles {
		row(&b, profile.Name, profile.State, inRow(profile.Why))
	}
	if command := cut(r.Command); command == r.Command {
		fmt.Fprintf(&b, "\nRun it again: `%s`\n", command)
	} else {
		fmt.Fprintf(&b, "\nThe line that runs it again is too long for this summary; the page has it.\n")
	}
	return bounded(b.String())
}

// cut keeps a text to what has room in a row.
func cut(text string) string {
	if len(text) <= longestInRow {
		return text
	}
	return strings.ToValidUTF8(text[:longestInRow], "") + "…"
}

// inRow is the first line of a text that somebody else wrote, in a row.
func inRow(text string) string { return plain(cut(firstLine(text))) }

// bounded keeps a summary to its size, at the end of a line, and says how much of it is missing.
func bounded(text string) string {
	if len(text) <= largestMarkdown {
		return text
	}
	const room = 200 // for the line that says so
	end := strings.LastIndexByte(text[:largestMarkdown-room], '\n') + 1
	return text[:end] + fmt.Sprintf("\nThe summary was too long: %s were left out here, which the page has.\n", count(strings.Count(text[end:], "\n"), "line"))
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
	for _, invariant := range breached[:min(mostInSummary, len(breached))] {
		row(b, invariantWord(invariant), "`invariant: "+invariant.Name+"`", inRow(invariant.Why))
	}
	for _, s := range troubles[:min(mostInSummary, len(troubles))] {
		row(b, s.Word, "`"+s.ID+"`", inRow(s.Why))
	}
	if more := len(troubles) - mostInSummary; more > 0 {
		fmt.Fprintf(b, "\nAnd %s, which the page has.\n", count(more, "more scenario"))
	}
}

// plain keeps what was seen from being taken for markup.
var plain = strings.NewReplacer("<", "&lt;", "&", "&amp;", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[").Replace
