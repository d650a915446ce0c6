package reports

import (
	"fmt"
	"io"
	"path/filepath"
	"sort"
	"strings"
)

// Console writes the report for a person: each claim on a line, then every scenario that did not do well, with what
// was expected, what was seen and when, and at the end the verdict.
type Console struct {
	W       io.Writer
	Color   bool   // true only where W is a terminal
	All     bool   // also claims of which nothing was planned
	Pending bool   // also claims that have no scenarios yet: worth a reader's time only when everything was run
	Folder  string // of the report: evidence lies below it
}

// outcome words and colours, in the order of severity
var paint = map[string]string{
	string(Passed): "32", string(Failed): "31", string(Error): "35", string(Inconclusive): "33", string(Unsupported): "36",
	StatePending: "2", StateLeftOut: "2", "missed": "33", "known": "33", "bold": "1", "dim": "2",
	Conformant: "32", Held: "32", Breached: "31", NotConformant: "31", NotJudged: "33",
}

// Write writes the whole report.
func (c Console) Write(r *Report) {
	c.claims(r)
	c.troubles(r)
	c.known(r)
	c.shortfalls(r)
	c.invariants(r)
	c.profiles(r)
	c.ending(r)
}

func (c Console) printf(format string, args ...any) { fmt.Fprintf(c.W, format, args...) }

func (c Console) in(style, text string) string {
	code := paint[style]
	if !c.Color || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (c Console) claims(r *Report) {
	chapter := 0
	for _, claim := range r.Claims {
		if claim.State == StatePending || claim.State == StateLeftOut && !c.All {
			continue
		}
		if claim.Chapter != chapter {
			chapter = claim.Chapter
			c.printf("\n%s\n", c.in("bold", fmt.Sprintf("Chapter %d", chapter)))
		}
		state, level := claim.State, ""
		if claim.Level != must {
			level = " (" + claim.Level + ")"
		}
		c.printf("  %s %s%s  %s\n", c.in(state, fmt.Sprintf("%-12s", state)), claim.ID, level, c.in("dim", byOutcome(claim.Counts)))
	}
}

// byOutcome writes "3 passed, 1 failed".
func byOutcome(counts map[string]int) string {
	var parts []string
	for _, outcome := range Outcomes {
		if n := counts[string(outcome)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	if n := counts[StateLeftOut]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d left out", n))
	}
	return strings.Join(parts, ", ")
}

// troubles shows every scenario that neither passed nor is unsupported, the worst last, where the eye is.
func (c Console) troubles(r *Report) {
	for _, outcome := range []Outcome{Inconclusive, Error, Failed} {
		same := map[string]int{}
		for i := range r.Scenarios {
			record := &r.Scenarios[i]
			if record.Outcome != outcome || record.Known != "" {
				continue
			}
			if outcome == Inconclusive || r.explains(record) {
				// A dead target leaves hundreds with one and the same reason.
				if same[record.Why]++; same[record.Why] > mostAlike || r.explains(record) {
					continue
				}
			}
			c.trouble(record)
		}
		for _, why := range sortedKeys(same) {
			word := c.in(string(outcome), string(outcome))
			switch n := same[why]; {
			case r.explains(&Record{Outcome: outcome, Why: why}):
				c.printf("\n%s: %s, because %s\n", word, count(n, "scenario"), firstLine(why))
			case n > mostAlike:
				c.printf("\n%s: %s more, because %s\n", word, count(n-mostAlike, "scenario"), firstLine(why))
			}
		}
	}
}

// mostAlike is how many scenarios with one and the same reason are shown one by one.
const mostAlike = 5

func (c Console) trouble(record *Record) {
	word := string(record.Outcome)
	if record.Outcome == Failed && record.Level != must {
		word = "missed"
	}
	level := ""
	if record.Level != must {
		level = " (" + record.Level + ")"
	}
	c.printf("\n%s %s%s\n", c.in(word, word), c.in("bold", record.ID), level)
	c.printf("  %s: %s\n", record.Feature, sentence(record.Rule, record.Name))
	c.printf("  %s:%d, after %s\n", record.File, record.Line, brief(record.Duration.Duration()))
	c.printf("%s", indent(record.explain(), "  "))
	for _, file := range record.Attachments {
		c.printf("  %s %s\n", c.in("dim", "evidence:"), filepath.Join(c.Folder, filepath.FromSlash(file.Path)))
	}
	c.printf("  %s %s\n", c.in("dim", "run it again:"), record.Rerun)
}

// sentence joins a rule and a scenario's name.
func sentence(rule, name string) string {
	if rule == "" {
		return name
	}
	return rule + " / " + name
}

func (c Console) shortfalls(r *Report) {
	reasons := map[string]int{}
	for _, record := range r.Scenarios {
		if record.Outcome == Unsupported {
			reasons[firstLine(record.Why)]++
		}
	}
	c.grouped("Unsupported here", reasons)
	left := map[string]int{}
	for _, l := range r.LeftOut {
		left[l.Why]++
	}
	c.grouped("Left out", left)
	if c.Pending {
		c.pending(r)
	}
}

// pending names the claims that have no scenarios yet.
func (c Console) pending(r *Report) {
	var pending []string
	for _, claim := range r.Claims {
		if claim.State == StatePending {
			pending = append(pending, claim.ID)
		}
	}
	if len(pending) > 0 {
		c.printf("\n%s %s\n", c.in("bold", fmt.Sprintf("%s without scenarios yet:", count(len(pending), "claim"))), wrap(pending, 110))
	}
}

// known shows the failures that were expected, and the entries of the file that this run says nothing about.
func (c Console) known(r *Report) {
	if len(r.Expected) == 0 {
		return
	}
	c.printf("\n%s\n", c.in("bold", "Expected failures"))
	narrowed := 0
	for _, entry := range r.Expected {
		if entry.Narrowed && entry.State == Unjudged && entry.Invariant == "" {
			narrowed++
			continue
		}
		style := "known"
		if entry.State == Stale {
			style = string(Failed)
		}
		c.printf("  %s %s: %s\n", c.in(style, fmt.Sprintf("%-11s", entry.State)), entry.Name(), entry.Reason)
	}
	if narrowed > 0 {
		c.printf("  %d of other scenarios than the selected ones\n", narrowed)
	}
}

// profiles states what the run says of each, and what was missed besides.
func (c Console) profiles(r *Report) {
	if len(r.Profiles) == 0 {
		return
	}
	c.printf("\n%s\n", c.in("bold", "Profiles"))
	for _, profile := range r.Profiles {
		c.printf("  %s %-14s %s\n", c.in(profile.State, fmt.Sprintf("%-14s", profile.State)), profile.Name, profile.Why)
		if len(profile.Missed) > 0 {
			c.printf("  %30smissed, and no MUST: %s\n", "", few(profile.Missed))
		}
		if len(profile.Pending) > 0 && profile.State == Conformant {
			c.printf("  %30snot covered: %s of level MUST without scenarios yet\n", "", count(len(profile.Pending), "claim"))
		}
	}
}

func (c Console) grouped(title string, reasons map[string]int) {
	if len(reasons) == 0 {
		return
	}
	c.printf("\n%s\n", c.in("bold", title))
	for _, why := range sortedKeys(reasons) {
		c.printf("  %s: %s\n", count(reasons[why], "scenario"), why)
	}
}

func (c Console) ending(r *Report) {
	c.printf("\n%s\n", c.in("bold", "Slowest scenarios"))
	for _, record := range Slowest(r.Scenarios, 5) {
		c.printf("  %6.1f s  %s\n", float64(record.Duration), record.ID)
	}
	c.printf("\nSuite: Plumbline %s, which judges Kubernetes %s\n", r.Suite.Version, strings.Join(r.Suite.Kubernetes, " and "))
	c.printf("Target: %s %s", r.Target.Kind, r.Target.Name)
	if r.Target.Version != "" {
		c.printf(", Kubernetes API %s", r.Target.Version)
	}
	if pace := r.Target.Pace(); pace != "" {
		c.printf("; %s", pace)
	}
	c.printf("\nTime: %s in all; building %s, starting the target %s\n", brief(r.Wall.Duration()), brief(r.Building.Duration()), brief(r.Starting.Duration()))
	c.printf("Seed: %d\n", r.Seed)
	for _, note := range r.Notes {
		c.printf("Note: %s\n", note)
	}
	counts := []string{fmt.Sprintf("%d planned", r.Counts.Planned), fmt.Sprintf("%d passed", r.Counts.Passed)}
	for _, part := range []struct {
		n    int
		word string
	}{{r.failures(), "failed"}, {r.Counts.Known, "known to fail"}, {r.Counts.MissedShould, "missed (no MUST)"}, {r.Counts.Unsupported, "unsupported"},
		{r.Counts.Inconclusive, "inconclusive"}, {r.Counts.Error, "in error"}, {r.Counts.LeftOut, "left out"}} {
		if part.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	c.printf("Scenarios: %s\n", strings.Join(counts, ", "))
	if r.Verdict.Passed && r.knownWords() != "" {
		c.printf("%s\n", c.in("known", "The run ended "+r.Verdict.Words+"."))
		return
	}
	if r.Verdict.Passed {
		c.printf("%s\n", c.in(string(Passed), "The run passed."))
		return
	}
	c.printf("%s\n", c.in(string(Failed), "The run failed:"))
	for _, reason := range r.Verdict.Reasons {
		c.printf("  - %s\n", indentRest(reason, "    "))
	}
	c.remind(r)
}

// remind repeats in a line each what is told in full above: often the end of the output is all that a log shows.
func (c Console) remind(r *Report) {
	n := 0
	for i := range r.Scenarios {
		record := &r.Scenarios[i]
		if record.Known != "" || record.Outcome != Error && (record.Outcome != Failed || record.Level != must) {
			continue
		}
		if n++; n <= mostAlike {
			c.printf("  %s %s: %s\n", c.in(string(record.Outcome), string(record.Outcome)), record.ID, firstLine(record.Why))
		}
	}
	if n > mostAlike {
		c.printf("  and %d more\n", n-mostAlike)
	}
}

// Slowest returns the n records that took longest.
func Slowest(records []Record, n int) []Record {
	sorted := append([]Record(nil), records...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Duration > sorted[j].Duration })
	return sorted[:min(n, len(sorted))]
}
