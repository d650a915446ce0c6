package proxy

import (
	"bytes"
	"cmp"
	"slices"
)

// restoreInput is what iptables-restore --noflush must read to lead from the rules that are installed to those that are
// desired: only chains that differ, and chains that are no longer needed, which go. It is empty when nothing differs.
//
// A table changes at once, but tables change one after the other. Between them no connection may fall between the
// sending rules in nat and the refusals in filter, or it would travel to nowhere and conntrack would keep it on that way.
// Refusals match addresses that nat did not replace; it does no harm that both exist for a moment. So new refusals come
// before the nat table, and old ones go after it.
//
// A block holds at most so many chains; 0 is any number. What does not fit into one changes in steps, see writeTo.
func restoreInput(installed, desired Rules, most int) []byte {
	var b bytes.Buffer
	refusals := changes(installed["filter"], desired["filter"])
	switch {
	case !refusals.loses:
		refusals.writeTo(&b, "filter", most)
	case refusals.adds:
		refusals.withOldLines(installed["filter"]).writeTo(&b, "filter", most)
	}
	changes(installed["nat"], desired["nat"]).writeTo(&b, "nat", most)
	if refusals.loses {
		refusals.writeTo(&b, "filter", most)
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

// writeTo writes the change as one table's block, or as several when it has more chains than a block may hold. A block is
// applied at once. Of several, those with chains that others lead to come before those with the others; when chains go it is the
// other way round. So whichever blocks are there, a connection goes the old way or the new one, and none to a chain that
// is missing or empty.
func (c change) writeTo(b *bytes.Buffer, table string, most int) {
	names := sortedChains(c.write)
	if n := len(names) + len(c.remove); n == 0 {
		return
	} else if most == 0 || n <= most {
		c.writeBlock(b, table, names, c.remove)
		return
	}
	slices.SortStableFunc(names, func(x, y string) int { return cmp.Compare(height(x), height(y)) })
	for block := range slices.Chunk(names, most) {
		c.writeBlock(b, table, block, nil)
	}
	gone := slices.Clone(c.remove)
	slices.SortStableFunc(gone, func(x, y string) int { return cmp.Compare(height(y), height(x)) })
	for block := range slices.Chunk(gone, most) {
		c.writeBlock(b, table, nil, block)
	}
}

// writeBlock writes one block. A chain line empties the chain and makes it where it is missing.
func (c change) writeBlock(b *bytes.Buffer, table string, names, remove []string) {
	b.WriteString("*" + table + "\n")
	for _, chains := range [][]string{names, remove} {
		for _, name := range chains {
			b.WriteString(":" + name + " - [0:0]\n")
		}
	}
	for _, name := range names {
		for _, line := range c.write[name] {
			b.WriteString("-A " + name + " " + line + "\n")
		}
	}
	for _, name := range remove {
		b.WriteString("-X " + name + "\n")
	}
	b.WriteString("COMMIT\n")
}
