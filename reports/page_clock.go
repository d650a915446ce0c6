package reports

import "fmt"

// pageClock is a scenario drawn on one time axis: its steps as bars, and below them a row of marks for each object.
// Places are in thousandths of the axis.
type pageClock struct {
	Length Seconds
	Bars   []pageBar
	Rows   []pageRow
}

type pageBar struct {
	Step
	X, Width float64
}

type pageRow struct {
	Object string
	Marks  []pageMark
}

// Words says what the row shows, for those who do not see it.
func (r pageRow) Words() string {
	first, last := r.Marks[0].After, r.Marks[len(r.Marks)-1].After
	if len(r.Marks) == 1 {
		return fmt.Sprintf("%s: seen once, after %s", clip(r.Object), brief(first.Duration()))
	}
	return fmt.Sprintf("%s: seen %d times, from %s to %s", clip(r.Object), len(r.Marks), brief(first.Duration()), brief(last.Duration()))
}

type pageMark struct {
	X     float64
	After Seconds
	What  string
}

// clock lays a scenario out. Steps follow one another, and only their lengths are recorded: they begin where the one
// before ended.
func (record *Record) clock() pageClock {
	c := pageClock{Length: record.Duration}
	for _, step := range record.Steps {
		c.Length = max(c.Length, step.Seconds)
	}
	for _, o := range record.Timeline {
		c.Length = max(c.Length, SecondsOf(o.At.Sub(record.Started)))
	}
	if c.Length <= 0 {
		c.Length = 0.001
	}
	place := func(s Seconds) float64 { return float64(int(10000*min(1, max(0, s/c.Length)))) / 10 }
	at := Seconds(0)
	for _, step := range record.Steps {
		x := place(at)
		at += step.Seconds
		c.Bars = append(c.Bars, pageBar{Step: step, X: x, Width: max(2, place(at)-x)})
	}
	rows := map[string]int{}
	for _, o := range record.Timeline {
		i, known := rows[o.Object]
		if !known {
			i = len(c.Rows)
			rows[o.Object] = i
			c.Rows = append(c.Rows, pageRow{Object: o.Object})
		}
		after := SecondsOf(o.At.Sub(record.Started))
		c.Rows[i].Marks = append(c.Rows[i].Marks, pageMark{X: place(after), After: after, What: o.What})
	}
	return c
}
