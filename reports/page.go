package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/reports/dress"
)

//go:embed page/*.html page/*.js
var pageFiles embed.FS

// page is what the template shows: the report, and its scenarios under their claims.
type page struct {
	*Report
	CSS      template.CSS
	JS       template.JS
	Chapters []pageChapter
	Troubles []pageScenario // what the header leads to
	Others   []pageScenario // of claims that the report does not list: no scenario is ever lost
}

type pageChapter struct {
	Number int
	Claims []pageClaim
}

type pageClaim struct {
	Claim
	Shown     []pageScenario
	Elsewhere []string // scenarios of several claims are shown in full once, and linked from the others
	Left      []pageLeft
}

// pageLeft are scenarios that were left out for one reason.
type pageLeft struct {
	Why string
	IDs []string
}

type pageScenario struct {
	*Record
	Word  string // the outcome, or "known" or "missed" of a failure that does not fail the run
	Clock pageClock
}

// script is the script of a page.
func script(page string) (template.JS, error) {
	own, err := pageFiles.ReadFile("page/" + page + ".js")
	if err != nil {
		return "", fmt.Errorf("read the script of a page: %w", err)
	}
	return dress.Script(string(own)), nil
}

// WriteHTML writes the report as one page for a browser. It needs nothing but the evidence that it links to, and shows
// everything without scripts too; a script adds search, filters, and links that open their scenario.
func (r *Report) WriteHTML(path string) error {
	js, err := script("page")
	if err != nil {
		return err
	}
	form, err := template.New("page.html").Funcs(template.FuncMap{
		"brief":     func(s Seconds) string { return brief(s.Duration()) },
		"link":      func(path string) string { return (&url.URL{Path: path}).String() },
		"class":     func(s string) string { return strings.ReplaceAll(s, " ", "-") },
		"clip":      clip,
		"pace":      Target.Pace,
		"invariant": invariantWord,
		"count":     count,
		"watched":   (*Report).watched,
		"words": func() []string {
			return []string{"passed", "failed", "known", "missed", "unsupported", "inconclusive", "error", "left-out", "pending"}
		},
	}).ParseFS(pageFiles, "page/page.html")
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	p := r.page()
	p.CSS, p.JS = dress.Style(), js
	var b bytes.Buffer
	if err := form.Execute(&b, p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return replace(path, b.Bytes())
}

func (r *Report) page() *page {
	p := &page{Report: r}
	records, left := map[string]*Record{}, map[string]LeftOut{}
	for i := range r.Scenarios {
		records[r.Scenarios[i].ID] = &r.Scenarios[i]
	}
	for _, l := range r.LeftOut {
		left[l.ID] = l
	}
	shown := map[string]bool{}
	for _, claim := range r.Claims {
		c := pageClaim{Claim: claim}
		for _, id := range claim.Scenarios {
			switch record := records[id]; {
			case record == nil:
				c.leave(id, left[id].Why)
			case shown[id]:
				c.Elsewhere = append(c.Elsewhere, id)
			default:
				shown[id] = true
				c.Shown = append(c.Shown, record.onPage())
			}
		}
		p.chapter(claim.Chapter).Claims = append(p.chapter(claim.Chapter).Claims, c)
	}
	for i := range r.Scenarios {
		if record := &r.Scenarios[i]; record.Outcome != Passed && record.Outcome != Unsupported && !r.explains(record) {
			p.Troubles = append(p.Troubles, r.Scenarios[i].onPage())
		}
		if !shown[r.Scenarios[i].ID] {
			p.Others = append(p.Others, r.Scenarios[i].onPage())
		}
	}
	return p
}

// leave notes a scenario that was left out.
func (c *pageClaim) leave(id, why string) {
	i := slices.IndexFunc(c.Left, func(l pageLeft) bool { return l.Why == why })
	if i < 0 {
		i = len(c.Left)
		c.Left = append(c.Left, pageLeft{Why: why})
	}
	c.Left[i].IDs = append(c.Left[i].IDs, id)
}

// chapter finds or makes a chapter, which keeps the chapters in the order of the claims.
func (p *page) chapter(number int) *pageChapter {
	for i := range p.Chapters {
		if p.Chapters[i].Number == number {
			return &p.Chapters[i]
		}
	}
	p.Chapters = append(p.Chapters, pageChapter{Number: number})
	return &p.Chapters[len(p.Chapters)-1]
}

func (record *Record) onPage() pageScenario {
	s := pageScenario{Record: record, Word: string(record.Outcome), Clock: record.clock()}
	if record.Outcome == Failed {
		switch {
		case record.Known != "":
			s.Word = "known"
		case record.Level != must:
			s.Word = "missed"
		}
	}
	return s
}

// clip keeps what was observed to a size that a page of hundreds of scenarios bears. The JSON report has all of it.
func clip(s string) string {
	const most = 240
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// invariantWord is the outcome of a scenario that an invariant's state is drawn like.
func invariantWord(i Invariant) string {
	switch {
	case i.Fails():
		return string(Failed)
	case i.Known != "":
		return "known"
	case i.State == Held:
		return string(Passed)
	default:
		return string(Unsupported)
	}
}
