package proxy

import (
	"bytes"
	"slices"
)

// restoreInput is what iptables-restore --noflush must read to lead from the rules that are installed to those that are
// desired: only chains that differ, and chains that are no longer needed, which go. It is empty when nothing differs.
//
// A table changes at once, but tables change one after the other. Between them no connection may fall between the
// sending rules in nat and the refusals in filter, or it would travel to nowhere and conntrack would keep it on that way.
// Refusals match addresses that nat did not replace; it does no harm that both exist for a moment. So new refusals come
// before the nat table, and old ones go after it.
func restoreInput(installed, desired Rules) []byte {
	var b bytes.Buffer
	refusals := changes(installed["filter"], desired["filter"])
	switch {
	case !refusals.loses:
		refusals.writeTo(&b, "filter")
	case refusals.adds:
		refusals.withOldLines(installed["filter"]).writeTo(&b, "filter")
	}
	changes(installed["nat"], desired["nat"]).writeTo(&b, "nat")
	if refusals.loses {
		refusals.writeTo(&b, "filter")
	}
	return b.Bytes()
}

// change is the difference between two states of one table.
type change struct {
	write  map[string][]string // chains to fill anew
	remove []string            // chains that go
	adds   bool                // some chain has a new line
	loses  bool                // some chain has a line less
}

func changes(installed, desired Table) change {
	c := change{write: map[string][]string{}}
	for name, lines := range desired {
		old, exists := installed[name]
		if exists && sameLines(old, lines) {
			continue
		}
		c.write[name] = lines
		c.adds = c.adds || !exists || hasOther(lines, old)
		c.loses = c.loses || hasOther(old, lines)
	}
	for name := range installed {
		if _, stays := desired[name]; !stays {
			c.remove = append(c.remove, name)
		}
	}
	slices.Sort(c.remove)
	c.loses = c.loses || len(c.remove) > 0
	return c
}

// sameLines is quick for chains of Services that did not change: they share their lines.
func sameLines(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b)
}

// hasOther says whether lines has one that among lacks.
func hasOther(lines, among []string) bool {
	known := make(map[string]bool, len(among))
	for _, line := range among {
		known[line] = true
	}
	return slices.ContainsFunc(lines, func(line string) bool { return !known[line] })
}

// withOldLines is the state in between: what is new, and what will go.
func (c change) withOldLines(installed Table) change {
	between := change{write: map[string][]string{}}
	for name, lines := range c.write {
		known := make(map[string]bool, len(lines))
		for _, line := range lines {
			known[line] = true
		}
		both := slices.Clone(lines)
		for _, line := range installed[name] {
			if !known[line] {
				both = append(both, line)
			}
		}
		between.write[name] = both
	}
	return between
}

// writeTo writes the change as one table's block. A chain line empties the chain and makes it where it is missing.
func (c change) writeTo(b *bytes.Buffer, table string) {
	if len(c.write) == 0 && len(c.remove) == 0 {
		return
	}
	names := sortedChains(c.write)
	b.WriteString("*" + table + "\n")
	for _, chains := range [][]string{names, c.remove} {
		for _, name := range chains {
			b.WriteString(":" + name + " - [0:0]\n")
		}
	}
	for _, name := range names {
		for _, line := range c.write[name] {
			b.WriteString("-A " + name + " " + line + "\n")
		}
	}
	for _, name := range c.remove {
		b.WriteString("-X " + name + "\n")
	}
	b.WriteString("COMMIT\n")
}
