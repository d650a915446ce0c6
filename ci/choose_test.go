package ci

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func names(mutants []Mutant) []string {
	var all []string
	for _, m := range mutants {
		all = append(all, m.Name)
	}
	return all
}

func TestChoose(t *testing.T) {
	all := []Mutant{{Patch: Patch{Name: "a"}, Claims: []string{"labels/in"}}, {Patch: Patch{Name: "b"}, Claims: []string{"labels/in", "labels/equal"}}, {Patch: Patch{Name: "c"}, Claims: []string{"pods/spread"}}}
	for name, c := range map[string]struct {
		names, claims, want []string
		refused             string
	}{
		"all":                {want: []string{"a", "b", "c"}},
		"by name":            {names: []string{"c", "a"}, want: []string{"a", "c"}},
		"by claim":           {claims: []string{"labels/in"}, want: []string{"a", "b"}},
		"by both":            {names: []string{"b"}, claims: []string{"pods/spread"}, want: []string{"b", "c"}},
		"a misspelt name":    {names: []string{"bb"}, refused: "perhaps b"},
		"an empty name":      {names: []string{""}, refused: `no mutant ""`},
		"a claim of no one":  {claims: []string{"pods/packing"}, refused: "pods/packing"},
		"one that is wrong":  {names: []string{"a", "x"}, refused: `no mutant "x"`},
		"claim, but no name": {names: []string{"x"}, claims: []string{"labels/in"}, refused: `no mutant "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Choose(all, c.names, c.claims)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("the error is %v, and has to say %q", err, c.refused)
				}
				return
			}
			if diff := cmp.Diff(c.want, names(got)); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestSample(t *testing.T) {
	var all []Mutant
	for i := range 100 {
		all = append(all, Mutant{Patch: Patch{Name: fmt.Sprint("mutant-", i)}})
	}
	first := names(Sample(all, 5, "one commit"))
	if again := names(Sample(all, 5, "one commit")); !slices.Equal(first, again) {
		t.Errorf("the same seed chooses %v and %v", first, again)
	}
	if other := names(Sample(all, 5, "another commit")); slices.Equal(first, other) {
		t.Errorf("two seeds choose the same: %v", first)
	}
	if n := len(Sample(all, 500, "one commit")); n != len(all) {
		t.Errorf("a sample larger than everything has %d", n)
	}
	seen := map[string]bool{}
	for i := range 200 {
		for _, m := range Sample(all, 5, fmt.Sprint("commit ", i)) {
			seen[m.Name] = true
		}
	}
	if len(seen) < 99 { // each is missed by 200 samples of 5 in 100 with a probability of 0.00004
		t.Errorf("200 samples of 5 saw %d of 100 mutants", len(seen))
	}
	more := names(Sample(append(slices.Clone(all), Mutant{Patch: Patch{Name: "a new one"}}), 5, "one commit"))
	kept := slices.DeleteFunc(more, func(name string) bool { return !slices.Contains(first, name) })
	if len(kept) < 4 {
		t.Errorf("a new mutant changed the sample from %v to %v", first, more)
	}
}
