package plumbline

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline/plumbline/invariants"
	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// TestInvariantsOfARun: what the clusters of a run show of an invariant about Pods.
func TestInvariantsOfARun(t *testing.T) {
	breach := invariants.Breach{Invariant: invariants.NodeNameIsFinal, Namespace: "ns", Objects: []string{"Pod ns/p"}, Why: "it moved"}
	namespaces := map[string]map[string]string{"ns": {steps.ScenarioAnnotation: "labels/in/x"}}
	held := watchedCluster{shared: true, Findings: invariants.Findings{Observed: map[string]int{"Pod": 3}}}
	own := watchedCluster{Findings: invariants.Findings{Observed: map[string]int{"Pod": 2}}}
	refused := watchedCluster{shared: true, Findings: invariants.Findings{Unsupported: map[string]string{"Pod": "not yours"}}}
	breached := watchedCluster{shared: true, Findings: invariants.Findings{Observed: map[string]int{"Pod": 3}, Breaches: []invariants.Breach{breach}, Namespaces: namespaces}}
	type summary struct {
		State, Why string
		Observed   int
		Scenarios  []string
	}
	for name, c := range map[string]struct {
		clusters []watchedCluster
		want     summary
	}{
		"none":                             {nil, summary{State: reports.NotJudged, Why: "nothing was watched"}},
		"the shared one":                   {[]watchedCluster{held}, summary{State: reports.Held, Observed: 3}},
		"a scenario's own too":             {[]watchedCluster{own, held}, summary{State: reports.Held, Observed: 5}},
		"the shared one refuses":           {[]watchedCluster{own, refused}, summary{State: "unsupported", Why: "not yours", Observed: 2}},
		"refused, and then another of one": {[]watchedCluster{refused, own}, summary{State: "unsupported", Why: "not yours", Observed: 2}},
		"no client":                        {[]watchedCluster{{shared: true, why: "no such host"}}, summary{State: "unsupported", Why: "no such host"}},
		"a breach": {[]watchedCluster{breached, own}, summary{State: reports.Breached, Why: "Pod ns/p: it moved, in the namespace of labels/in/x", Observed: 5,
			Scenarios: []string{"labels/in/x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var kept invariantsKept
			for _, cluster := range c.clusters {
				kept.add(cluster)
			}
			first := kept.report()[0]
			got := summary{State: first.State, Why: first.Why, Observed: first.Observed}
			for _, b := range first.Breaches {
				got.Scenarios = append(got.Scenarios, b.Scenario)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
