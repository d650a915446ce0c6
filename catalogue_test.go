package plumbline

import "testing"

// What is in quotes is YAML, where a space or a number sign may mean something.
func TestTextOfAScenario(t *testing.T) {
	s := &scenario{source: []byte("Feature: F\n\n  # said aside\n  @labels/in\n    Scenario: S\n      Given this:\n        \"\"\"\n        a:\n          b: 1\n        # kept\n        \"\"\"\n\n\n")}
	want := "Feature: F\n@labels/in\nScenario: S\nGiven this:\n\"\"\"\n        a:\n          b: 1\n        # kept\n\"\"\"\n"
	if got := s.text(); got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
}

// A scenario with clusters of its own has as many nodes as it starts.
func TestNeedsTwoNodes(t *testing.T) {
	for name, c := range map[string]struct {
		profiles []string
		needs    bool
	}{"on the shared cluster": {[]string{"workloads", "multi-node"}, true}, "on its own": {[]string{"cluster", "multi-node"}, false}, "anywhere": {[]string{"network"}, false}} {
		if needs := (Entry{Profiles: c.profiles}).NeedsTwoNodes(); needs != c.needs {
			t.Errorf("%s: %t, want %t", name, needs, c.needs)
		}
		e := &engine{target: &containers{nodes: 1}}
		if why := e.unsupported(&scenario{profiles: c.profiles}); (why != "") != c.needs {
			t.Errorf("%s: unsupported because %q", name, why)
		}
	}
}
