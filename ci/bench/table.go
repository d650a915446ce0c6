package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// writeTable writes the figures for people: the median of the rounds and their range, beside the budget.
func writeTable(w io.Writer, d *document) error {
	fmt.Fprintf(w, "\n%s\n", d.Machine)
	fmt.Fprintf(w, "Load averages before the rounds: %s\n", strings.Join(loads(d.Rounds), "; "))
	fmt.Fprintf(w, "Median of the rounds (least–most).\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "figure\tunit\tbudget\t%s\t\n", strings.Join(headings(d.Targets), "\t"))
	for _, s := range d.Figures {
		cells := []string{s.What, s.Unit, "–"}
		if s.Budget > 0 {
			cells[2] = short(s.Budget)
		}
		for _, target := range d.Targets {
			cells = append(cells, s.cell(target))
		}
		if len(d.Targets) == 2 {
			ratio := "–"
			if s.Ratio != nil {
				ratio = s.Ratio.String()
			}
			cells = append(cells, ratio)
		}
		mark := ""
		if s.Over {
			mark = "OVER BUDGET"
		}
		fmt.Fprintf(table, "%s\t%s\n", strings.Join(cells, "\t"), mark)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, line := range remarks(d) {
		fmt.Fprintln(w, line)
	}
	return nil
}

func headings(targets []string) []string {
	if len(targets) < 2 {
		return targets
	}
	return append(slices.Clone(targets), targets[0]+" ÷ "+targets[1])
}

func (s summary) cell(target string) string {
	if sp, ok := s.ByTarget[target]; ok {
		return sp.String()
	}
	return "not measured"
}

func loads(rounds []*round) []string {
	var all []string
	for _, r := range rounds {
		all = append(all, r.Load)
	}
	return all
}

// remarks say what the table's cells have no room for: why something was not measured, and what is odd.
func remarks(d *document) []string {
	var lines []string
	for _, s := range d.Figures {
		for _, target := range slices.Sorted(maps.Keys(s.Missing)) {
			lines = append(lines, fmt.Sprintf("%s, %s: not measured: %s", s.What, target, s.Missing[target]))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(d.NotMeasured)) {
		lines = append(lines, fmt.Sprintf("%s: not measured: %s", what, d.NotMeasured[what]))
	}
	for _, r := range d.Rounds {
		if r.busy(d.Machine.Cores) {
			lines = append(lines, fmt.Sprintf("round %d, %s: the machine was busy (load %s on %d cores): its times say little; ratios and CPU time say more", r.Number, r.Target, r.Load, d.Machine.Cores))
		}
		for _, note := range r.Notes {
			lines = append(lines, fmt.Sprintf("round %d, %s: %s", r.Number, r.Target, note))
		}
	}
	for _, problem := range d.Problems {
		lines = append(lines, "problem: "+problem)
	}
	if len(lines) > 0 {
		lines = append([]string{""}, lines...)
	}
	return lines
}
