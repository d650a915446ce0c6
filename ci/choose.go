package ci

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Choose takes the mutants of the given names and those of the given claims; all of them if neither is given. A name or
// a claim that no mutant has is an error: a misspelt one must not pass for a caught one.
func Choose(all []Mutant, names, claims []string) ([]Mutant, error) {
	if len(names)+len(claims) == 0 {
		return all, nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(m Mutant) bool { return m.Name == name }) {
			return nil, fmt.Errorf("there is no mutant %q%s", name, resembling(all, name))
		}
	}
	for _, claim := range claims {
		if !slices.ContainsFunc(all, func(m Mutant) bool { return slices.Contains(m.Claims, claim) }) {
			return nil, fmt.Errorf("no mutant breaks the claim %q", claim)
		}
	}
	var chosen []Mutant
	for _, m := range all {
		if slices.Contains(names, m.Name) || slices.ContainsFunc(claims, func(claim string) bool { return slices.Contains(m.Claims, claim) }) {
			chosen = append(chosen, m)
		}
	}
	return chosen, nil
}

// resembling hints at mutants whose names hold the misspelt one, or are held by it.
func resembling(all []Mutant, name string) string {
	var like []string
	for _, m := range all {
		if strings.Contains(m.Name, name) || strings.Contains(name, m.Name) {
			like = append(like, m.Name)
		}
	}
	if len(like) == 0 {
		return ""
	}
	return ": perhaps " + strings.Join(like, ", ")
}

// Sample takes n of the mutants, others for each seed, the same for the same one. Adding a mutant changes a sample by
// one mutant at most, since each has a place of its own in a seed's order. Those that need more time than others are in none.
func Sample(all []Mutant, n int, seed string) []Mutant {
	all = slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool { return m.Limit > 0 })
	place := func(m Mutant) string {
		sum := sha256.Sum256([]byte(seed + "\x00" + m.Name))
		return string(sum[:])
	}
	shuffled := slices.SortedFunc(slices.Values(all), func(a, b Mutant) int { return cmp.Compare(place(a), place(b)) })
	return shuffled[:min(n, len(shuffled))]
}
