package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Compared is a report in a comparison, under a name that tells it from the others.
type Compared struct {
	Name string
	*Report
}

// Compare writes what several implementations do differently, as Markdown: each claim on a line, and then each scenario whose outcomes
// differ, with the first step at which they part. All reports have to be of one version of the suite, since ids of scenarios may change.
func Compare(w io.Writer, all []Compared) error {
	if len(all) < 2 {
		return fmt.Errorf("a comparison needs two reports at least, and got %d", len(all))
	}
	for _, other := range all[1:] {
		if first := all[0]; other.Suite.Version != first.Suite.Version {
			return fmt.Errorf("%s was judged by version %s of the suite, and %s by version %s: they say nothing about each other",
				first.Name, first.Suite.Version, other.Name, other.Suite.Version)
		}
	}
	var b strings.Builder
	header := []string{"claim", "level"}
	for _, r := range all {
		header = append(header, fmt.Sprintf("%s (%s)", r.Name, r.Target.Version))
	}
	row(&b, header...)
	row(&b, slices.Repeat([]string{"---"}, len(header))...)
	verdicts := []string{"**the run**", ""}
	for _, r := range all {
		verdicts = append(verdicts, "**"+r.Verdict.Words+"**")
	}
	row(&b, verdicts...)
	for i := range all[0].Claims {
		claim := &all[0].Claims[i]
		cells := []string{claim.ID, claim.Level}
		for _, r := range all {
			cells = append(cells, r.cell(claim.ID))
		}
		row(&b, cells...)
	}
	differences(&b, all)
	_, err := io.WriteString(w, b.String())
	return err
}

// row writes a line of a table.
func row(b *strings.Builder, cells ...string) {
	for _, cell := range cells {
		b.WriteString("| " + strings.ReplaceAll(firstLine(cell), "|", "\\|") + " ")
	}
	b.WriteString("|\n")
}

// cell is what a report says of a claim.
func (r *Report) cell(id string) string {
	i := slices.IndexFunc(r.Claims, func(c Claim) bool { return c.ID == id })
	switch {
	case i < 0:
		return "not known"
	case r.Claims[i].State == string(Passed), r.Claims[i].State == StatePending, r.Claims[i].State == StateLeftOut:
		return r.Claims[i].State
	}
	return strings.TrimSpace(r.Claims[i].State + ": " + byOutcome(r.Claims[i].Counts))
}

// outcome is what a report says of a scenario, and its record if there is one.
func (r *Report) outcome(id string) (string, *Record) {
	if i := slices.IndexFunc(r.Scenarios, func(s Record) bool { return s.ID == id }); i >= 0 {
		return string(r.Scenarios[i].Outcome), &r.Scenarios[i]
	}
	return StateLeftOut, nil
}

// differences writes the scenarios that came out differently, in the order in which they are known.
func differences(b *strings.Builder, all []Compared) {
	seen, found := map[string]bool{}, 0
	for _, r := range all {
		for i := range r.Scenarios {
			id := r.Scenarios[i].ID
			if seen[id] {
				continue
			}
			seen[id] = true
			outcomes, records := make([]string, len(all)), make([]*Record, len(all))
			for j, other := range all {
				outcomes[j], records[j] = other.outcome(id)
			}
			if !slices.ContainsFunc(outcomes, func(o string) bool { return o != outcomes[0] }) {
				continue
			}
			if found++; found == 1 {
				b.WriteString("\n## Scenarios that differ\n")
			}
			fmt.Fprintf(b, "\n### %s\n\n", id)
			part := parting(records)
			for j, other := range all {
				fmt.Fprintf(b, "- %s: %s", other.Name, outcomes[j])
				if records[j] != nil && records[j].Outcome != Passed {
					fmt.Fprintf(b, " (%s)", firstLine(records[j].Why))
				}
				b.WriteString("\n")
			}
			if part != "" {
				fmt.Fprintf(b, "- they part at: %s\n", part)
			}
		}
	}
	if found == 0 {
		b.WriteString("\nEvery scenario came out alike.\n")
	}
}

// parting is the first step that did not end alike wherever the scenario ran, or nothing.
func parting(records []*Record) string {
	records = slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return r == nil || len(r.Steps) == 0 })
	if len(records) < 2 {
		return ""
	}
	for i, step := range records[0].Steps {
		for _, other := range records[1:] {
			if i >= len(other.Steps) || other.Steps[i].Text != step.Text || other.Steps[i].Status != step.Status {
				return step.Text
			}
		}
	}
	return ""
}
