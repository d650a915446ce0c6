package reports

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

type junitRun struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	File      string      `xml:"file,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	Time    string       `xml:"time,attr"`
	Failure *junitDetail `xml:"failure"`
	Error   *junitDetail `xml:"error"`
	Skipped *junitDetail `xml:"skipped"`
	Output  string       `xml:"system-out,omitempty"`
}

type junitDetail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the planned scenarios in the form that CI systems read: one suite a feature, one case a scenario.
// A failure is a miss of level MUST. What the suite or the environment kept from judging is an error, what the target
// cannot have is a skip, and a miss of a lower level is a skip that says so, since it fails nothing. A run that failed
// for a reason beyond its scenarios has one more suite, of one error.
func (r *Report) WriteJUnit(path string) error {
	data, err := xml.MarshalIndent(r.junit(), "", "  ")
	if err != nil {
		return fmt.Errorf("encode the JUnit report: %w", err)
	}
	return replace(path, bytes.Join([][]byte{[]byte(strings.TrimSpace(xml.Header)), data, nil}, []byte("\n")))
}

func (r *Report) junit() junitRun {
	run := junitRun{Name: "plumbline", Time: seconds(r.Wall)}
	index := map[string]int{}
	times := map[string]Seconds{}
	for i := range r.Scenarios {
		record := &r.Scenarios[i]
		at, known := index[record.File]
		if !known {
			at = len(run.Suites)
			index[record.File] = at
			run.Suites = append(run.Suites, junitSuite{Name: record.Feature, File: record.File})
		}
		suite := &run.Suites[at]
		suite.add(record.junit())
		times[record.File] += record.Duration
		if started := record.Started.UTC().Format("2006-01-02T15:04:05"); !record.Started.IsZero() && (suite.Timestamp == "" || started < suite.Timestamp) {
			suite.Timestamp = started
		}
	}
	for i := range run.Suites {
		run.Suites[i].Time = seconds(times[run.Suites[i].File])
	}
	if beyond := r.beyondScenarios(); len(beyond) > 0 {
		suite := junitSuite{Name: "the run", Time: seconds(0)}
		suite.add(junitCase{Name: "ended as it should", Class: "plumbline", Time: seconds(0),
			Error: &junitDetail{Message: beyond[0], Type: string(Error), Text: strings.Join(beyond, "\n")}})
		run.Suites = append(run.Suites, suite)
	}
	for _, suite := range run.Suites {
		run.Tests += suite.Tests
		run.Failures += suite.Failures
		run.Errors += suite.Errors
		run.Skipped += suite.Skipped
	}
	return run
}

// beyondScenarios lists the reasons of a failed run that no scenario's outcome shows.
func (r *Report) beyondScenarios() []string {
	if r.Verdict.Passed {
		return nil
	}
	if r.Complete && r.Target.Died == "" && len(r.Problems) == 0 && r.Counts.Planned > r.Counts.Unsupported &&
		r.Counts.Failed-r.Counts.MissedShould+r.Counts.Error+r.Counts.Inconclusive > 0 {
		return nil
	}
	return r.Verdict.Reasons
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func (record *Record) junit() junitCase {
	c := junitCase{Name: record.ID, Class: strings.TrimSuffix(strings.ReplaceAll(record.File, "/", "."), ".feature"), Time: seconds(record.Duration)}
	detail := &junitDetail{Message: firstLine(record.Why), Type: string(record.Outcome), Text: printable(record.explain())}
	switch record.Outcome {
	case Passed:
	case Failed:
		if record.Level == "MUST" {
			c.Failure = detail
		} else {
			c.Skipped = &junitDetail{Message: record.Level + ", missed: " + firstLine(record.Why)}
			c.Output = detail.Text
		}
	case Unsupported:
		c.Skipped = &junitDetail{Message: firstLine(record.Why)}
	default:
		c.Error = detail
	}
	return c
}

func seconds(s Seconds) string { return fmt.Sprintf("%.3f", float64(s)) }

func firstLine(s string) string {
	line, _, _ := strings.Cut(printable(s), "\n")
	return line
}

// printable drops what XML cannot hold.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0xFFFE && r != 0xFFFF {
			return r
		}
		return -1
	}, s)
}
