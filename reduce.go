package plumbline

import (
	"bytes"
	"sort"

	messages "github.com/cucumber/messages/go/v21"
)

// reduce blanks every line of a feature file that belongs to another scenario, or to another row of the same outline.
// What is left is a feature of one scenario under its own backgrounds, with the line numbers of the file. So each
// scenario is a godog run of its own: concurrent scenarios cannot mix up godog's records, and godog's filters, which
// pass in silence what matches nothing, are not needed.
func reduce(source []byte, feature *messages.Feature, keep place) []byte {
	lines := bytes.SplitAfter(source, []byte("\n"))
	starts := elementLines(feature)
	blank := make([]bool, len(lines)+2)
	hide := func(from int64) {
		for line := from; line <= int64(len(lines)) && line < next(starts, from); line++ {
			blank[line] = true
		}
	}
	visit := func(sc *messages.Scenario) {
		if sc != keep.scenario {
			hide(firstLine(sc.Tags, sc.Location))
			return
		}
		for _, examples := range sc.Examples {
			for _, row := range examples.TableBody {
				if row != keep.row {
					blank[row.Location.Line] = true
				}
			}
		}
	}
	for _, child := range feature.Children {
		if child.Scenario != nil {
			visit(child.Scenario)
		}
		if child.Rule == nil {
			continue
		}
		if child.Rule != keep.rule {
			hide(firstLine(child.Rule.Tags, child.Rule.Location))
		}
		for _, inner := range child.Rule.Children {
			if inner.Background != nil && child.Rule != keep.rule {
				hide(inner.Background.Location.Line)
			}
			if inner.Scenario != nil {
				visit(inner.Scenario)
			}
		}
	}
	var reduced bytes.Buffer
	for i, line := range lines {
		switch {
		case !blank[i+1]:
			reduced.Write(line)
		case bytes.HasSuffix(line, []byte("\n")):
			reduced.WriteByte('\n')
		}
	}
	return reduced.Bytes()
}

// elementLines lists the first lines of all elements, tags included, in order.
func elementLines(feature *messages.Feature) []int64 {
	var starts []int64
	for _, child := range feature.Children {
		if child.Background != nil {
			starts = append(starts, child.Background.Location.Line)
		}
		if child.Scenario != nil {
			starts = append(starts, firstLine(child.Scenario.Tags, child.Scenario.Location))
		}
		if child.Rule != nil {
			starts = append(starts, firstLine(child.Rule.Tags, child.Rule.Location))
			for _, inner := range child.Rule.Children {
				if inner.Background != nil {
					starts = append(starts, inner.Background.Location.Line)
				}
				if inner.Scenario != nil {
					starts = append(starts, firstLine(inner.Scenario.Tags, inner.Scenario.Location))
				}
			}
		}
	}
	sort.Slice(starts, func(i, j int) bool { return starts[i] < starts[j] })
	return starts
}

func firstLine(tags []*messages.Tag, location *messages.Location) int64 {
	line := location.Line
	for _, tag := range tags {
		line = min(line, tag.Location.Line)
	}
	return line
}

// next is the first line of the element after the one that starts at a line.
func next(starts []int64, line int64) int64 {
	for _, start := range starts {
		if start > line {
			return start
		}
	}
	return 1 << 62
}
