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
	Text     string   // the scenario with its tags, under its feature and its rule and their backgrounds; no comments
}

// NeedsTwoNodes says whether the scenario is unsupported where the shared cluster has one node.
func (e Entry) NeedsTwoNodes() bool {
	return slices.Contains(e.Profiles, multiNode) && !slices.Contains(e.Profiles, "cluster")
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
		entries = append(entries, Entry{ID: s.id, Claims: s.claims, Profiles: s.profiles, Outline: fmt.Sprintf("%s:%d", s.file, s.outline), Text: s.text()})
	}
	return entries, nil
}

// text is the scenario as it is read, without the lines of others. What stands in quotes of its own is kept as it is: it may be YAML.
func (s *scenario) text() string {
	var text strings.Builder
	quoted := false
	for line := range strings.Lines(string(s.source)) {
		read := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(read, `"""`):
			quoted = !quoted
		case quoted:
			read = strings.TrimRight(line, " \t\r\n")
		case read == "" || strings.HasPrefix(read, "#"):
			continue
		}
		text.WriteString(read + "\n")
	}
	return text.String()
}
