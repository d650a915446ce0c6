package ci

import (
	"fmt"
	"strings"
)

// Variant is one file ci/variants/NAME.patch: a change of the reference after which it is as right as before, only otherwise than the
// scenarios' authors had it before their eyes. Where a mutant has to be caught, a variant has to pass. Its header is made of lines
// before the first diff:
//
//	Allowed: who says that an orchestrator may be so
//	What is otherwise, in a sentence or two.
type Variant struct {
	Patch
	Allowed string
}

// LoadVariants reads all variants of a folder, in the order of their names.
func LoadVariants(folder string) ([]Variant, error) { return readAll(folder, readVariant) }

func readVariant(path string) (Variant, error) {
	var v Variant
	header, err := v.open(path)
	if err != nil {
		return v, err
	}
	for line := range strings.Lines(header) {
		if allowed, found := strings.CutPrefix(line, "Allowed: "); found {
			if v.Allowed != "" {
				return v, fmt.Errorf("%s has two lines \"Allowed: …\"", v)
			}
			v.Allowed = strings.TrimSpace(allowed)
		} else {
			v.About += line
		}
	}
	v.About = strings.TrimSpace(v.About)
	switch {
	case v.Allowed == "":
		return v, fmt.Errorf("%s does not say who allows it (a line \"Allowed: …\")", v)
	case v.About == "":
		return v, fmt.Errorf("%s does not say what is otherwise", v)
	}
	return v, nil
}

// ChooseVariants takes those of the given names, or all if there are none. A name that no variant has is an error.
func ChooseVariants(all []Variant, names []string) ([]Variant, error) {
	if len(names) == 0 {
		return all, nil
	}
	byName := map[string]Variant{}
	var known []string
	for _, v := range all {
		byName[v.Name] = v
		known = append(known, v.Name)
	}
	var chosen []Variant
	for _, name := range names {
		v, found := byName[name]
		if !found {
			return nil, fmt.Errorf("there is no variant %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, v)
	}
	return chosen, nil
}
