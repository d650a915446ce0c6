package steps

import (
	"fmt"
	"slices"
	"testing"
)

// TestSome: of many the first, the last, and the same others for the same seed.
func TestSome(t *testing.T) {
	var all []string
	for i := range 100 {
		all = append(all, fmt.Sprintf("node-%02d", i))
	}
	if got := some(all[:6], 6, 1); !slices.Equal(got, all[:6]) {
		t.Errorf("of six: %q", got)
	}
	got := some(all, 6, 1)
	if len(slices.Compact(slices.Clone(got))) != 6 || got[0] != all[0] || got[5] != all[99] || !slices.IsSorted(got) {
		t.Errorf("of a hundred: %q", got)
	}
	if !slices.Equal(got, some(all, 6, 1)) {
		t.Error("one seed chooses differently")
	}
	if slices.Equal(got, some(all, 6, 2)) {
		t.Errorf("two seeds choose the same: %q", got)
	}
}
