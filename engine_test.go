package plumbline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cucumber/godog"
	"k8s.io/client-go/rest"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// These tests give the engine small features, sentences of their own, and a target that is only an HTTP server with a
// /readyz, to see what becomes of everything that can go wrong.

type fakeTarget struct {
	server      *httptest.Server
	prepareErr  error
	startErr    error
	refusals    map[string]string
	stopped     bool
	stopErr     error
	goneWhy     atomic.Pointer[error] // set while the engine asks
	logContents map[string][]byte
}

func newFakeTarget(t *testing.T) *fakeTarget {
	f := &fakeTarget{logContents: map[string][]byte{"node-1": []byte("a line\n")}}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(f.server.Close)
	return f
}

func (f *fakeTarget) kind() string                                            { return "fake" }
func (f *fakeTarget) prepare(context.Context, needs, string, io.Writer) error { return f.prepareErr }
func (f *fakeTarget) provider() steps.Provider                                { return nil }
func (f *fakeTarget) unsupported(profile string) string                       { return f.refusals[profile] }
func (f *fakeTarget) logs(context.Context) (map[string][]byte, error)         { return f.logContents, nil }
func (f *fakeTarget) keep(context.Context) (string, error)                    { return "how to use it", nil }
func (f *fakeTarget) stop(context.Context) error                              { f.stopped = true; return f.stopErr }
func (f *fakeTarget) gone(context.Context) error {
	if why := f.goneWhy.Load(); why != nil {
		return *why
	}
	return nil
}

func (f *fakeTarget) start(context.Context, needs) (steps.Cluster, error) {
	if f.startErr != nil {
		return nil, f.startErr
	}
	return fakeCluster{f.server.URL}, nil
}

type fakeCluster struct{ url string }

func (c fakeCluster) Name() string          { return "fake-1" }
func (c fakeCluster) Config() *rest.Config  { return &rest.Config{Host: c.url} }
func (c fakeCluster) Kubeconfig() string    { return "" }
func (c fakeCluster) Kubectl() string       { return "" }
func (c fakeCluster) WorkloadImage() string { return "" }

var testClaims = []features.Claim{
	{ID: "labels/in", Chapter: 6, Level: features.Must, Profiles: []string{"api"}, Text: "in"},
	{ID: "pods/spread", Chapter: 5, Level: features.Should, Profiles: []string{"multi-node"}, Text: "spread"},
	{ID: "pods/old", Chapter: 5, Level: features.Historic, Profiles: []string{"api"}, Text: "old"},
	{ID: "pods/later", Chapter: 5, Level: features.Must, Profiles: []string{"api"}, Text: "later", Pending: true},
}

// testFeature has one scenario for each name, under the claim labels/in. Each scenario's only step is its name.
func testFeature(names ...string) string {
	var b strings.Builder
	b.WriteString("@labels/in @api\nFeature: Tests\n")
	for _, name := range names {
		b.WriteString("\n  Scenario: " + name + "\n    Given " + name + "\n")
	}
	return b.String()
}

// testVocabulary knows a sentence for each way in which a scenario can end.
type testVocabulary struct {
	mu       sync.Mutex
	begun    []string
	ended    []string
	failed   int
	endErr   error
	endPanic bool
	initHook func(*godog.ScenarioContext)
	extra    map[string]any
}

func (v *testVocabulary) vocabulary() vocabulary {
	return vocabulary{initialize: v.initialize, begin: v.begin, markFailed: func(context.Context) { v.mu.Lock(); v.failed++; v.mu.Unlock() }, end: v.end}
}

type scenarioKey struct{}

func (v *testVocabulary) begin(ctx context.Context, env steps.Env) (context.Context, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.begun = append(v.begun, env.Scenario)
	env.Evidence.Attach("objects.yaml", "application/yaml", []byte("kind: Test\n"))
	env.Evidence.Observe(time.Now(), "Test/x", "began")
	return context.WithValue(ctx, scenarioKey{}, env.Scenario), nil
}

func (v *testVocabulary) end(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v.ended = append(v.ended, ctx.Value(scenarioKey{}).(string))
	if v.endPanic {
		panic("the end panics")
	}
	return v.endErr
}

func (v *testVocabulary) initialize(sc *godog.ScenarioContext) {
	sc.Step(`^it holds$`, func() error { return nil })
	sc.Step(`^it does not hold$`, func() error {
		return &steps.Failure{What: "the colour", Expected: "blue", Seen: "green", At: time.Now(), Waited: time.Second, Timeline: []string{"12:00:00 it was red"}}
	})
	sc.Step(`^it cannot be had$`, func() error { return &steps.Unsupported{Why: "there is no second node"} })
	sc.Step(`^nobody can tell$`, func() error { return &steps.Inconclusive{Why: "the network was away"} })
	sc.Step(`^it is pending$`, func() error { return godog.ErrPending })
	sc.Step(`^it skips$`, func() error { return godog.ErrSkip })
	sc.Step(`^it panics$`, func() error { panic("a bug") })
	sc.Step(`^it errs$`, func() error { return io.ErrUnexpectedEOF })
	sc.Step(`^it is ambiguous$`, func() error { return nil })
	sc.Step(`^it is (ambiguous)$`, func(string) error { return nil })
	sc.Step(`^it gives up its goroutine$`, func(ctx context.Context) error { godog.T(ctx).FailNow(); return nil })
	sc.Step(`^it waits$`, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	sc.Step(`^it is deaf$`, func() error { select {} })
	sc.Step(`^the value is "([^"]*)"$`, func(string) error { return nil })
	for expression, function := range v.extra {
		sc.Step(expression, function)
	}
	if v.initHook != nil {
		v.initHook(sc)
	}
}

// testRun is an engine that runs a feature, with short bounds.
func testRun(t *testing.T, source string, v *testVocabulary, change ...func(*engine)) *engine {
	t.Helper()
	e := &engine{
		options:    Options{Out: t.TempDir(), Log: &bytes.Buffer{}},
		features:   fstest.MapFS{"labels/tests.feature": {Data: []byte(source)}},
		claims:     testClaims[:1],
		vocabulary: v.vocabulary(),
		target:     newFakeTarget(t),
		limits:     limits{ordinary: 5 * time.Second, others: 5 * time.Second, slow: 5 * time.Second, cleanUp: 2 * time.Second, goodWill: 200 * time.Millisecond},
		watching:   patience{every: 20 * time.Millisecond, answer: 200 * time.Millisecond, refused: 200 * time.Millisecond, silent: 400 * time.Millisecond},
	}
	for _, f := range change {
		f(e)
	}
	return e
}

// outcomes runs an engine, and gives the outcome of each scenario by the end of its id.
func outcomes(t *testing.T, e *engine) (map[string]reports.Record, *reports.Report) {
	t.Helper()
	report, err := e.run(t.Context())
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	found := map[string]reports.Record{}
	for _, record := range report.Scenarios {
		found[record.ID[strings.LastIndex(record.ID, "/")+1:]] = record
	}
	return found, report
}

func TestEachWayToEnd(t *testing.T) {
	for _, c := range []struct {
		step    string
		outcome reports.Outcome
		why     string
		passes  bool // the run
	}{
		{"it holds", reports.Passed, "", true},
		{"it does not hold", reports.Failed, "the colour: expected blue, saw green", false},
		{"nobody can tell", reports.Inconclusive, "the network was away", false},
		{"it is misspelt", reports.Error, "no sentence of the vocabulary matches", false},
		{"it is ambiguous", reports.Error, "more than one sentence", false},
		{"it is pending", reports.Error, "not written yet", false},
		{"it skips", reports.Error, "asked godog to skip", false},
		{"it panics", reports.Error, "a bug", false},
		{"it errs", reports.Error, "unexpected EOF", false},
		{"it gives up its goroutine", reports.Error, "", false},
		// A run in which nothing was judged has not passed.
		{"it cannot be had", reports.Unsupported, "there is no second node", false},
	} {
		t.Run(c.step, func(t *testing.T) {
			v := &testVocabulary{}
			found, report := outcomes(t, testRun(t, testFeature(c.step), v))
			record := found[strings.ReplaceAll(c.step, " ", "-")]
			if record.Outcome != c.outcome || !strings.Contains(record.Why, c.why) {
				t.Errorf("outcome %q because %q, want %q because of %q", record.Outcome, record.Why, c.outcome, c.why)
			}
			if report.Verdict.Passed != c.passes {
				t.Errorf("the run passed: %v, want %v: %v", report.Verdict.Passed, c.passes, report.Verdict.Reasons)
			}
			if len(v.ended) != 1 {
				t.Errorf("the scenario was ended %d times, want once", len(v.ended))
			}
			if marked := v.failed == 1; marked != (c.outcome != reports.Passed && c.outcome != reports.Unsupported) {
				t.Errorf("marked as failed: %v", marked)
			}
			if c.outcome == reports.Failed && (record.Failure == nil || record.Failure.Expected != "blue" || record.Failure.Seen != "green" || len(record.Failure.Timeline) != 1) {
				t.Errorf("the failure lost its details: %+v", record.Failure)
			}
			if want := "make conformance SCENARIO=" + record.ID; record.Rerun != want {
				t.Errorf("rerun line %q, want %q", record.Rerun, want)
			}
		})
	}
}

// TestReportKeepsItsSchema validates the report of a run with all kinds of records as it lies in the file.
func TestReportKeepsItsSchema(t *testing.T) {
	e := testRun(t, testFeature("it holds", "it does not hold", "it cannot be had", "nobody can tell", "it is misspelt", "it panics"), &testVocabulary{})
	_, report := outcomes(t, e)
	if len(report.Evidence) != 1 {
		t.Errorf("the target's logs are %v", report.Evidence)
	}
	data, err := os.ReadFile(filepath.Join(e.options.Out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document any
	var schema spec.Schema
	if err := errors.Join(json.Unmarshal(data, &document), json.Unmarshal(reports.Schema, &schema)); err != nil {
		t.Fatal(err)
	}
	if result := validate.NewSchemaValidator(&schema, nil, "", strfmt.Default).Validate(document); !result.IsValid() {
		t.Errorf("the report does not keep its schema: %v", result.Errors)
	}
	for _, record := range report.Scenarios {
		for _, file := range record.Attachments {
			if _, err := os.Stat(filepath.Join(e.options.Out, filepath.FromSlash(file.Path))); err != nil {
				t.Error(err)
			}
		}
		if bad := record.Outcome != reports.Passed && record.Outcome != reports.Unsupported; bad != (len(record.Attachments) == 1) {
			t.Errorf("%s %s has the attachments %v", record.ID, record.Outcome, record.Attachments)
		}
	}
}

func TestUnknownSentenceBehindUnsupportedOne(t *testing.T) {
	source := "@labels/in @api\nFeature: Tests\n  Scenario: x\n    Given it cannot be had\n    Then it is misspelt\n"
	found, _ := outcomes(t, testRun(t, source, &testVocabulary{}))
	if got := found["x"]; got.Outcome != reports.Error {
		t.Errorf("outcome %q because %q, want an error: no target could ever tell", got.Outcome, got.Why)
	}
}

func TestHooksThatPanic(t *testing.T) {
	for name, hook := range map[string]func(*godog.ScenarioContext){
		"before scenario": func(sc *godog.ScenarioContext) {
			sc.Before(func(context.Context, *godog.Scenario) (context.Context, error) { panic("a bug in a hook") })
		},
		"after scenario": func(sc *godog.ScenarioContext) {
			sc.After(func(context.Context, *godog.Scenario, error) (context.Context, error) { panic("a bug in a hook") })
		},
		"before step": func(sc *godog.ScenarioContext) {
			sc.StepContext().Before(func(context.Context, *godog.Step) (context.Context, error) { panic("a bug in a hook") })
		},
		"after step": func(sc *godog.ScenarioContext) {
			sc.StepContext().After(func(context.Context, *godog.Step, godog.StepResultStatus, error) (context.Context, error) {
				panic("a bug in a hook")
			})
		},
		"initialisation": func(*godog.ScenarioContext) { panic("a bug in a hook") },
	} {
		t.Run(name, func(t *testing.T) {
			v := &testVocabulary{initHook: hook}
			found, report := outcomes(t, testRun(t, testFeature("it holds"), v))
			if got := found["it-holds"]; got.Outcome != reports.Error || !strings.Contains(got.Why, "a bug in a hook") {
				t.Errorf("outcome %q because %q, want an error", got.Outcome, got.Why)
			}
			if report.Verdict.Passed || len(v.ended) != 1 {
				t.Errorf("the run passed: %v; ended %d scenarios", report.Verdict.Passed, len(v.ended))
			}
		})
	}
}

func TestHookThatFails(t *testing.T) {
	v := &testVocabulary{initHook: func(sc *godog.ScenarioContext) {
		sc.After(func(ctx context.Context, _ *godog.Scenario, err error) (context.Context, error) {
			return ctx, io.ErrClosedPipe
		})
	}}
	found, _ := outcomes(t, testRun(t, testFeature("it holds"), v))
	if got := found["it-holds"]; got.Outcome != reports.Error {
		t.Errorf("outcome %q because %q, want an error", got.Outcome, got.Why)
	}
}

func TestCleanUpThatFails(t *testing.T) {
	for name, v := range map[string]*testVocabulary{"error": {endErr: io.ErrClosedPipe}, "panic": {endPanic: true}} {
		t.Run(name, func(t *testing.T) {
			found, report := outcomes(t, testRun(t, testFeature("it holds", "it does not hold"), v))
			if got := found["it-holds"]; got.Outcome != reports.Error || !strings.Contains(got.Why, "clean-up") {
				t.Errorf("outcome %q because %q, want an error of the clean-up", got.Outcome, got.Why)
			}
			if got := found["it-does-not-hold"]; got.Outcome != reports.Failed || !strings.Contains(got.Why, "clean-up") {
				t.Errorf("outcome %q because %q, want the failure and the clean-up", got.Outcome, got.Why)
			}
			if report.Verdict.Passed {
				t.Error("the run passed")
			}
		})
	}
}

func TestStepsThatDoNotReturn(t *testing.T) {
	v := &testVocabulary{}
	e := testRun(t, testFeature("it waits", "it is deaf", "it holds"), v, func(e *engine) { e.limits.ordinary = 300 * time.Millisecond })
	found, report := outcomes(t, e)
	for _, id := range []string{"it-waits", "it-is-deaf"} {
		if got := found[id]; got.Outcome != reports.Error || !strings.Contains(got.Why, "longer than 300ms") {
			t.Errorf("%s: outcome %q because %q, want an error about the bound", id, got.Outcome, got.Why)
		}
	}
	if found["it-holds"].Outcome != reports.Passed || report.Verdict.Passed {
		t.Errorf("outcome %q, the run passed: %v", found["it-holds"].Outcome, report.Verdict.Passed)
	}
}

func TestConcurrentScenariosKeepTheirRecords(t *testing.T) {
	var b strings.Builder
	b.WriteString("@labels/in @api\nFeature: Tests\n\n  Background:\n    Given it holds\n\n  Scenario Outline: value <value>\n    Then the value is \"<value>\"\n    And it holds\n\n    Examples:\n      | value |\n")
	for i := range 60 {
		b.WriteString("      | v" + strings.Repeat("x", i+1) + " |\n")
	}
	found, report := outcomes(t, testRun(t, b.String(), &testVocabulary{}, func(e *engine) {
		e.options.Concurrency, e.watching = 16, ordinaryPatience // a busy machine is no dead target
	}))
	if len(found) != 60 || !report.Verdict.Passed {
		t.Fatalf("%d records, passed %v: %v", len(found), report.Verdict.Passed, report.Verdict.Reasons)
	}
	for id, record := range found {
		value := strings.TrimPrefix(id, "value-")
		if len(record.Steps) != 3 || record.Steps[1].Text != `the value is "`+value+`"` || record.Steps[2].Status != "passed" {
			t.Errorf("%s has the steps %+v", id, record.Steps)
		}
	}
}

func TestSerialScenariosAreAlone(t *testing.T) {
	var mu sync.Mutex
	running, most, overlap := 0, 0, false
	enter := func(serial bool) func() error {
		return func() error {
			mu.Lock()
			running++
			most = max(most, running)
			overlap = overlap || serial && running > 1
			mu.Unlock()
			time.Sleep(20 * time.Millisecond) // how long the scenario takes: time for another to begin beside it. Nothing is waited for.
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		}
	}
	v := &testVocabulary{extra: map[string]any{`^ordinary \d+$`: enter(false), `^serial \d+$`: enter(true)}}
	source := testFeature("ordinary 1", "ordinary 2", "ordinary 3", "ordinary 4") +
		"\n  @serial\n  Scenario: serial 1\n    Given serial 1\n\n  @serial\n  Scenario: serial 2\n    Given serial 2\n"
	_, report := outcomes(t, testRun(t, source, v, func(e *engine) { e.options.Concurrency = 4 }))
	if !report.Verdict.Passed || overlap || most < 2 {
		t.Errorf("passed %v, serial ones overlapped %v, at most %d at a time", report.Verdict.Passed, overlap, most)
	}
}
