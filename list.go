package plumbline

import (
	"fmt"
	"strings"
)

// list writes the census: the scenarios, what can be selected, and the claims that have none yet.
func (e *engine) list() {
	for _, s := range e.planned {
		extra := string(s.level)
		for _, tag := range []struct {
			is   bool
			name string
		}{{s.serial, "serial"}, {s.slow, "slow"}, {s.long, "long"}} {
			if tag.is {
				extra += " " + tag.name
			}
		}
		e.printf("%s  [%s; %s] %s:%d\n", s.id, strings.Join(s.profiles, " "), extra, s.file, s.line)
	}
	for _, left := range e.leftOut {
		if left.Why != "not selected" {
			e.printf("%s  (left out: %s)\n", left.ID, left.Why)
		}
	}
	for _, problem := range e.census.problems {
		e.printf("problem: %s\n", problem)
	}
	if !e.options.narrowed() {
		var pending []string
		for _, claim := range e.census.claims {
			if claim.Pending {
				pending = append(pending, claim.ID)
			}
		}
		e.printf("claims without scenarios yet: %s\n", strings.Join(pending, ", "))
		e.printf("chapters: %s\n", strings.Join(e.census.chapters(), ", "))
		var profiles []string
		for _, profile := range e.census.profiles() {
			profiles = append(profiles, fmt.Sprintf("%s (%d)", profile.Name, len(profile.Scenarios)))
		}
		e.printf("profiles, with their scenarios: %s\n", strings.Join(profiles, ", "))
	}
	e.printf("%s\n%d scenarios planned, %d left out\n", versionLine(), len(e.planned), len(e.leftOut))
}
