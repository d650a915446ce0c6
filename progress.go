package plumbline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
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
	paces   map[int]*pace // by the weight of scenarios without a past
	known   pace          // of those with one
}

// laneProgress is what one lane is doing.
type laneProgress struct {
	workers int
	after   bool // it begins when the others have ended
	waiting []*scenario
	running map[*scenario]time.Time // since when
}

// pace is what scenarios took, in parts of what was expected of them. The guess that it begins with counts like a few of them.
type pace struct{ took, expected float64 }

// trustInGuess is how many scenarios a guess counts for.
const trustInGuess = 3

func guess(each float64) pace { return pace{took: trustInGuess * each, expected: trustInGuess * each} }

func (p *pace) add(took, expected float64) { p.took, p.expected = p.took+took, p.expected+expected }
func (p *pace) ratio() float64             { return p.took / p.expected }

func newProgress(planned int, past map[string]time.Duration) *progress {
	return &progress{planned: planned, past: past, paces: map[int]*pace{}, known: guess(5)}
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
	l := &laneProgress{workers: workers, after: after, waiting: slices.Clone(queue), running: map[*scenario]time.Time{}}
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
		p.known.add(took.Seconds(), before.Seconds())
	default:
		p.pace(s).add(took.Seconds(), float64(s.weight()))
	}
	return p.done
}

// pace is that of scenarios like this one. The caller holds the lock.
func (p *progress) pace(s *scenario) *pace {
	weight := s.weight()
	if p.paces[weight] == nil {
		guessed := guess(float64(weight))
		p.paces[weight] = &guessed
	}
	return p.paces[weight]
}

// expected is how long a scenario will take: what it took the last time, at the pace of this run, or what others of its weight
// take. The caller holds the lock.
func (p *progress) expected(s *scenario) time.Duration {
	if before := p.past[s.id]; before > 0 {
		return time.Duration(p.known.ratio() * float64(before))
	}
	return time.Duration(p.pace(s).ratio() * float64(s.weight()) * float64(time.Second))
}

// left is how long the run will go on, as far as one can tell.
func (p *progress) left(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var together, after time.Duration
	for _, l := range p.lanes {
		var running, waiting []time.Duration
		for s, since := range l.running {
			running = append(running, remaining(p.expected(s), now.Sub(since)))
		}
		for _, s := range l.waiting {
			waiting = append(waiting, p.expected(s))
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

// words says how far the run is, in a line.
func (p *progress) words(started, now time.Time) string {
	left := p.left(now)
	id, since := p.longest()
	p.mu.Lock()
	defer p.mu.Unlock()
	parts := []string{fmt.Sprintf("%d of %d scenarios done", p.done, p.planned), fmt.Sprintf("%d passed", p.passed), fmt.Sprintf("%d failed", p.failed)}
	if p.missing > 0 {
		parts = append(parts, fmt.Sprintf("%d unsupported", p.missing))
	}
	if p.other > 0 {
		parts = append(parts, fmt.Sprintf("%d not judged", p.other))
	}
	line := fmt.Sprintf("%s: %s", roughly(now.Sub(started)), strings.Join(parts, ", "))
	if p.done < p.planned {
		line += fmt.Sprintf("; about %s left", roughly(left))
	}
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
