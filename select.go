package plumbline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/reports"
)

// Selection says which scenarios a run plans. Kinds of conditions are joined by "and", the values of one by "or".
type Selection struct {
	Scenarios []string // ids; an id's beginning up to a slash stands for all below it
	Claims    []string // ids of claims
	Chapters  []string // numbers, such as "5", or folders, such as "pods"
	Profiles  []string // see Profiles
	Slow      bool     // also scenarios tagged @slow
	Historic  bool     // also what was true of the book's day only
}

// choose splits the census into the scenarios that the run plans and those that it leaves out, each with the reason.
// A condition that nothing matches is an error: a misspelt id must not pass.
func (c *census) choose(by Selection, spelled spelling) (planned []*scenario, leftOut []reports.LeftOut, err error) {
	if err := c.checkSelection(by, spelled); err != nil {
		return nil, nil, err
	}
	for _, s := range c.scenarios {
		if why := c.leave(s, by, spelled); why != "" {
			leftOut = append(leftOut, reports.LeftOut{ID: s.id, Level: string(s.level), Why: why})
		} else {
			planned = append(planned, s)
		}
	}
	return planned, leftOut, nil
}

// leave says why a scenario is left out, or nothing. Naming a scenario asks for it, slow or historic as it may be.
func (c *census) leave(s *scenario, by Selection, spelled spelling) string {
	switch {
	case len(by.Scenarios) > 0 && !matchesAny(by.Scenarios, s.matchesID),
		len(by.Claims) > 0 && !matchesAny(by.Claims, s.matchesClaim),
		len(by.Chapters) > 0 && !matchesAny(by.Chapters, func(chapter string) bool { return c.matchesChapter(s, chapter) }),
		len(by.Profiles) > 0 && !matchesAny(by.Profiles, s.matchesProfile):
		return notSelected
	case len(by.Scenarios) > 0:
		return ""
	case s.level == features.Historic && !by.Historic:
		return "true of the book's day only: " + spelled.option("historic", "") + " runs it"
	case s.slow && !by.Slow:
		return "slow: " + spelled.option("slow", "") + " runs it"
	}
	return ""
}

func matchesAny(values []string, matches func(string) bool) bool {
	return slices.ContainsFunc(values, matches)
}

func (s *scenario) matchesID(id string) bool {
	return s.id == id || strings.HasPrefix(s.id, strings.TrimSuffix(id, "/")+"/")
}

func (s *scenario) matchesClaim(claim string) bool { return slices.Contains(s.claims, claim) }

// matchesProfile takes "api" for what needs an API server and controllers only, since everything needs those.
func (s *scenario) matchesProfile(profile string) bool {
	if profile == "api" {
		return s.onlyAPI()
	}
	return slices.Contains(s.profiles, profile)
}

// onlyAPI says whether the scenario needs no node.
func (s *scenario) onlyAPI() bool { return slices.Equal(s.profiles, []string{"api"}) }

func (c *census) matchesChapter(s *scenario, chapter string) bool {
	if s.chapter == chapter {
		return true
	}
	return slices.ContainsFunc(c.claims, func(claim features.Claim) bool {
		return fmt.Sprint(claim.Chapter) == chapter && s.matchesClaim(claim.ID)
	})
}

// narrowed says whether the selection names what it wants.
func (by Selection) narrowed() bool {
	return len(by.Scenarios)+len(by.Claims)+len(by.Chapters)+len(by.Profiles) > 0
}

// checkSelection wants every single value to match a scenario.
func (c *census) checkSelection(by Selection, spelled spelling) error {
	for _, kind := range []struct {
		name    string
		values  []string
		matches func(s *scenario, value string) bool
	}{
		{"scenario", by.Scenarios, (*scenario).matchesID},
		{"claim", by.Claims, (*scenario).matchesClaim},
		{"chapter", by.Chapters, c.matchesChapter},
		{"profile", by.Profiles, (*scenario).matchesProfile},
	} {
		for _, value := range kind.values {
			if slices.ContainsFunc(c.scenarios, func(s *scenario) bool { return kind.matches(s, value) }) {
				continue
			}
			return fmt.Errorf("no scenario matches %s%s", spelled.option(kind.name, value), c.hint(kind.name, value, spelled))
		}
	}
	return nil
}

// hint says more about a value that no scenario matches.
func (c *census) hint(kind, value string, spelled spelling) string {
	switch kind {
	case "claim":
		for _, claim := range c.claims {
			if claim.ID == value && claim.Pending {
				return ": the claim has no scenarios yet"
			}
		}
		return ": there is no such claim; " + spelled.everything() + " shows all"
	case "chapter":
		if slices.ContainsFunc(c.claims, func(claim features.Claim) bool { return fmt.Sprint(claim.Chapter) == value }) {
			return ": the claims of the chapter have no scenarios yet"
		}
		return ": the chapters are " + strings.Join(c.chapters(), ", ")
	case "profile":
		if slices.Contains(Profiles, value) {
			return ": no scenario needs that profile yet"
		}
		return ": the profiles are " + strings.Join(Profiles, ", ")
	case "scenario":
		for _, s := range c.scenarios {
			if strings.Contains(s.id, value) || strings.HasSuffix(value, s.id[strings.LastIndex(s.id, "/"):]) {
				return ": perhaps " + s.id + "; " + spelled.everything() + " shows all"
			}
		}
	}
	return ": " + spelled.everything() + " shows all"
}

// chapters lists the book's chapters, each with the folders of its scenarios.
func (c *census) chapters() []string {
	folders := map[int][]string{}
	for _, claim := range c.claims {
		folder, _, _ := strings.Cut(claim.ID, "/")
		if !slices.Contains(folders[claim.Chapter], folder) {
			folders[claim.Chapter] = append(folders[claim.Chapter], folder)
		}
	}
	var list []string
	for _, number := range slices.Sorted(maps.Keys(folders)) {
		list = append(list, fmt.Sprintf("%d (%s)", number, strings.Join(folders[number], ", ")))
	}
	return list
}
