package plumbline

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/cucumber/godog"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// vocabulary is what the sentences mean; see package steps.
type vocabulary struct {
	initialize func(*godog.ScenarioContext)
	begin      func(context.Context, steps.Env) (context.Context, error)
	markFailed func(context.Context)
	end        func(context.Context) error
}

// engine makes one run.
type engine struct {
	options    Options
	features   fs.FS
	claims     []features.Claim
	vocabulary vocabulary
	target     target
	limits     limits                                                  // zero: the ordinary ones
	watching   patience                                                // zero: the ordinary one
	ask        func(*rest.Config) (func(context.Context) error, error) // nil: /readyz

	started  time.Time
	id       string // of the run
	seed     int64
	census   *census
	planned  []*scenario
	leftOut  []reports.LeftOut
	expected []reports.Expected
	cluster  steps.Cluster
	health   *health
	journal  *journal
	watched  invariantsKept

	past     map[string]time.Duration // what scenarios took in the run before
	progress *progress
	latency  time.Duration // of the target's API server
	room     *room         // of somebody's cluster, if it says

	unbegun   bool // there was nothing to judge
	talking   sync.Mutex
	foot      string // the line that a terminal shows below all others
	keptWords string // how to use a cluster that was left
}

// limits bound what a scenario may take before the suite gives it up.
type limits struct {
	ordinary time.Duration // a scenario
	others   time.Duration // one that waits for what is no part of Kubernetes itself: who measures, who makes volumes
	slow     time.Duration // a scenario tagged @slow
	cleanUp  time.Duration // its clean-up, evidence included
	goodWill time.Duration // for steps to return after their context has ended
}

var ordinaryLimits = limits{ordinary: 5 * time.Minute, others: 15 * time.Minute, slow: 25 * time.Minute, cleanUp: time.Minute, goodWill: 2 * time.Second}

// run makes the run: census, target, scenarios, clean-up, reports.
func (e *engine) run(ctx context.Context) (*reports.Report, error) {
	e.started = time.Now()
	if err := e.plan(); err != nil {
		return nil, err
	}
	if e.options.List {
		e.list()
		return nil, nil
	}
	if e.options.DryRun {
		return nil, e.dryRun(ctx)
	}
	if e.limits == (limits{}) {
		e.limits = ordinaryLimits
	}
	if e.watching == (patience{}) {
		e.watching = ordinaryPatience
	}
	if e.ask == nil {
		e.ask = fixtures.AskReadyz
	}
	report := e.newReport()
	e.past = pastOf(e.options.out(), e.target.kind()) // before it is removed
	e.journal = newJournal(report, e.planned, e.options)
	if err := e.journal.clear(); err != nil {
		return nil, err
	}
	switch {
	case len(e.census.problems) > 0: // the suite's own, whoever is judged
		e.journal.fill(reports.Error, e.census.problems[0])
	case len(e.planned) > 0:
		e.printf("Plumbline %s: %d scenarios, seed %d, run %s\n", Version, len(e.planned), e.seed, e.id)
		e.judge(ctx, report)
	}
	return report, e.publish(report)
}

// plan takes the census and chooses from it.
func (e *engine) plan() error {
	err := e.options.check()
	if err != nil {
		return err
	}
	if e.census, err = takeCensus(e.features, e.claims); err != nil {
		return err
	}
	if e.planned, e.leftOut, err = e.census.choose(e.options.Selection, e.options.spelling()); err != nil {
		return err
	}
	if e.options.Expected != "" {
		if e.expected, err = readExpected(e.options.Expected); err != nil {
			return err
		}
		if err := e.census.place(e.expected, e.leftOut, e.options.spelling()); err != nil {
			return err
		}
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("name the run: %w", err)
	}
	e.id = hex.EncodeToString(random[:4])
	if e.seed = e.options.Seed; e.seed == 0 {
		e.seed = int64(random[4])<<16 | int64(random[5])<<8 | int64(random[6]) + 1
	}
	return nil
}

func (e *engine) newReport() *reports.Report {
	r := &reports.Report{
		Version: reports.Version, Run: e.id, Seed: e.seed, Command: e.options.repeat(e.seed), Started: e.started,
		Suite: reports.Suite{Version: Version, Kubernetes: Minors, Invariants: watchedInvariants()}, Target: reports.Target{Kind: e.target.kind()}, Profiles: e.census.profiles(),
		Claims: []reports.Claim{}, Scenarios: []reports.Record{}, LeftOut: e.leftOut, Expected: e.expected,
		Invariants: unwatched(),
		Evidence:   []reports.File{}, Problems: append([]string{}, e.census.problems...), Notes: []string{},
	}
	if r.LeftOut == nil {
		r.LeftOut = []reports.LeftOut{}
	}
	if r.Expected == nil {
		r.Expected = []reports.Expected{}
	}
	for _, claim := range e.census.claims {
		c := reports.Claim{ID: claim.ID, Chapter: claim.Chapter, Level: string(claim.Level), Text: claim.Text, Scenarios: []string{}}
		for _, s := range e.census.scenarios {
			if s.matchesClaim(claim.ID) {
				c.Scenarios = append(c.Scenarios, s.id)
			}
		}
		r.Claims = append(r.Claims, c)
	}
	return r
}

// judge brings the target up, has every planned scenario run, and removes the target again. Whatever happens, each
// planned scenario has an outcome afterwards.
func (e *engine) judge(parent context.Context, report *reports.Report) {
	defer e.stop(parent, report)
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)

	if _, somebodys := e.target.(surveyed); somebodys {
		if err := e.preflight(ctx); err != nil {
			e.didNotStart(parent, report, err)
			return
		}
	}
	building := time.Now()
	if err := e.target.prepare(ctx, e.needs(), e.id, e.options.log()); err != nil {
		e.didNotStart(parent, report, fmt.Errorf("the target could not be prepared: %w", err))
		return
	}
	report.Building = reports.SecondsOf(time.Since(building))
	starting := time.Now()
	within, done := context.WithTimeout(ctx, startLimit)
	cluster, err := e.target.start(within, e.needs())
	done()
	if err != nil {
		e.didNotStart(parent, report, fmt.Errorf("the target did not start: %w", err))
		return
	}
	if err := e.configure(ctx, cluster); err != nil {
		e.didNotStart(parent, report, err)
		return
	}
	report.Starting = reports.SecondsOf(time.Since(starting))
	report.Target.Name = cluster.Name()
	report.Target.Version = serverVersion(cluster.Config())
	if note := outside(report.Target.Version); note != "" {
		report.Notes = append(report.Notes, note)
	}
	e.cluster = cluster
	e.printf("The target is ready after %s (building took %s).\n", seconds(report.Starting.Duration()), seconds(report.Building.Duration()))

	ask, err := e.ask(cluster.Config())
	if err != nil {
		e.didNotStart(parent, report, err)
		return
	}
	if err := e.measure(ctx, ask); err != nil {
		e.didNotStart(parent, report, err)
		return
	}
	stopWatch := e.watchInvariants(ctx, cluster.Name(), cluster.Config(), true)
	e.health = newHealth(ask, e.target.gone, e.watching)
	var watcher sync.WaitGroup
	watching, stopWatching := context.WithCancel(ctx)
	watcher.Go(func() {
		e.health.watch(watching, func(why error) {
			e.journal.edit(func(r *reports.Report) { r.Target.Died = why.Error() })
			e.printf("The target died: %v. What remains is inconclusive.\n", why)
			cancel(fmt.Errorf("%w: %w", errDied, why))
		})
	})
	e.work(ctx)
	stopWatching()
	watcher.Wait()
	stopWatch(ctx)
	e.journal.edit(func(r *reports.Report) { r.Invariants = e.watched.report() })
	if parent.Err() != nil {
		report.Problems = append(report.Problems, errInterrupted.Error())
	}
}

// The causes of an early end.
var (
	errInterrupted = errors.New("the run was interrupted")
	errDied        = errors.New("the target died")
)

// didNotStart gives every scenario the same outcome.
func (e *engine) didNotStart(parent context.Context, report *reports.Report, err error) {
	if parent.Err() != nil {
		err = errInterrupted
	}
	e.unbegun = true
	report.Problems = append(report.Problems, err.Error())
	e.printf("%v\n", err)
	e.journal.fill(reports.Inconclusive, err.Error())
}

// needs sums up what the planned scenarios need of the shared cluster.
func (e *engine) needs() needs {
	var n needs
	for _, s := range e.planned {
		if e.unsupported(s) == "" && !s.ownCluster() && !s.onlyAPI() {
			n.workloads = true
		}
	}
	return n
}

// unsupported says why a scenario cannot run on the target, or nothing.
func (e *engine) unsupported(s *scenario) string {
	for _, profile := range s.profiles {
		if profile == multiNode && s.ownCluster() {
			continue // it starts as many nodes as it needs
		}
		if why := e.target.unsupported(profile); why != "" {
			return why
		}
	}
	return ""
}

// serverVersion asks for the target's version; it is information only.
func serverVersion(config *rest.Config) string {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return ""
	}
	version, err := client.ServerVersion()
	if err != nil {
		return ""
	}
	return version.GitVersion
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
