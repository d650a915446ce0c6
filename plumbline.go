// Package plumbline judges orchestrators: it runs the scenarios of package features, each a claim of the book
// "Kubernetes: Up & Running", against a cluster, and says in plain sentences which of them hold.
//
// The package is the engine. It takes the census of all scenarios, has godog run those that are planned, and judges
// from its own records: each planned scenario gets exactly one outcome, and a run in which anything is unaccounted for
// has failed.
package plumbline

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// Options are a run's. The zero value runs everything ordinary against the bundled reference orchestrator.
type Options struct {
	Selection
	Target      string // what is judged, one of Targets; "reference" by default
	Seed        int64  // of the scenarios' order; 0 takes a new one
	Concurrency int    // scenarios at a time on the shared cluster; 0 takes what suits the machine
	Nodes       int    // of the shared cluster, if its scenarios need any; 0 takes three. What needs two there is unsupported on one
	Kubectl     string // path of another kubectl than the pinned one, to judge the target by
	Keep        bool   // leave the cluster of a failed run, and say how to use it
	Out         string // folder of the reports; "out" by default
	List        bool   // list the scenarios instead of running them
	DryRun      bool   // say what would run, and what the target lacks for it, and change nothing
	Version     bool   // print the suite's version instead of running anything
	Make        bool   // the run was started by this repository's Makefile: messages name its variables, and not flags
	// Expected is the path of a YAML file that lists scenarios which are known to fail on the target, and invariants which are known to be
	// breached, each with a reason. The run then fails if another one fails, and also if a listed one does not.
	Expected string

	// Image names the container image that the target "image" judges, one that keeps the contract of fixtures/CONTRACT.md.
	Image string
	// Kubeconfig is the path of the kubeconfig of the target "kubeconfig"; empty, it is found as kubectl finds it.
	Kubeconfig string
	// Context is the kubeconfig's context that the target "kubeconfig" judges. It may be left out where there is only one.
	Context string
	// WorkloadImage is the name under which the nodes of the target "kubeconfig" have or find the workload image; empty, they
	// have it under its own name, which `make workload-image` prints.
	WorkloadImage string

	// Kit is the folder of kubectl and the workload image where they were built before, as they are for the compiled runner;
	// empty, they are built, by Go and from the source of this module. It does for the targets "image" and "kubeconfig", and
	// for Provide.
	Kit string

	// Provide makes the clusters to judge, instead of a target: the one that scenarios share, and for those of the profile
	// `cluster` further ones, at most two at a time beside it. It returns once the cluster's API server answers and its
	// nodes are Ready. What it cannot provide it refuses with an *Unsupported, and a server that refuses to start with its flags
	// is a *StartError; any other error ends the run, or the scenario.
	Provide func(ctx context.Context, spec ClusterSpec) (*Cluster, error)
	// Configure is called for each cluster once it answers, before any scenario: to install what the implementation needs,
	// or to wait for it. The configuration is a copy. An error ends the run, or the scenario whose own cluster it is.
	Configure func(ctx context.Context, config *rest.Config) error

	// Again writes the command that runs the given selection again, for failures and the report.
	// The default names this repository's make target.
	Again func(Selection, int64) string
	// Log is where progress and the report are written; standard output by default.
	Log io.Writer
}

// Run judges a target as part of a Go test, which fails if the run does. It returns after everything that the run
// started is gone. An interrupt ends it early, with reports of what was found until then.
func Run(t testing.TB, options Options) *reports.Report {
	t.Helper()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second interrupt ends the process at once; the watchdog then cleans up.
	context.AfterFunc(ctx, stop)
	report, err := Judge(ctx, options)
	conclude(t, options, report, err)
	return report
}

// conclude fails the test of a run that did not pass, or could not be made.
func conclude(t testing.TB, options Options, report *reports.Report, err error) {
	t.Helper()
	switch {
	case err != nil:
		t.Fatalf("%v", err)
	case report == nil && !options.List && !options.Version && !options.DryRun:
		t.Fatal("the run has no report")
	case report != nil && !report.Verdict.Passed:
		t.Errorf("the run failed; %s has the details", filepath.Join(options.out(), "report.json"))
	}
}

// Judge makes a run and returns its report, which holds the verdict. The report is nil after a list, a version or a dry run. An error says that
// there was nothing to run, such as a selection that matches nothing or a target that does not exist.
func Judge(ctx context.Context, options Options) (*reports.Report, error) {
	if options.Version {
		fmt.Fprintln(options.log(), versionLine())
		return nil, nil
	}
	claims, err := features.Claims()
	if err != nil {
		return nil, err
	}
	e := &engine{options: options, features: features.FS, claims: claims, vocabulary: book}
	if !options.List {
		if e.target, err = newTarget(options); err != nil {
			return nil, err
		}
	}
	return e.run(ctx)
}

// book is the vocabulary of package steps.
var book = vocabulary{initialize: steps.Initialize, begin: steps.Begin, markFailed: steps.MarkFailed, end: steps.End}

// out is the folder of the reports. It is absolute: whoever reads a path below it may stand elsewhere than the process does,
// which go test starts in the folder of its package.
func (o Options) out() string {
	out := o.Out
	if out == "" {
		out = "out"
	}
	if absolute, err := filepath.Abs(out); err == nil {
		return absolute
	}
	return out
}

// check says what is wrong with the options that no other part looks at.
func (o Options) check() error {
	if o.Concurrency < 0 {
		return fmt.Errorf("%s: a number of scenarios at a time cannot be negative", o.spelling().option("concurrency", fmt.Sprint(o.Concurrency)))
	}
	if o.Nodes < 0 {
		return fmt.Errorf("%s: a number of nodes cannot be negative", o.spelling().option("nodes", fmt.Sprint(o.Nodes)))
	}
	return nil
}

func (o Options) log() io.Writer {
	if o.Log == nil {
		return os.Stdout
	}
	return o.Log
}

func (o Options) again(by Selection, seed int64) string {
	if o.Again != nil {
		return o.Again(by, seed)
	}
	return makeLine(by, seed) + o.targetVariables()
}

// repeat is the line that repeats the whole run.
func (o Options) repeat(seed int64) string {
	line := o.again(o.Selection, seed)
	if o.Expected != "" && o.Again == nil {
		line += " " + asVariables.option("expected-failures", o.Expected)
	}
	return line
}
