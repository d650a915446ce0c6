package reports

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/reports/dress"
)

// comparePage is what the template of the comparison shows.
type comparePage struct {
	All      []Compared
	CSS      template.CSS
	JS       template.JS
	Chapters []compareChapter
	Watched  []compareClaim // the invariants, as if they were claims
	Apart    int            // scenarios that not all judged
	Alike    int            // scenarios that came out alike
}

type compareChapter struct {
	Number int
	Claims []compareClaim
}

type compareClaim struct {
	*Claim
	Cells   []compareCell
	Differ  []compareScenario
	Differs bool
}

// compareCell is what one report says of a claim or a scenario.
type compareCell struct {
	Name   string // of the implementation
	State  string
	Detail string
	Record *Record // of a scenario
}

// compareScenario is a scenario that came out differently.
type compareScenario struct {
	ID      string
	Title   string
	Cells   []compareCell
	Parting string
	Steps   []compareStep
}

// compareStep is one step of it, with what became of it for each.
type compareStep struct {
	Text   string
	Parts  bool // the first that did not end alike
	Status []string
}

// WriteComparison writes what Compare writes as one page for a browser, which needs nothing else. It shows everything without scripts too.
func WriteComparison(path string, all []Compared) error {
	if err := together(all); err != nil {
		return err
	}
	js, err := script("compare")
	if err != nil {
		return err
	}
	form, err := template.New("compare.html").Funcs(template.FuncMap{
		"class": func(s string) string { return strings.ReplaceAll(s, " ", "-") },
		"count": count,
		"inc":   func(n int) int { return n + 1 },
		"pace":  Target.Pace,
		"brief": func(s Seconds) string { return brief(s.Duration()) },
	}).ParseFS(pageFiles, "page/compare.html")
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	p := newComparePage(all)
	p.CSS, p.JS = dress.Style(), js
	var b bytes.Buffer
	if err := form.Execute(&b, p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return replace(path, b.Bytes())
}

func newComparePage(all []Compared) *comparePage {
	p := &comparePage{All: all}
	differ, alike, apart := differing(all)
	p.Alike, p.Apart = alike, apart
	shown := map[string]bool{}
	for i := range all[0].Claims {
		claim := &all[0].Claims[i]
		c := compareClaim{Claim: claim}
		for _, r := range all {
			state, detail := r.state(claim.ID)
			c.Cells = append(c.Cells, compareCell{Name: r.Name, State: state, Detail: detail})
			c.Differs = c.Differs || state != c.Cells[0].State
		}
		for _, d := range differ {
			if !shown[d.id] && slices.Contains(claim.Scenarios, d.id) { // of several claims: under the first
				shown[d.id] = true
				c.Differ = append(c.Differ, d.onPage(all))
			}
		}
		c.Differs = c.Differs || len(c.Differ) > 0
		p.chapter(claim.Chapter).Claims = append(p.chapter(claim.Chapter).Claims, c)
	}
	for _, name := range watchedBy(all) {
		c := compareClaim{}
		for _, r := range all {
			cell := compareCell{Name: r.Name, State: "not known"}
			if invariant := r.invariant(name); invariant != nil {
				c.Claim = &Claim{ID: name, Level: must, Text: invariant.Text}
				cell.State, cell.Detail = invariant.State, firstLine(invariant.Why)
				if invariant.Known != "" {
					cell.State = "known"
				}
			}
			c.Cells = append(c.Cells, cell)
			c.Differs = c.Differs || cell.State != c.Cells[0].State
		}
		p.Watched = append(p.Watched, c)
	}
	return p
}

func (p *comparePage) chapter(number int) *compareChapter {
	i := slices.IndexFunc(p.Chapters, func(c compareChapter) bool { return c.Number == number })
	if i < 0 {
		i = len(p.Chapters)
		p.Chapters = append(p.Chapters, compareChapter{Number: number})
	}
	return &p.Chapters[i]
}

// onPage lays a differing scenario out, step by step.
func (d differs) onPage(all []Compared) compareScenario {
	first := d.records[0]
	s := compareScenario{ID: d.id, Title: sentence(first.Rule, first.Name), Parting: parting(d.records)}
	longest := first.Steps
	for i, record := range d.records {
		s.Cells = append(s.Cells, compareCell{Name: all[i].Name, State: string(record.Outcome), Detail: record.Why, Record: record})
		if len(record.Steps) > len(longest) {
			longest = record.Steps
		}
	}
	parted := false
	for i, step := range longest {
		line := compareStep{Text: step.Text}
		for _, record := range d.records {
			status := "not run"
			if i < len(record.Steps) {
				status = record.Steps[i].Status
			}
			line.Status = append(line.Status, status)
		}
		line.Parts = !parted && step.Text == s.Parting && slices.ContainsFunc(line.Status, func(status string) bool { return status != line.Status[0] })
		parted = parted || line.Parts
		s.Steps = append(s.Steps, line)
	}
	return s
}
