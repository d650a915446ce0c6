package reports

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// junitRun is the whole document. It keeps to the form of Jenkins' xUnit plugin (junit-10.xsd), the strictest of those that read it: other
// elements have skips, the outermost has none.
type junitRun struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	File       string          `xml:"file,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property,omitempty"`
	Cases      []junitCase     `xml:"testcase"`
}

// junitProperty is a fact about the run. The form has a place for them in suites only.
type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
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
// cannot have is a skip, and a known failure or a miss of a lower level is a skip that says so, since it fails nothing. A
// run that failed for a reason beyond its scenarios has one more suite, of one error. Each suite has the run's properties:
// the version of the suite, and what the run says of each profile.
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
	if len(r.Invariants) > 0 {
		run.Suites = append(run.Suites, r.junitInvariants())
	}
	if beyond := r.beyondScenarios(); len(beyond) > 0 {
		suite := junitSuite{Name: "the run", Time: seconds(0)}
		suite.add(junitCase{Name: "ended as it should", Class: "plumbline", Time: seconds(0),
			Error: &junitDetail{Message: beyond[0], Type: string(Error), Text: strings.Join(beyond, "\n")}})
		run.Suites = append(run.Suites, suite)
	}
	properties := r.properties()
	for i := range run.Suites {
		run.Suites[i].Properties = properties
	}
	for _, suite := range run.Suites {
		run.Tests += suite.Tests
		run.Failures += suite.Failures
		run.Errors += suite.Errors
	}
	return run
}

// properties are the facts that each suite carries.
func (r *Report) properties() []junitProperty {
	list := []junitProperty{
		{"plumbline.version", r.Suite.Version},
		{"plumbline.kubernetes", strings.Join(r.Suite.Kubernetes, " ")},
		{"plumbline.target", printable(r.Target.Kind + " " + r.Target.Version)},
		{"plumbline.verdict", r.Verdict.Words},
	}
	for _, profile := range r.Profiles {
		list = append(list, junitProperty{"plumbline.profile." + profile.Name, profile.State},
			junitProperty{"plumbline.profile." + profile.Name + ".why", printable(profile.Why)})
	}
	return list
}

// beyondScenarios lists the reasons of a failed run that no scenario's outcome shows.
func (r *Report) beyondScenarios() []string {
	if r.Verdict.Passed {
		return nil
	}
	stale := slices.ContainsFunc(r.Expected, func(e Expected) bool { return e.State == Stale })
	if r.Complete && r.Target.Died == "" && len(r.Problems) == 0 && !stale && r.Counts.Planned > r.Counts.Unsupported &&
		r.failures()+r.Counts.Error+r.Counts.Inconclusive+r.breached() > 0 {
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
		switch {
		case record.Known != "":
			c.Skipped = &junitDetail{Message: "known failure: " + firstLine(record.Known)}
			c.Output = detail.Text
		case record.Level == must:
			c.Failure = detail
		default:
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
