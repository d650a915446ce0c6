package plumbline

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline/plumbline/reports"
)

func TestLaneLeft(t *testing.T) {
	s := time.Second
	for name, test := range map[string]struct {
		workers          int
		running, waiting []time.Duration
		want             time.Duration
	}{
		"nothing":                     {2, nil, nil, 0},
		"one goes on":                 {2, []time.Duration{3 * s}, nil, 3 * s},
		"the free worker takes it":    {2, []time.Duration{3 * s}, []time.Duration{2 * s}, 3 * s},
		"whoever is free first":       {2, []time.Duration{3 * s, 1 * s}, []time.Duration{4 * s, 1 * s}, 5 * s},
		"one worker, one by one":      {1, nil, []time.Duration{s, s, s}, 3 * s},
		"the longest decides":         {4, nil, []time.Duration{30 * s, s, s, s, s}, 30 * s},
		"more running than announced": {1, []time.Duration{s, 2 * s}, nil, 2 * s},
	} {
		if got := laneLeft(test.workers, test.running, test.waiting); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestProgress(t *testing.T) {
	begun := time.Now()
	at := func(seconds int) time.Time { return begun.Add(time.Duration(seconds) * time.Second) }
	quick, other, alone := &scenario{id: "labels/a"}, &scenario{id: "labels/b"}, &scenario{id: "pods/c", serial: true}
	p := newProgress(3, map[string]time.Duration{alone.id: 20 * time.Second})
	shared := p.lane([]*scenario{quick, other}, 1, false)
	last := p.lane([]*scenario{alone}, 1, true)
	if got := p.left(at(0)); got != 22*time.Second {
		t.Errorf("at first %s are left", got)
	}
	p.begin(shared, quick, at(0))
	if got, want := p.words(begun, at(8)), "0 failed, about 23 s left; 0 of 3 done, 0 passed; 8 s so far; longest now, 8 s: labels/a"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	// One that took nine times what was guessed makes the same expected of its like.
	p.end(shared, quick, &reports.Record{Outcome: reports.Failed, Duration: 9})
	if got := p.left(at(9)); got != 23*time.Second {
		t.Errorf("after the first %s are left", got)
	}
	p.begin(shared, other, at(9))
	p.end(shared, other, &reports.Record{Outcome: reports.Inconclusive, Duration: 1})
	p.begin(last, alone, at(10))
	// One that takes twice as long as the last time makes the rest no shorter.
	if got := p.left(at(50)); got != 10*time.Second {
		t.Errorf("while the last one takes longer than it should, %s are left", got)
	}
	p.end(last, alone, &reports.Record{Outcome: reports.Passed, Duration: 41})
	if got, want := p.words(begun, at(51)), "1 failed, 1 not judged; 3 of 3 done, 1 passed; 51 s so far"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// A lane that is slow says nothing about another: neither what it took of scenarios without a past, nor of those with one.
func TestLanesHaveTheirOwnPaces(t *testing.T) {
	begun := time.Now()
	past := map[string]time.Duration{"pods/known": 10 * time.Second, "pods/also-known": 10 * time.Second}
	quick, known := &scenario{id: "labels/a"}, &scenario{id: "pods/known"}
	alone, alsoKnown := &scenario{id: "labels/b", serial: true}, &scenario{id: "pods/also-known", serial: true}
	p := newProgress(4, past)
	shared := p.lane([]*scenario{quick, known}, 1, false)
	last := p.lane([]*scenario{alone, alsoKnown}, 1, true)
	if got := p.left(begun); got != 22*time.Second {
		t.Errorf("at first %s are left", got)
	}
	for _, s := range []*scenario{quick, known} { // each takes many times what was expected
		p.begin(shared, s, begun)
		p.end(shared, s, &reports.Record{Outcome: reports.Passed, Duration: 500})
	}
	if got := p.left(begun); got != 11*time.Second {
		t.Errorf("of the scenarios that run alone, %s are left because others were slow", got)
	}
	p.begin(last, alone, begun)
	p.end(last, alone, &reports.Record{Outcome: reports.Passed, Duration: 1})
	if got := p.left(begun); got != 10*time.Second {
		t.Errorf("at the pace of their lane, %s are left", got)
	}
}

// What matters is to be read on the narrowest terminal.
func TestClipped(t *testing.T) {
	const line = "2 failed, about 12 min 30 s left; 120 of 468 done, 118 passed; 4 min 2 s so far; longest now, 41 s: pods/x"
	for columns, want := range map[int]string{
		40: "2 failed, about 12 min 30 s left; 120 …", 120: line, len(line) + 1: line, len(line): line[:len(line)-2] + "…", 1: "…",
	} {
		got := clipped(line, columns)
		if got != want {
			t.Errorf("on %d columns: %q, want %q", columns, got, want)
		}
		if n := len([]rune(got)); columns > 1 && n >= columns {
			t.Errorf("on %d columns the line has %d, and would wrap", columns, n)
		}
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{1400 * time.Millisecond: "1 s", 59600 * time.Millisecond: "1 min 0 s", 125 * time.Second: "2 min 5 s", 3780 * time.Second: "1 h 3 min"} {
		if got := roughly(d); got != want {
			t.Errorf("%s is written %q, want %q", d, got, want)
		}
	}
}

// What a terminal shows of a line that is drawn anew: it is gone before other lines come, and stands below them again.
func TestFoot(t *testing.T) {
	var b strings.Builder
	e := &engine{options: Options{Log: &b}}
	e.draw("1 of 2")
	e.draw("1 of 2")
	e.printf("failed: %s\n", "x")
	e.draw("")
	e.printf("end\n")
	if got, want := b.String(), wipe+"1 of 2"+wipe+"failed: x\n1 of 2"+wipe+"end\n"; got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}
