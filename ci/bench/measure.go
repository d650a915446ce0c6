package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/plumbline/plumbline/fixtures"
)

// figure is one number that is measured, once in each round.
type figure struct {
	id     string
	what   string
	unit   string
	budget float64 // the most that design.md allows; 0: it has no budget
	more   bool    // the more the better
}

// measure takes figures. Those that need a cluster share one of a single node in each round, in the order of the
// catalogue, which is why idleness comes before work.
type measure struct {
	name    string
	figures []figure
	take    func(context.Context, *trial) error
}

// trial is what a measure has at hand in one round on one target.
type trial struct {
	target  *target
	cluster *fixtures.Cluster // of one node; nil for measures that bring their own
	clients kubernetes.Interface
	round   *round
	say     func(format string, args ...any)

	readyAt time.Time // when all nodes of the cluster were seen Ready
}

// onCluster are the measures that share a cluster. Its start is the first of them.
var onCluster = []measure{
	{name: "start", take: startOne, figures: []figure{
		{id: "start-one", what: "one node: container start to node Ready", unit: "s", budget: 1.5},
		{id: "start-one-cpu", what: "one node: CPU time until Ready", unit: "s"},
		{id: "start-one-dns", what: "one node: container start to a Pod's first connection by name", unit: "s", budget: 1.5},
	}},
	{name: "idle", take: idle, figures: []figure{
		{id: "idle-rss", what: "idle memory: resident, summed over the processes", unit: "MB", budget: 250},
		{id: "idle-working-set", what: "idle memory: working set of the cgroup", unit: "MB"},
		{id: "idle-cpu", what: fmt.Sprintf("idle CPU over %.0f s", idleWindow.Seconds()), unit: "% of a core"},
	}},
	{name: "pods", take: podStarts, figures: []figure{
		{id: "pod-p50", what: fmt.Sprintf("Pod create to Ready, p50 of %d", podSamples), unit: "ms", budget: 150},
		{id: "pod-p99", what: fmt.Sprintf("Pod create to Ready, p99 of %d", podSamples), unit: "ms"},
		{id: "pod-cpu", what: "CPU time for a Pod that comes and goes", unit: "ms"},
	}},
	{name: "replicaset", take: scaling, figures: []figure{
		{id: "replicaset-up", what: "ReplicaSet 0 to 50 ready", unit: "s", budget: 4},
		{id: "replicaset-down", what: "ReplicaSet 50 to 0, Pods gone", unit: "s"},
		{id: "replicaset-cpu", what: "CPU time for both", unit: "s"},
	}},
	{name: "api", take: apiCalls, figures: []figure{
		{id: "api-creates", what: fmt.Sprintf("API: creates of ConfigMaps, %d clients", apiClients), unit: "per s", more: true},
		{id: "api-create-p50", what: fmt.Sprintf("API: create, p50 of %d", apiCreates), unit: "ms"},
		{id: "api-create-p99", what: fmt.Sprintf("API: create, p99 of %d", apiCreates), unit: "ms"},
		{id: "api-lists", what: fmt.Sprintf("API: lists of %d ConfigMaps, %d clients", apiPage, apiClients), unit: "per s", more: true},
		{id: "api-list-p50", what: fmt.Sprintf("API: list, p50 of %d", apiLists), unit: "ms"},
		{id: "api-list-p99", what: fmt.Sprintf("API: list, p99 of %d", apiLists), unit: "ms"},
	}},
	{name: "rules", take: ruleChanges, figures: []figure{
		{id: "rule-p50", what: fmt.Sprintf("endpoint change to traffic, %d Services, p50 of %d", ruleServices, ruleSamples), unit: "ms", budget: 100},
		{id: "rule-max", what: fmt.Sprintf("endpoint change to traffic, %d Services, slowest of %d", ruleServices, ruleSamples), unit: "ms"},
	}},
}

// alone are the measures that bring what they need.
var alone = []measure{
	{name: "start-three", take: startThree, figures: []figure{
		{id: "start-three", what: "three nodes: container start to all nodes Ready", unit: "s", budget: 3},
		{id: "start-three-cpu", what: "three nodes: CPU time until Ready", unit: "s"},
		{id: "start-three-dns", what: "three nodes: container start to a Pod's first connection by name", unit: "s", budget: 3},
	}},
	{name: "suite", take: suite, figures: []figure{
		{id: "suite", what: "the suite's wall time, cluster start included, builds not", unit: "s", budget: 75},
	}},
}

// elsewhere are budgets that this program cannot measure, and why.
var elsewhere = map[string]string{
	"first build, cold": "it needs an empty build cache; time the first `make conformance` on a new machine (budget 10 min)",
}

func allMeasures() []measure { return slices.Concat(onCluster, alone) }

// choose finds measures by name; no names are all of them.
func choose(names []string) (map[string]bool, error) {
	var known []string
	for _, m := range allMeasures() {
		known = append(known, m.name)
	}
	if len(names) == 0 {
		names = known
	}
	chosen := map[string]bool{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("-only: there is no measure %q; the measures are: %s", name, strings.Join(known, ", "))
		}
		chosen[name] = true
	}
	return chosen, nil
}

// chosenFigures lists the figures of the chosen measures in the order in which they are shown.
func chosenFigures(chosen map[string]bool) []figure {
	var figures []figure
	for _, name := range []string{"start", "start-three", "pods", "replicaset", "idle", "api", "rules", "suite"} {
		for _, m := range allMeasures() {
			if m.name == name && chosen[name] {
				figures = append(figures, m.figures...)
			}
		}
	}
	return figures
}
