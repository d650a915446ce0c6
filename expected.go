package plumbline

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/plumbline/plumbline/reports"
)

// readExpected reads a file of expected failures: a YAML list of scenarios that are known to fail on a target, each with
// the reason. An error names the line, and the entry.
//
//   - scenario: pods/spread/over-the-nodes
//     reason: the scheduler knows nothing of zones, issue 12
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
		return nil, fmt.Errorf("%s:%d: want a list of entries, each with scenario and reason", path, list.Line)
	}
	entries := []reports.Expected{}
	first := map[string]string{}
	var errs []error
	for i, node := range list.Content {
		at := fmt.Sprintf("%s:%d", path, node.Line)
		entry, err := readEntry(node)
		if err == nil && first[entry.Scenario] != "" {
			err = fmt.Errorf("%s stands at %s already", entry.Scenario, first[entry.Scenario])
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: entry %d: %w", at, i+1, err))
			continue
		}
		first[entry.Scenario] = at
		entries = append(entries, reports.Expected{Scenario: entry.Scenario, Reason: entry.Reason, At: at})
	}
	return entries, errors.Join(errs...)
}

// entry is an expected failure as it is written.
type entry struct{ Scenario, Reason string }

// readEntry reads one entry. yaml.v3 does not say which entry of a list a field that it does not know is in, so the
// fields are looked at one by one.
func readEntry(node *yaml.Node) (entry, error) {
	var e entry
	if node.Kind != yaml.MappingNode {
		return e, fmt.Errorf("%q is no entry: want scenario and reason", node.Value)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field := map[string]*string{"scenario": &e.Scenario, "reason": &e.Reason}[key.Value]
		switch {
		case field == nil:
			return e, fmt.Errorf("nobody knows the field %q: want scenario and reason", key.Value)
		case value.Kind != yaml.ScalarNode || value.Tag == "!!null":
			return e, fmt.Errorf("%s has to be a text", key.Value)
		case *field != "":
			return e, fmt.Errorf("%s stands twice", key.Value)
		}
		*field = strings.TrimSpace(value.Value)
	}
	switch {
	case e.Scenario == "":
		return e, errors.New("scenario is missing: the id of a scenario")
	case e.Reason == "":
		return e, fmt.Errorf("%s has no reason", e.Scenario)
	}
	return e, nil
}

// notSelected is why a scenario is left out that the run's selection does not name.
const notSelected = "not selected"

// place finds the scenarios of the expected failures. One that there is not is an error: the file is misspelt, or of
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
	var errs []error
	for i := range expected {
		entry := &expected[i]
		if !known[entry.Scenario] {
			errs = append(errs, fmt.Errorf("%s: entry %d: there is no scenario %s%s", entry.At, i+1, entry.Scenario, c.hint("scenario", entry.Scenario, spelled)))
		}
		entry.Unplanned = why[entry.Scenario]
		entry.Narrowed = entry.Unplanned == notSelected
	}
	return errors.Join(errs...)
}
