package plumbline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/features"
)

// Entry is a scenario of the census: what there is to run, for whoever has to know without a run.
type Entry struct {
	ID       string   // by which it is selected and reported
	Claims   []string // that it proves
	Profiles []string // what it needs of a target, of Profiles
	Outline  string   // file and line of the outline that it is a row of, or of the scenario itself
	Text     string   // the scenario under the names of its feature and rule, with their backgrounds; no comments
}

// NeedsTwoNodes says whether the scenario is unsupported on one node.
func (e Entry) NeedsTwoNodes() bool { return slices.Contains(e.Profiles, multiNode) }

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
		entries = append(entries, Entry{ID: s.id, Claims: s.claims, Profiles: s.profiles, Outline: fmt.Sprintf("%s:%d", s.file, s.outline), Text: s.text()})
	}
	return entries, nil
}

// text is the scenario as it is read, without the lines of others.
func (s *scenario) text() string {
	var text strings.Builder
	for line := range strings.Lines(string(s.source)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			text.WriteString(line + "\n")
		}
	}
	return text.String()
}
