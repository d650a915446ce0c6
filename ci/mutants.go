// Package ci holds what gates a change besides ordinary tests: the mutants and the variants. A mutant is a small deliberate break of the
// reference orchestrator, kept as a patch, with the scenario that catches it and the words in which it says so. It is
// the proof that the scenario can fail. A variant is a change after which the reference is as right as before: the proof that
// the scenarios want no more than Kubernetes promises.
package ci

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mutant is one file ci/mutants/NAME.patch. Its header is made of lines before the first diff:
//
//	Claim: labels/not-equal
//	Scenario: labels/not-equal/objects-without-the-key-match
//	Message: finds exactly the ConfigMaps
//	What the break is, in a sentence or two.
//
// A line such as "Limit: 20m" gives a run more time than others have, for a scenario that takes it.
//
// A line "Subtle: edge" says that the ordinary course stays as it is, and what alone breaks: see Subtleties.
//
// There may be several scenarios; each has to fail. Messages stand after the scenarios that say them: a scenario has to
// say each message between its own line and the next scenario's, or those after the scenarios that follow it at once.
//
// A mutant that breaks an invariant names it instead, and the scenarios that give it occasion, which have to pass: only
// the invariant catches it. It needs no claim.
//
//	Invariant: node-name-is-final
//	During: pods/restart-never/a-program-that-succeeds
//	Message: it was bound to node
type Mutant struct {
	Patch
	Claims  []string
	Expects []Expectation
	During  []string      // scenarios that give a breach of an invariant occasion, and have to pass
	Limit   time.Duration // of the run against it; zero is that of all
	Subtle  string        // one of Subtleties, or nothing
}

// Subtleties are what a mutant may break that leaves the ordinary course as it is.
var Subtleties = []string{
	"timing", // when something happens, or for how long
	"race",   // the order of things that happen at once
	"edge",   // a value or a combination that is rare, or at a limit
	"leak",   // what has to be given back, or to end
}

// Expectation is what scenarios have to say about a mutant: all of them fail, and each says every message. Or it is what a
// breach of an invariant has to say.
type Expectation struct {
	Scenarios []string
	Invariant string
	Messages  []string
}

// Scenarios are the ids of all that have to fail.
func (m Mutant) Scenarios() []string {
	var ids []string
	for _, e := range m.Expects {
		ids = append(ids, e.Scenarios...)
	}
	return ids
}

// Runs are the ids of all scenarios that a mutant is tried by.
func (m Mutant) Runs() []string { return append(m.Scenarios(), m.During...) }

// Invariants are the names of those that have to be breached.
func (m Mutant) Invariants() []string {
	var names []string
	for _, e := range m.Expects {
		if e.Invariant != "" {
			names = append(names, e.Invariant)
		}
	}
	return names
}

// Load reads all mutants of a folder, in the order of their names.
func Load(folder string) ([]Mutant, error) { return readAll(folder, read) }

func read(path string) (Mutant, error) {
	var m Mutant
	header, err := m.open(path)
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(header) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch value = strings.TrimSpace(value); key {
		case "Claim":
			m.Claims = append(m.Claims, value)
		case "Scenario":
			m.expectScenario(value)
		case "Invariant":
			m.Expects = append(m.Expects, Expectation{Invariant: value})
		case "During":
			m.During = append(m.During, value)
		case "Message":
			m.expectMessage(value)
		case "Limit":
			if m.Limit, err = time.ParseDuration(value); err != nil || m.Limit <= 0 {
				return m, fmt.Errorf("the mutant %s: Limit %q is no time such as 20m", m.Name, value)
			}
		case "Subtle":
			if m.Subtle != "" || !slices.Contains(Subtleties, value) {
				return m, fmt.Errorf("the mutant %s: Subtle %q: there may be one such line, of %s", m.Name, value, strings.Join(Subtleties, ", "))
			}
			m.Subtle = value
		default:
			m.About += line
		}
	}
	m.About = strings.TrimSpace(m.About)
	switch {
	case len(m.Invariants()) > 0 && len(m.Runs()) == 0:
		return m, fmt.Errorf("the mutant %s names no scenario that gives its invariant occasion (a line \"During: …\")", m.Name)
	case len(m.Invariants()) == 0 && len(m.During) > 0:
		return m, fmt.Errorf("the mutant %s names a scenario by \"During: …\", and no invariant", m.Name)
	case len(m.Claims) == 0 && len(m.Invariants()) == 0:
		return m, fmt.Errorf("the mutant %s names no claim (a line \"Claim: …\")", m.Name)
	case len(m.Runs()) == 0:
		return m, fmt.Errorf("the mutant %s names no scenario (a line \"Scenario: …\")", m.Name)
	}
	for _, e := range m.Expects {
		switch {
		case len(e.Scenarios) == 0 && e.Invariant == "":
			return m, fmt.Errorf("the mutant %s names the message %q before any scenario that says it", m.Name, e.Messages[0])
		case len(e.Messages) == 0:
			return m, fmt.Errorf("the mutant %s does not say in which words %s fails (a line \"Message: …\" after it)", m.Name, e.subject())
		}
	}
	return m, nil
}

// subject is what an expectation is about.
func (e Expectation) subject() string {
	if e.Invariant != "" {
		return "the invariant " + e.Invariant
	}
	return "the scenario " + e.Scenarios[0]
}

// expectScenario adds a scenario to those that share the messages to come, or begins anew after messages.
func (m *Mutant) expectScenario(id string) {
	if last := len(m.Expects) - 1; last >= 0 && len(m.Expects[last].Messages) == 0 && m.Expects[last].Invariant == "" {
		m.Expects[last].Scenarios = append(m.Expects[last].Scenarios, id)
		return
	}
	m.Expects = append(m.Expects, Expectation{Scenarios: []string{id}})
}

// expectMessage adds a message to the last scenarios.
func (m *Mutant) expectMessage(text string) {
	if len(m.Expects) == 0 {
		m.Expects = append(m.Expects, Expectation{})
	}
	last := &m.Expects[len(m.Expects)-1]
	last.Messages = append(last.Messages, text)
}
