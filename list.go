package plumbline

import (
	"strings"
)

// list writes the census.
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
	e.printf("%d scenarios planned, %d left out\n", len(e.planned), len(e.leftOut))
}
