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
// differ, with the first step at which they part. What some left out is counted, and no difference. All reports have to be of one version of the suite, since ids of scenarios may change.
func Compare(w io.Writer, all []Compared) error {
	if err := together(all); err != nil {
		return err
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
	invariantRows(&b, all)
	differences(&b, all)
	_, err := io.WriteString(w, b.String())
	return err
}

// together says why reports cannot be compared, or nothing.
func together(all []Compared) error {
	if len(all) < 2 {
		return fmt.Errorf("a comparison needs two reports at least, and got %d", len(all))
	}
	for _, other := range all[1:] {
		if first := all[0]; other.Suite.Version != first.Suite.Version {
			return fmt.Errorf("%s was judged by version %s of the suite, and %s by version %s: they say nothing about each other",
				first.Name, first.Suite.Version, other.Name, other.Suite.Version)
		}
	}
	return nil
}

// row writes a line of a table.
func row(b *strings.Builder, cells ...string) {
	for _, cell := range cells {
		b.WriteString("| " + strings.ReplaceAll(firstLine(cell), "|", "\\|") + " ")
	}
	b.WriteString("|\n")
}

// cell is what a report says of a claim, in a cell of a table.
func (r *Report) cell(id string) string {
	state, detail := r.state(id)
	if detail == "" {
		return state
	}
	return state + ": " + detail
}

// state is what a report says of a claim, with the counts where one word does not say all.
func (r *Report) state(id string) (state, detail string) {
	i := slices.IndexFunc(r.Claims, func(c Claim) bool { return c.ID == id })
	switch {
	case i < 0:
		return "not known", ""
	case r.Claims[i].State == string(Passed), r.Claims[i].State == StatePending, r.Claims[i].State == StateLeftOut:
		return r.Claims[i].State, ""
	}
	return r.Claims[i].State, byOutcome(r.Claims[i].Counts)
}

// differs is a scenario that came out differently, with the record of each report.
type differs struct {
	id      string
	records []*Record
}

// differing finds the scenarios whose outcomes differ, in the order of the first report, and counts those that came out alike and
// those that not all judged.
func differing(all []Compared) (found []differs, alike, apart int) {
	byID := make([]map[string]*Record, len(all))
	everywhere := map[string]int{}
	for i, r := range all {
		byID[i] = map[string]*Record{}
		for j := range r.Scenarios {
			record := &r.Scenarios[j]
			byID[i][record.ID] = record
			everywhere[record.ID]++
		}
	}
	for _, n := range everywhere {
		if n < len(all) {
			apart++
		}
	}
	for i := range all[0].Scenarios {
		id := all[0].Scenarios[i].ID
		if everywhere[id] < len(all) {
			continue
		}
		records := make([]*Record, len(all))
		for j := range all {
			records[j] = byID[j][id]
		}
		if slices.ContainsFunc(records, func(r *Record) bool { return r.Outcome != records[0].Outcome }) {
			found = append(found, differs{id, records})
		} else {
			alike++
		}
	}
	return found, alike, apart
}

// differences writes the scenarios that came out differently.
func differences(b *strings.Builder, all []Compared) {
	found, _, apart := differing(all)
	for i, d := range found {
		if i == 0 {
			b.WriteString("\n## Scenarios that differ\n")
		}
		difference(b, d.id, all, d.records)
	}
	if len(found) == 0 {
		b.WriteString("\nEvery scenario that all judged came out alike.\n")
	}
	if apart > 0 {
		fmt.Fprintf(b, "\n%s not judged by all.\n", count(apart, "scenario"))
	}
}

// difference writes how one scenario came out for each.
func difference(b *strings.Builder, id string, all []Compared, records []*Record) {
	fmt.Fprintf(b, "\n### %s\n\n", id)
	for i, record := range records {
		fmt.Fprintf(b, "- %s: %s", all[i].Name, record.Outcome)
		if record.Outcome != Passed {
			fmt.Fprintf(b, " (%s)", firstLine(record.Why))
		}
		b.WriteString("\n")
	}
	if at := parting(records); at != "" {
		fmt.Fprintf(b, "- they part at: %s\n", at)
	}
}

// parting is the first step that did not end alike wherever the scenario ran, or nothing.
func parting(records []*Record) string {
	records = slices.DeleteFunc(slices.Clone(records), func(r *Record) bool { return len(r.Steps) == 0 })
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
