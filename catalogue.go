package plumbline

import (
	"fmt"

	"github.com/plumbline/plumbline/features"
)

// Entry is a scenario of the census: what there is to run, for whoever has to know without a run.
type Entry struct {
	ID      string   // by which it is selected and reported
	Claims  []string // that it proves
	Outline string   // file and line of the outline that it is a row of, or of the scenario itself
}

// Census lists every scenario there is, outlines expanded, in the order of the features.
func Census() ([]Entry, error) {
	claims, err := features.Claims()
	if err != nil {
		return nil, err
	}
	c, err := takeCensus(features.FS, claims)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, s := range c.scenarios {
		entries = append(entries, Entry{ID: s.id, Claims: s.claims, Outline: fmt.Sprintf("%s:%d", s.file, s.outline)})
	}
	return entries, nil
}
