package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Invariant is something that had to hold during the whole run, whatever a scenario was about, and what the run saw of it.
type Invariant struct {
	Name     string   `json:"name"`
	Text     string   `json:"text"`
	State    string   `json:"state"`    // see the constants
	Why      string   `json:"why"`      // of every state but Held
	Observed int      `json:"observed"` // states of objects that were judged
	Breaches []Breach `json:"breaches"`
	More     int      `json:"more"`  // breaches beyond those
	Known    string   `json:"known"` // of a breach that was expected: why
}

// The states of an invariant; NotJudged is the third, of a run that watched nothing.
const (
	// Held: no observation breaks it.
	Held = "held"
	// Breached: at least one does. It fails the run.
	Breached = "breached"
)

// Breach is two observations that an invariant does not allow.
type Breach struct {
	Scenario  string   `json:"scenario"`  // whose namespace it was in, or nothing
	Cluster   string   `json:"cluster"`   // the name of the cluster that was watched
	Namespace string   `json:"namespace"` // of the object that breaks it
	Objects   []string `json:"objects"`   // "Pod namespace/name"
	Why       string   `json:"why"`
	Before    Sighting `json:"before"`
	After     Sighting `json:"after"`
}

// Sighting is one observation, by the clock of the suite.
type Sighting struct {
	At      time.Time `json:"at"`
	Object  string    `json:"object"`
	Version string    `json:"version"` // its resourceVersion
	What    string    `json:"what"`
}

// Fails says whether the invariant fails the run: it was breached, and that was not expected.
func (i *Invariant) Fails() bool { return len(i.Breaches) > 0 && i.Known == "" }

// breached counts the invariants that fail the run.
func (r *Report) breached() int {
	n := 0
	for i := range r.Invariants {
		if r.Invariants[i].Fails() {
			n++
		}
	}
	return n
}

// watched counts the invariants by what became of them, in words: "10 held, 1 breached". It is empty if there are none.
func (r *Report) watched() string {
	counts := map[string]int{}
	for i := range r.Invariants {
		state := r.Invariants[i].State
		if r.Invariants[i].Known != "" {
			state += ", as expected"
		}
		counts[state]++
	}
	var parts []string
	for _, state := range []string{Held, Breached, Breached + ", as expected", string(Unsupported), NotJudged} {
		if n := counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

// breachedIn are the names of the invariants that were breached in the namespace of one of the scenarios, or in none of
// any scenario.
func (r *Report) breachedIn(scenarios []string) []string {
	var names []string
	for _, invariant := range r.Invariants {
		if slices.ContainsFunc(invariant.Breaches, func(b Breach) bool { return b.Scenario == "" || slices.Contains(scenarios, b.Scenario) }) {
			names = append(names, invariant.Name)
		}
	}
	return names
}

// Where names the scenario in whose namespace a breach was, or that it was in none.
func (b Breach) Where() string {
	if b.Scenario == "" {
		return fmt.Sprintf("in namespace %s, which is no scenario's", b.Namespace)
	}
	return "in the namespace of " + b.Scenario
}

// Explain tells a breach in lines for a person.
func (b Breach) Explain() string {
	line := func(s Sighting) string {
		version := ""
		if s.Version != "" {
			version = " at resourceVersion " + s.Version
		}
		return fmt.Sprintf("%s  %s%s: %s", s.At.Format("15:04:05.000"), s.Object, version, s.What)
	}
	return fmt.Sprintf("%s: %s\n%s, cluster %s\nfirst: %s\nthen:  %s", strings.Join(b.Objects, " and "), b.Why, b.Where(), b.Cluster, line(b.Before), line(b.After))
}

// invariants writes what was watched all the time: a line if all held, and else each that did not.
func (c Console) invariants(r *Report) {
	if len(r.Invariants) == 0 {
		return
	}
	c.printf("\n%s\n", c.in("bold", "Invariants"))
	held, observed := 0, 0
	for _, invariant := range r.Invariants {
		if invariant.State == Held {
			held, observed = held+1, max(observed, invariant.Observed)
			continue
		}
		word := invariant.State
		if invariant.Known != "" {
			word = "known"
		}
		c.printf("  %s %s: %s\n", c.in(word, fmt.Sprintf("%-12s", word)), invariant.Name, invariant.Text)
		if invariant.Known != "" {
			c.printf("%s", indent("breached, as expected: "+invariant.Known, "    "))
		}
		if len(invariant.Breaches) == 0 {
			c.printf("%s", indent(invariant.Why, "    "))
		}
		for i, breach := range invariant.Breaches {
			if i == mostAlike {
				c.printf("    and %d more\n", len(invariant.Breaches)-i)
				break
			}
			c.printf("%s", indent(breach.Explain(), "    "))
		}
	}
	if held > 0 {
		c.printf("  %s %d of %d, in up to %d states of objects that were watched\n", c.in(Held, fmt.Sprintf("%-12s", Held)), held, len(r.Invariants), observed)
	}
}

// junitInvariants is the suite of the invariants: a case for each.
func (r *Report) junitInvariants() junitSuite {
	suite := junitSuite{Name: "invariants", Time: seconds(0)}
	for _, invariant := range r.Invariants {
		c := junitCase{Name: invariant.Name, Class: "plumbline.invariants", Time: seconds(0)}
		switch {
		case len(invariant.Breaches) > 0:
			var told []string
			for _, breach := range invariant.Breaches {
				told = append(told, breach.Explain())
			}
			detail := &junitDetail{Message: firstLine(invariant.Why), Type: Breached, Text: printable(strings.Join(told, "\n\n"))}
			if invariant.Known != "" {
				c.Skipped, c.Output = &junitDetail{Message: "known breach: " + firstLine(invariant.Known)}, detail.Text
			} else {
				c.Failure = detail
			}
		case invariant.State != Held:
			c.Skipped = &junitDetail{Message: invariant.State + ": " + firstLine(invariant.Why)}
		}
		suite.add(c)
	}
	return suite
}

// watchedBy are the names of the invariants that any of the reports knows.
func watchedBy(all []Compared) []string {
	var names []string
	for _, r := range all {
		for _, invariant := range r.Invariants {
			if !slices.Contains(names, invariant.Name) {
				names = append(names, invariant.Name)
			}
		}
	}
	return names
}

// invariantRows writes a line of a comparison for each invariant that any of the reports knows.
func invariantRows(b *strings.Builder, all []Compared) {
	for _, name := range watchedBy(all) {
		cells := []string{"invariant: " + name, must}
		for _, r := range all {
			i := slices.IndexFunc(r.Invariants, func(i Invariant) bool { return i.Name == name })
			switch {
			case i < 0:
				cells = append(cells, "not known")
			case r.Invariants[i].State == Held:
				cells = append(cells, Held)
			case r.Invariants[i].Known != "":
				cells = append(cells, "known: "+r.Invariants[i].Why)
			default:
				cells = append(cells, r.Invariants[i].State+": "+r.Invariants[i].Why)
			}
		}
		row(b, cells...)
	}
}
