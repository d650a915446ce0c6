package reports

import "time"

// Version is the version of the JSON report's format. It changes when a reader of the old format would be misled.
const Version = 4

// Outcome is what became of a planned scenario. Each has exactly one.
type Outcome string

// The outcomes.
const (
	// Passed: every step held.
	Passed Outcome = "passed"
	// Failed: the implementation did not do what a step says.
	Failed Outcome = "failed"
	// Unsupported: the target cannot have what the scenario needs, by its nature. It is no verdict.
	Unsupported Outcome = "unsupported"
	// Inconclusive: the environment kept the scenario from judging, such as a target that went away.
	Inconclusive Outcome = "inconclusive"
	// Error: the suite itself is at fault, such as a step that panicked or does not exist.
	Error Outcome = "error"
)

// Outcomes lists all outcomes in the order in which they are counted.
var Outcomes = []Outcome{Passed, Failed, Unsupported, Inconclusive, Error}

// Report is everything that one run found out.
type Report struct {
	Version   int       `json:"version"`      // of the format
	Complete  bool      `json:"complete"`     // false in the report of a run that is still going, or died
	Run       string    `json:"run"`          // the run's label value on whatever it made
	Seed      int64     `json:"seed"`         // of the scenarios' order
	Command   string    `json:"command"`      // the line that repeats the run
	Started   time.Time `json:"started"`      // when the run began
	Finished  time.Time `json:"finished"`     // when this report was written
	Wall      Seconds   `json:"wallSeconds"`  // the whole run, building and clean-up included
	Building  Seconds   `json:"buildSeconds"` // programs and images
	Starting  Seconds   `json:"startSeconds"` // the target, from its start to ready
	Suite     Suite     `json:"suite"`        // what judged
	Target    Target    `json:"target"`       // what was judged
	Verdict   Verdict   `json:"verdict"`      // of the whole run
	Profiles  []Profile `json:"profiles"`     // what the run says of the target's conformance, profile by profile
	Counts    Counts    `json:"counts"`       // planned scenarios by outcome, and those left out
	Claims    []Claim   `json:"claims"`       // every claim of the book, in its order
	Scenarios []Record  `json:"scenarios"`    // every planned scenario, in the order of the features
	LeftOut   []LeftOut `json:"leftOut"`      // every other scenario
	// Invariants are what was watched during the whole run, beside the scenarios.
	Invariants []Invariant `json:"invariants"`
	Expected   []Expected  `json:"expected"` // the entries of the file of expected failures
	Evidence   []File      `json:"evidence"` // of the run as a whole, such as the target's logs
	Problems   []string    `json:"problems"` // of the suite itself: a tag that nobody knows, a claim without scenarios
	Notes      []string    `json:"notes"`    // what a reader should know besides
}

// Suite is what judged.
type Suite struct {
	Version    string   `json:"version"`    // of the suite: its claims and scenarios
	Kubernetes []string `json:"kubernetes"` // the minor versions that it judges
	Invariants []string `json:"invariants"` // the names of those that it watches
}

// Target is what was judged.
type Target struct {
	Kind    string `json:"kind"`    // how it was chosen, such as "reference"
	Name    string `json:"name"`    // of this one
	Version string `json:"version"` // that its API server gives
	Died    string `json:"died"`    // how it was found dead, or nothing
	// Latency is how long its API server took for a cheap request before the scenarios began, the median of a few; 0 if it was not asked.
	Latency Seconds `json:"latencySeconds"`
	// Scale is by how much the bounds of waiting were longer for that reason; 1 for a server of usual speed, 0 if it was not asked.
	Scale float64 `json:"boundsScale"`
}

// Verdict is whether the run succeeded, and all reasons why not. It is no statement about conformance, which the profiles
// make: a run with known failures may succeed.
type Verdict struct {
	Passed  bool     `json:"passed"`
	Words   string   `json:"words"` // "passed", "failed", or "as expected, with 2 known failures and 1 known breach"
	Reasons []string `json:"reasons"`
}

// Counts counts scenarios.
type Counts struct {
	Planned       int `json:"planned"`
	Passed        int `json:"passed"`
	Failed        int `json:"failed"`
	Unsupported   int `json:"unsupported"`
	Inconclusive  int `json:"inconclusive"`
	Error         int `json:"error"`
	LeftOut       int `json:"leftOut"`
	Known         int `json:"known"`        // of the failed ones, those that were expected to fail
	MissedShould  int `json:"missedShould"` // of the other failed ones, those of level SHOULD or HISTORIC
	PendingClaims int `json:"pendingClaims"`
}

// Claim is one claim of the book, and what its scenarios say of it.
type Claim struct {
	ID      string `json:"id"`
	Chapter int    `json:"chapter"`
	Level   string `json:"level"`
	Text    string `json:"text"`
	// State is the worst outcome among the claim's planned scenarios, or "left out" when none was planned, or
	// "pending" when the suite has none yet.
	State     string         `json:"state"`
	Counts    map[string]int `json:"counts"`
	Scenarios []string       `json:"scenarios"`
}

// The states of a claim that are not outcomes.
const (
	StateLeftOut = "left out"
	StatePending = "pending"
)

// Record is one planned scenario and what became of it.
type Record struct {
	ID          string        `json:"id"`
	Chapter     string        `json:"chapter"` // the folder of its feature
	Feature     string        `json:"feature"` // the feature's name
	File        string        `json:"file"`
	Line        int64         `json:"line"`
	Rule        string        `json:"rule"`
	Name        string        `json:"name"`
	Claims      []string      `json:"claims"`
	Profiles    []string      `json:"profiles"`
	Level       string        `json:"level"`
	Outcome     Outcome       `json:"outcome"`
	Why         string        `json:"why"`   // of every outcome but passed, in one sentence
	Known       string        `json:"known"` // of a failure that was expected: why
	Started     time.Time     `json:"started"`
	Duration    Seconds       `json:"seconds"`
	Steps       []Step        `json:"steps"`
	Failure     *Failure      `json:"failure,omitempty"`
	Timeline    []Observation `json:"timeline"`
	Attachments []File        `json:"attachments"`
	Rerun       string        `json:"rerun"`  // the line that runs it again
	Digest      string        `json:"digest"` // of all the above; see Seal
}

// Step is one sentence of a scenario and whether it held.
type Step struct {
	Text    string  `json:"text"`
	Status  string  `json:"status"` // passed, failed, skipped, undefined, pending, ambiguous, "not run"
	Seconds Seconds `json:"seconds"`
}

// Failure says what a step expected and what it saw.
type Failure struct {
	Step     string    `json:"step"`
	What     string    `json:"what"`
	Expected string    `json:"expected"`
	Seen     string    `json:"seen"`
	Waited   Seconds   `json:"waitedSeconds"`
	At       time.Time `json:"at"`
	Timeline []string  `json:"timeline"`
	Diff     string    `json:"diff"`
}

// Observation is something that a scenario saw happen.
type Observation struct {
	At     time.Time `json:"at"`
	Object string    `json:"object"`
	What   string    `json:"what"`
}

// File is evidence, stored beside the report.
type File struct {
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	Path      string `json:"path"` // relative to the report
}

// LeftOut is a scenario that was not planned.
type LeftOut struct {
	ID    string `json:"id"`
	Level string `json:"level"`
	Why   string `json:"why"`
}

// Seconds is a duration that is written as seconds, to the millisecond.
type Seconds float64

// SecondsOf converts a duration.
func SecondsOf(d time.Duration) Seconds {
	return Seconds(float64(d.Round(time.Millisecond)) / float64(time.Second))
}

// Duration converts back.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }
