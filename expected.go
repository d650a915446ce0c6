package plumbline

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/invariants"
	"github.com/plumbline/plumbline/reports"
)

// readExpected reads a file of expected failures: a YAML list of scenarios that are known to fail on a target, and of invariants that are
// known to be breached, each with the reason. An error names the line, and the entry.
//
//   - scenario: pods/spread/over-the-nodes
//     reason: the scheduler knows nothing of zones, issue 12
//   - invariant: restarts-never-fall
//     reason: a restarted agent counts from 0 again, issue 14
func readExpected(path string) ([]reports.Expected, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the expected failures: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("the expected failures in %s: %w", path, err)
	}
	if len(document.Content) == 0 {
		return []reports.Expected{}, nil // nothing but comments: nothing is known to fail
	}
	list := document.Content[0]
	if list.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s:%d: want a list of entries, each with a scenario or an invariant, and a reason", path, list.Line)
	}
	entries := []reports.Expected{}
	first := map[string]string{}
	var errs []error
	for i, node := range list.Content {
		at := fmt.Sprintf("%s:%d", path, node.Line)
		entry, err := readEntry(node)
		if err == nil && first[entry.Name()] != "" {
			err = fmt.Errorf("%s stands at %s already", entry.Name(), first[entry.Name()])
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: entry %d: %w", at, i+1, err))
			continue
		}
		entry.At = at
		first[entry.Name()] = at
		entries = append(entries, entry)
	}
	return entries, errors.Join(errs...)
}

// readEntry reads one entry. yaml.v3 does not say which entry of a list a field that it does not know is in, so the
// fields are looked at one by one.
func readEntry(node *yaml.Node) (reports.Expected, error) {
	var e reports.Expected
	if node.Kind != yaml.MappingNode {
		return e, fmt.Errorf("%q is no entry: want scenario or invariant, and reason", node.Value)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field := map[string]*string{"scenario": &e.Scenario, "invariant": &e.Invariant, "reason": &e.Reason}[key.Value]
		switch {
		case field == nil:
			return e, fmt.Errorf("nobody knows the field %q: want scenario or invariant, and reason", key.Value)
		case value.Kind != yaml.ScalarNode || value.Tag == "!!null":
			return e, fmt.Errorf("%s has to be a text", key.Value)
		case *field != "":
			return e, fmt.Errorf("%s stands twice", key.Value)
		}
		*field = strings.TrimSpace(value.Value)
	}
	switch {
	case e.Scenario == "" && e.Invariant == "":
		return e, errors.New("scenario is missing, the id of a scenario, or invariant, the name of an invariant")
	case e.Scenario != "" && e.Invariant != "":
		return e, fmt.Errorf("scenario %s and invariant %s both stand in it: want an entry for each", e.Scenario, e.Invariant)
	case e.Reason == "":
		return e, fmt.Errorf("%s has no reason", e.Name())
	}
	return e, nil
}

// notSelected is why a scenario is left out that the run's selection does not name.
const notSelected = "not selected"

// place finds the scenarios and invariants of the expected failures. One that there is not is an error: the file is misspelt, or of
// another version of the suite.
func (c *census) place(expected []reports.Expected, leftOut []reports.LeftOut, spelled spelling) error {
	known := make(map[string]bool, len(c.scenarios))
	for _, s := range c.scenarios {
		known[s.id] = true
	}
	why := make(map[string]string, len(leftOut))
	for _, left := range leftOut {
		why[left.ID] = left.Why
	}
	narrowed := slices.ContainsFunc(leftOut, func(left reports.LeftOut) bool { return left.Level != string(features.Historic) })
	var errs []error
	for i := range expected {
		entry := &expected[i]
		if entry.Invariant != "" {
			if hint := noInvariant(entry.Invariant, known); hint != "" {
				errs = append(errs, fmt.Errorf("%s: entry %d: there is no invariant %s: %s", entry.At, i+1, entry.Invariant, hint))
			}
			entry.Narrowed = narrowed
			continue
		}
		switch {
		case known[entry.Scenario]:
		case noInvariant(entry.Scenario, nil) == "":
			errs = append(errs, fmt.Errorf("%s: entry %d: there is no scenario %s: that is an invariant, so write invariant: %[3]s", entry.At, i+1, entry.Scenario))
		default:
			errs = append(errs, fmt.Errorf("%s: entry %d: there is no scenario %s%s", entry.At, i+1, entry.Scenario, c.hint("scenario", entry.Scenario, spelled)))
		}
		entry.Unplanned = why[entry.Scenario]
		entry.Narrowed = entry.Unplanned == notSelected
	}
	return errors.Join(errs...)
}

// noInvariant says what to write instead of a name that no invariant has. It is empty for the name of one.
func noInvariant(name string, scenarios map[string]bool) string {
	var names []string
	for _, invariant := range invariants.All {
		if invariant.Name == name {
			return ""
		}
		names = append(names, invariant.Name)
	}
	if scenarios[name] {
		return "that is a scenario, so write scenario: " + name
	}
	return "there are " + strings.Join(names, ", ")
}
