package steps

import (
	"fmt"
	"strings"
	"time"
)

// Failure is the error of a step in which the implementation did not do what the sentence says. Any other error of a
// step, but Unsupported and Inconclusive, is a fault of the suite itself.
type Failure struct {
	What     string        // the subject: `"status.phase" of Pod "web"`
	Expected string        // what a conforming implementation shows
	Seen     string        // what was seen last
	Waited   time.Duration // how long it was waited for; 0 for what was judged at once
	At       time.Time     // when it was judged
	Timeline []string      // the object's changes as watched, oldest first, each with its time
	Diff     string        // a difference of the two, where one says more
}

func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString(f.What)
	fmt.Fprintf(&b, "\n  expected: %s", indent(f.Expected))
	fmt.Fprintf(&b, "\n  seen:     %s", indent(f.Seen))
	if f.Waited > 0 {
		fmt.Fprintf(&b, "\n  waited:   %s", f.Waited.Round(10*time.Millisecond))
	}
	if f.Diff != "" {
		fmt.Fprintf(&b, "\n  difference (- expected, + seen):\n    %s", strings.ReplaceAll(f.Diff, "\n", "\n    "))
	}
	if len(f.Timeline) > 0 {
		fmt.Fprintf(&b, "\n  as watched:\n    %s", strings.Join(f.Timeline, "\n    "))
	}
	return b.String()
}

// indent keeps the lines of a longer text under its first one.
func indent(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n            ")
}

// Unsupported is the error of a step that needs what this target cannot have by its nature, such as a second node.
// It is no verdict on the implementation.
type Unsupported struct{ Why string }

func (u *Unsupported) Error() string { return "unsupported: " + u.Why }

// Inconclusive is the error of a step that the environment kept from judging, such as a connection to the API server
// that broke.
type Inconclusive struct{ Why string }

func (i *Inconclusive) Error() string { return "inconclusive: " + i.Why }

// failed makes a Failure that was judged at once.
func failed(what, expected, seen string) error {
	return &Failure{What: what, Expected: expected, Seen: seen, At: time.Now()}
}
