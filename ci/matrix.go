package ci

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/invariants"
	"github.com/plumbline/plumbline/reports/dress"
)

// What became of a mutant.
const (
	Caught      = "caught"
	Survived    = "survived"     // a scenario passed that had to fail, or an invariant held
	WrongKiller = "wrong killer" // something failed, but not what and as the mutant says
	Stale       = "stale"        // the patch does not fit the reference any more
	Broken      = "broken"       // it could not be built or run
	Untried     = "untried"      // at the state of the repository as it is
)

// The errors by which a mutant that was not caught tells why.
var (
	errLives    = errors.New("the mutant lives")
	errOtherWay = errors.New("not as the mutant says")
	// ErrStale is a patch that does not apply.
	ErrStale = errors.New("the patch does not fit the reference any more")
)

// StateOf is what became of a mutant whose try ended with an error, or with none.
func StateOf(err error) string {
	switch {
	case err == nil:
		return Caught
	case errors.Is(err, ErrStale):
		return Stale
	case errors.Is(err, errLives):
		return Survived
	case errors.Is(err, errOtherWay):
		return WrongKiller
	}
	return Broken
}

// Matrix says for each claim, and each invariant, which mutants break it and what became of them.
type Matrix struct {
	Counts map[string]int `json:"counts"` // of mutants by state
	Subtle map[string]int `json:"subtle"` // of mutants that are, by what they break
	Rows   []Row          `json:"rows"`   // claims in the order of the book, then the invariants
	Bad    []Cell         `json:"bad"`    // mutants that survived, are stale, were killed otherwise, or could not be tried
}

// Row is one claim or invariant.
type Row struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"` // "claim" or "invariant"
	Level   string `json:"level"`
	Text    string `json:"text"`
	Pending bool   `json:"pending"` // it has no scenarios yet
	Wanted  int    `json:"wanted"`  // how many mutants it has to have
	Mutants []Cell `json:"mutants"`
}

// Cell is one mutant.
type Cell struct {
	Name  string `json:"name"`
	State string `json:"state"`
	About string `json:"about"`
	// Scenarios are those that have to fail, and those that give the breach of an invariant occasion.
	Scenarios []string `json:"scenarios"`
	Subtle    string   `json:"subtle"` // one of Subtleties, or nothing
	Why       string   `json:"why"`    // of every state but caught and untried
	Seconds   float64  `json:"seconds"`
}

// Wanted is how many mutants a claim has to have: two of level MUST, one otherwise, none while it is pending.
func Wanted(claim features.Claim) int {
	switch {
	case claim.Pending:
		return 0
	case claim.Level == features.Must:
		return 2
	}
	return 1
}

// NewMatrix joins mutants and their results. Of is the result of a mutant at the state as it is, and stale says why its
// patch does not fit, or nothing.
func NewMatrix(claims []features.Claim, all []Mutant, of func(Mutant) (Result, bool), stale map[string]string) Matrix {
	m := Matrix{Counts: map[string]int{}, Subtle: map[string]int{}, Bad: []Cell{}}
	cells := map[string]Cell{}
	for _, mutant := range all {
		cell := Cell{Name: mutant.Name, State: Untried, About: mutant.About, Subtle: mutant.Subtle, Scenarios: mutant.Runs()}
		if result, tried := of(mutant); tried {
			cell.State, cell.Why, cell.Seconds = result.State, result.Why, result.Seconds
		}
		if why := stale[mutant.Name]; why != "" {
			cell.State, cell.Why = Stale, why
		}
		cells[mutant.Name] = cell
		m.Counts[cell.State]++
		if mutant.Subtle != "" {
			m.Subtle[mutant.Subtle]++
		}
		if cell.State != Caught && cell.State != Untried {
			m.Bad = append(m.Bad, cell)
		}
	}
	add := func(row Row, breaks func(Mutant) bool) {
		row.Mutants = []Cell{}
		for _, mutant := range all {
			if breaks(mutant) {
				row.Mutants = append(row.Mutants, cells[mutant.Name])
			}
		}
		m.Rows = append(m.Rows, row)
	}
	for _, claim := range claims {
		add(Row{ID: claim.ID, Kind: "claim", Level: string(claim.Level), Text: claim.Text, Pending: claim.Pending, Wanted: Wanted(claim)},
			func(m Mutant) bool { return slices.Contains(m.Claims, claim.ID) })
	}
	for _, invariant := range invariants.All {
		add(Row{ID: invariant.Name, Kind: "invariant", Level: string(features.Must), Text: invariant.Text, Wanted: 1},
			func(m Mutant) bool { return slices.Contains(m.Invariants(), invariant.Name) })
	}
	return m
}

// Caught counts the row's mutants that were caught.
func (r Row) Caught() int {
	n := 0
	for _, cell := range r.Mutants {
		if cell.State == Caught {
			n++
		}
	}
	return n
}

// Open says whether a row has fewer mutants than it has to.
func (r Row) Open() bool { return len(r.Mutants) < r.Wanted }

//go:embed matrix.html
var matrixPage string

//go:embed matrix.js
var matrixScript string

// matrixShown is what the template of the page shows.
type matrixShown struct {
	Matrix
	CSS    template.CSS
	JS     template.JS
	States []string
	Kinds  []string
	Total  int            // of mutants
	Some   int            // of those that are subtle
	first  map[string]int // the row under which a mutant is told of first
}

// First says whether a mutant has its anchor in this row: one that breaks several claims is there for each of them, and linked to once.
func (m matrixShown) First(row int, name string) bool { return m.first[name] == row }

// show prepares the page.
func (m Matrix) show() matrixShown {
	shown := matrixShown{Matrix: m, CSS: dress.Style(), JS: dress.Script(matrixScript), Kinds: Subtleties, first: map[string]int{}}
	for _, state := range []string{Caught, Survived, WrongKiller, Stale, Broken, Untried} {
		if n := m.Counts[state]; n > 0 {
			shown.States = append(shown.States, state)
			shown.Total += n
		}
	}
	for _, n := range m.Subtle {
		shown.Some += n
	}
	for i, row := range m.Rows {
		for _, cell := range row.Mutants {
			if _, known := shown.first[cell.Name]; !known {
				shown.first[cell.Name] = i
			}
		}
	}
	return shown
}

// Write writes the matrix as matrix.json and as matrix.html, a page that needs nothing else, and shows everything without scripts too.
func (m Matrix) Write(folder string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the kill matrix: %w", err)
	}
	page, err := template.New("matrix").Funcs(template.FuncMap{
		"class":   func(state string) string { return strings.ReplaceAll(state, " ", "-") },
		"seconds": func(s float64) string { return fmt.Sprintf("%.0f s", s) },
	}).Parse(matrixPage)
	if err != nil {
		return fmt.Errorf("parse the page of the kill matrix: %w", err)
	}
	var html bytes.Buffer
	if err := page.Execute(&html, m.show()); err != nil {
		return fmt.Errorf("write the page of the kill matrix: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder of the kill matrix: %w", err)
	}
	for name, text := range map[string][]byte{"matrix.json": append(data, '\n'), "matrix.html": html.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return fmt.Errorf("write the kill matrix: %w", err)
		}
	}
	return nil
}
