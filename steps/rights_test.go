package steps

import (
	"slices"
	"testing"
)

// TestRights: whoever adds a kind to the sentences also says what a run may have to do with its objects.
func TestRights(t *testing.T) {
	needed := map[string]bool{}
	for _, right := range Rights(true) {
		needed[right.Group+"/"+right.Resource] = true
		if right.Verb == "" || right.Resource == "" {
			t.Errorf("an empty right: %+v", right)
		}
	}
	for name, kind := range kinds {
		if !needed[kind.Group+"/"+plural(name)] && !slices.Contains(optional(), name) {
			t.Errorf("no right is needed for %s, which sentences name", name)
		}
	}
	if all, few := len(Rights(true)), len(Rights(false)); few >= all {
		t.Errorf("%d rights without workloads, %d with them", few, all)
	}
}
