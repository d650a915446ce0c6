package plumbline

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/invariants"
	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// lastLook bounds the look at a cluster after which its watches count as complete.
const lastLook = 10 * time.Second

// invariantsKept gathers what the watches of all clusters of a run found.
type invariantsKept struct {
	mu       sync.Mutex
	clusters []watchedCluster
}

// watchedCluster is what the watch of one cluster found.
type watchedCluster struct {
	name   string
	shared bool // of all scenarios, and not of one scenario's own
	invariants.Findings
	why string // it could not be watched at all
}

// watchInvariants watches a cluster until stop is called. On somebody's cluster only the run's namespaces are looked into.
func (e *engine) watchInvariants(ctx context.Context, name string, config *rest.Config, shared bool) (stop func(context.Context)) {
	_, somebodys := e.target.(surveyed)
	collector, err := invariants.Watch(ctx, config, invariants.Scope{
		Selector: steps.RunLabel + "=" + e.id, Everything: !somebodys, NodesRestart: !shared, Bound: steps.EndpointPatience(e.latency),
	})
	if err != nil {
		e.watched.add(watchedCluster{name: name, shared: shared, why: err.Error()})
		return func(context.Context) {}
	}
	var once sync.Once
	return func(ctx context.Context) {
		once.Do(func() {
			limit := lastLook
			if ctx.Err() != nil { // a dead target shows nothing, and nobody waits who ended the run
				limit = e.limits.goodWill
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
			defer cancel()
			e.watched.add(watchedCluster{name: name, shared: shared, Findings: collector.Stop(ctx)})
		})
	}
}

func (k *invariantsKept) add(found watchedCluster) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clusters = append(k.clusters, found)
}

// unwatched are the invariants of a run that has not watched anything.
func unwatched() []reports.Invariant {
	list := []reports.Invariant{}
	for _, invariant := range invariants.All {
		list = append(list, reports.Invariant{Name: invariant.Name, Text: invariant.Text, State: reports.NotJudged, Why: "nothing was watched", Breaches: []reports.Breach{}})
	}
	return list
}

// watchedInvariants are the names of all that this version of the suite watches.
func watchedInvariants() []string {
	var names []string
	for _, invariant := range invariants.All {
		names = append(names, invariant.Name)
	}
	return names
}

// report is what all clusters say of each invariant.
func (k *invariantsKept) report() []reports.Invariant {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := unwatched()
	for i := range list {
		for _, cluster := range k.clusters {
			cluster.judge(&list[i], invariants.All[i].Kinds)
		}
		if n := len(list[i].Breaches); n > 0 {
			list[i].State, list[i].Why = reports.Breached, fmt.Sprintf("%s: %s, %s", strings.Join(list[i].Breaches[0].Objects, " and "), list[i].Breaches[0].Why, list[i].Breaches[0].Where())
			switch n += list[i].More; {
			case n == 2:
				list[i].Why += "; and 1 more breach"
			case n > 2:
				list[i].Why += fmt.Sprintf("; and %d more breaches", n-1)
			}
		}
	}
	return list
}

// judge adds what one cluster shows of an invariant. What the shared cluster does not let be watched is unsupported.
func (c watchedCluster) judge(into *reports.Invariant, kinds []string) {
	refused := c.why
	for _, kind := range kinds {
		into.Observed += c.Observed[kind]
		if why := c.Unsupported[kind]; why != "" && refused == "" {
			refused = why
		}
	}
	switch {
	case refused != "" && c.shared:
		into.State, into.Why = string(reports.Unsupported), refused
	case refused == "" && (c.shared || into.State != string(reports.Unsupported)):
		into.State, into.Why = reports.Held, ""
	}
	into.More += c.More[into.Name]
	for _, breach := range c.Breaches {
		if breach.Invariant != into.Name {
			continue
		}
		into.Breaches = append(into.Breaches, reports.Breach{
			Scenario: c.Namespaces[breach.Namespace][steps.ScenarioAnnotation], Cluster: c.name, Namespace: breach.Namespace,
			Objects: breach.Objects, Why: breach.Why, Before: sighting(breach.Before), After: sighting(breach.After),
		})
	}
}

func sighting(s invariants.Seen) reports.Sighting {
	return reports.Sighting{At: s.At, Object: s.Object, Version: s.Version, What: s.What}
}

// watching is a provider whose clusters are watched as long as scenarios have them.
type watching struct {
	engine *engine
	steps.Provider
}

func (w watching) Start(ctx context.Context, spec steps.ClusterSpec) (steps.Cluster, func(context.Context) error, error) {
	cluster, release, err := w.Provider.Start(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	stop := w.engine.watchInvariants(ctx, cluster.Name(), cluster.Config(), false)
	return cluster, func(ctx context.Context) error {
		stop(ctx)
		return release(ctx)
	}, nil
}

// Keep asks the provider below.
func (w watching) Keep(cluster steps.Cluster, scenario string) error {
	return keepBy(w.Provider, cluster, scenario)
}
