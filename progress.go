package plumbline

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/plumbline/plumbline/reports"
)

// progress is what is known of the scenarios while they run, and what that lets one expect of the others.
type progress struct {
	mu      sync.Mutex
	planned int
	done    int
	passed  int
	failed  int
	missing int // unsupported
	other   int // in error, or inconclusive
	past    map[string]time.Duration
	lanes   []*laneProgress
}

// laneProgress is what one lane is doing. Each has its own pace: what runs beside many others takes longer than what runs alone, and
// what waits for clusters of its own says nothing about either.
type laneProgress struct {
	workers int
	after   bool // it begins when the others have ended
	waiting []*scenario
	running map[*scenario]time.Time // since when
	paces   map[int]*pace           // by the weight of scenarios without a past
	known   pace                    // of those with one
}

// pace is what scenarios took, in parts of what was expected of them. The guess that it begins with counts like a few of them.
type pace struct{ took, expected float64 }

// trustInGuess is how many scenarios a guess counts for.
const trustInGuess = 3

func guess(each float64) pace { return pace{took: trustInGuess * each, expected: trustInGuess * each} }

func (p *pace) add(took, expected float64) { p.took, p.expected = p.took+took, p.expected+expected }
func (p *pace) ratio() float64             { return p.took / p.expected }

func newProgress(planned int, past map[string]time.Duration) *progress {
	return &progress{planned: planned, past: past}
}

// pastOf is what scenarios took in the run whose report is in the folder, if it judged the same kind of target.
func pastOf(out, kind string) map[string]time.Duration {
	past := map[string]time.Duration{}
	report, err := reports.ReadJSON(filepath.Join(out, "report.json"))
	if err != nil || report.Target.Kind != kind {
		return past // there need not be one, and whoever overwrites it does not care what is wrong with it
	}
	for _, record := range report.Scenarios {
		if record.Outcome == reports.Passed && record.Duration > 0 {
			past[record.ID] = record.Duration.Duration()
		}
	}
	return past
}

// lane announces scenarios that so many workers will take in this order.
func (p *progress) lane(queue []*scenario, workers int, after bool) *laneProgress {
	l := &laneProgress{workers: workers, after: after, waiting: slices.Clone(queue), running: map[*scenario]time.Time{}, paces: map[int]*pace{}, known: guess(5)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes = append(p.lanes, l)
	return l
}

// begin notes that a worker has taken a scenario.
func (p *progress) begin(l *laneProgress, s *scenario, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.waiting = slices.DeleteFunc(l.waiting, func(waits *scenario) bool { return waits == s })
	l.running[s] = now
}

// end notes a scenario's outcome. It returns how many have theirs.
func (p *progress) end(l *laneProgress, s *scenario, record *reports.Record) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(l.running, s)
	p.done++
	switch record.Outcome {
	case reports.Passed:
		p.passed++
	case reports.Failed:
		p.failed++
	case reports.Unsupported:
		p.missing++
	default:
		p.other++
	}
	took := record.Duration.Duration()
	switch before := p.past[s.id]; {
	case took <= 0: // it did not run
	case before > 0:
		l.known.add(took.Seconds(), before.Seconds())
	default:
		l.pace(s.weight()).add(took.Seconds(), float64(s.weight()))
	}
	return p.done
}

// pace is that of the lane's scenarios of a weight.
func (l *laneProgress) pace(weight int) *pace {
	if l.paces[weight] == nil {
		guessed := guess(float64(weight))
		l.paces[weight] = &guessed
	}
	return l.paces[weight]
}

// expected is how long a scenario of the lane will take: what it took the last time, at the lane's pace, or what others of its weight
// take there.
func (l *laneProgress) expected(s *scenario, before time.Duration) time.Duration {
	if before > 0 {
		return time.Duration(l.known.ratio() * float64(before))
	}
	return time.Duration(l.pace(s.weight()).ratio() * float64(s.weight()) * float64(time.Second))
}

// left is how long the run will go on, as far as one can tell.
func (p *progress) left(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var together, after time.Duration
	for _, l := range p.lanes {
		var running, waiting []time.Duration
		for s, since := range l.running {
			running = append(running, remaining(l.expected(s, p.past[s.id]), now.Sub(since)))
		}
		for _, s := range l.waiting {
			waiting = append(waiting, l.expected(s, p.past[s.id]))
		}
		if takes := laneLeft(l.workers, running, waiting); l.after {
			after += takes
		} else {
			together = max(together, takes)
		}
	}
	return together + after
}

// remaining is what is left of something that goes on. What has outlasted its expectation goes on for another quarter of its time.
func remaining(expected, elapsed time.Duration) time.Duration {
	if elapsed > expected {
		return elapsed / 4
	}
	return expected - elapsed
}

// laneLeft is when the last of a queue ends, if each is taken by the first worker that is free.
func laneLeft(workers int, running, waiting []time.Duration) time.Duration {
	free := make([]time.Duration, max(workers, len(running), 1))
	copy(free, running)
	for _, takes := range waiting {
		first := 0
		for i := range free {
			if free[i] < free[first] {
				first = i
			}
		}
		free[first] += takes
	}
	return slices.Max(free)
}

// longest is what has been running longest, and since when; nothing if nothing runs.
func (p *progress) longest() (id string, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lanes {
		for s, began := range l.running {
			if id == "" || began.Before(since) || began.Equal(since) && s.id < id {
				id, since = s.id, began
			}
		}
	}
	return id, since
}

// words says how far the run is, in a line. What one looks for stands first, since a narrow terminal shows no more: what failed, and
// how long it will go on.
func (p *progress) words(started, now time.Time) string {
	left := p.left(now)
	id, since := p.longest()
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("%d failed", p.failed)
	if p.other > 0 {
		line += fmt.Sprintf(", %d not judged", p.other)
	}
	if p.done < p.planned {
		line += fmt.Sprintf(", about %s left", roughly(left))
	}
	line += fmt.Sprintf("; %d of %d done, %d passed", p.done, p.planned, p.passed)
	if p.missing > 0 {
		line += fmt.Sprintf(", %d unsupported", p.missing)
	}
	line += fmt.Sprintf("; %s so far", roughly(now.Sub(started)))
	if id != "" {
		line += fmt.Sprintf("; longest now, %s: %s", roughly(now.Sub(since)), id)
	}
	return line
}

// roughly writes a time as a person would say it: "45 s", "2 min 5 s", "1 h 3 min".
func roughly(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
}
