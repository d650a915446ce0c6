package plumbline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/plumbline/plumbline/reports"
)

// journal holds the record of each planned scenario. While the run goes on it writes, every now and then, a report
// that says that the run has not ended: if the process is killed, that is what is found, and it is true.
type journal struct {
	mu      sync.Mutex
	report  *reports.Report
	options Options
	records []reports.Record
	index   map[string]int
	written time.Time
}

// writeEvery bounds how often the journal is written.
const writeEvery = 2 * time.Second

func newJournal(report *reports.Report, planned []*scenario, options Options) *journal {
	j := &journal{report: report, options: options, index: map[string]int{}}
	for i, s := range planned {
		j.index[s.id] = i
		j.records = append(j.records, blank(s, options))
	}
	return j
}

// blank is the record of a scenario that has no outcome yet.
func blank(s *scenario, options Options) reports.Record {
	return reports.Record{
		ID: s.id, Chapter: s.chapter, Feature: s.feature, File: s.file, Line: s.line, Rule: s.rule, Name: s.name,
		Claims: append([]string{}, s.claims...), Profiles: append([]string{}, s.profiles...), Level: string(s.level),
		Steps: stepRecords(s, nil), Timeline: []reports.Observation{}, Attachments: []reports.File{},
		Rerun: options.again(Selection{Scenarios: []string{s.id}}, 0),
	}
}

// clear removes what an earlier run reported, and writes that this one has begun.
func (j *journal) clear() error {
	out := j.options.out()
	if err := os.RemoveAll(filepath.Join(out, "evidence")); err != nil {
		return fmt.Errorf("remove the evidence of an earlier run: %w", err)
	}
	for _, name := range []string{"report.json", "junit.xml", "report.html", "summary.md"} {
		if err := os.Remove(filepath.Join(out, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the report of an earlier run: %w", err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write()
}

// enter gives a scenario its outcome. The first one counts.
func (j *journal) enter(record reports.Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	at, planned := j.index[record.ID]
	if !planned || j.records[at].Outcome != "" {
		return fmt.Errorf("scenario %s has an outcome already, or was never planned", record.ID)
	}
	j.records[at] = record
	if time.Since(j.written) < writeEvery {
		return nil
	}
	return j.write()
}

// edit changes the report itself while the run goes on.
func (j *journal) edit(change func(*reports.Report)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(j.report)
}

// fill gives every scenario that has none an outcome.
func (j *journal) fill(outcome reports.Outcome, why string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.records {
		if j.records[i].Outcome == "" {
			j.records[i].Outcome, j.records[i].Why = outcome, why
		}
	}
}

// settle brings the records into the report of a run that has ended, and computes its verdict.
func (j *journal) settle(report *reports.Report) {
	j.mu.Lock()
	defer j.mu.Unlock()
	report.Scenarios = append([]reports.Record{}, j.records...)
	report.Complete = true
	for i := range report.Scenarios {
		if record := &report.Scenarios[i]; record.Outcome == "" {
			record.Outcome, record.Why = reports.Error, "the scenario was planned and is not accounted for"
		}
	}
	report.Summarise()
}

// write writes the report of a run that has not ended. The caller holds the lock.
func (j *journal) write() error {
	j.written = time.Now()
	report := *j.report
	report.Finished = j.written
	report.Wall = reports.SecondsOf(j.written.Sub(report.Started))
	report.Complete = false
	report.Claims = append([]reports.Claim{}, report.Claims...)
	report.Profiles = append([]reports.Profile{}, report.Profiles...)
	report.Expected = append([]reports.Expected{}, report.Expected...)
	report.Scenarios = append([]reports.Record{}, j.records...)
	for i := range report.Scenarios {
		if record := &report.Scenarios[i]; record.Outcome == "" {
			record.Outcome, record.Why = reports.Inconclusive, "the run has not ended"
		}
	}
	report.Summarise()
	return report.WriteJSON(filepath.Join(j.options.out(), "report.json"))
}
