//go:build pages

package pages

import (
	"fmt"
	"strings"
	"time"

	"github.com/plumbline/plumbline/reports"
)

var begun = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

// failing are the scenarios of the example that fail, and the place of the step that does.
const failing = "pods/probe-http/the-status-400-is-a-failure-of-a-probe-that-has-a-rather-long-name-2b1c"

// example is a report of two chapters with what a page can have: every outcome, a failure with both sides, a timeline, a breached invariant.
func example(broken bool) *reports.Report {
	r := &reports.Report{Version: reports.Version, Complete: true, Run: "r1", Seed: 7, Command: "make conformance SEED=7", Started: begun, Finished: begun.Add(9 * time.Minute), Wall: 540,
		Suite:  reports.Suite{Version: "1.2.3", Kubernetes: []string{"1.36", "1.37"}, Invariants: []string{"node-name-is-final", "restarts-never-fall"}},
		Target: reports.Target{Kind: "reference", Name: "plumbline-r1", Version: "v1.37.0", Latency: 0.002, Scale: 1},
		Notes:  []string{"the target has no nodes of another architecture"},
	}
	for c, claim := range []string{"pods/probe-http", "pods/liveness-restarts", "replicasets/reconcile", "replicasets/delete-cascades"} {
		all := reports.Claim{ID: claim, Chapter: 5 + 4*(c/2), Level: "MUST", Text: "The claim number " + fmt.Sprint(c) + " of the book, which says in a sentence what an orchestrator has to do."}
		for i := range 12 {
			record := scenario(fmt.Sprintf("%s/row-%d-of-the-table", claim, i), claim, c*100+i)
			switch {
			case c == 0 && i == 3:
				record.ID = failing
				if broken {
					fail(&record)
				}
			case c == 1 && i == 2:
				record.Outcome, record.Why, record.Steps, record.Timeline = reports.Unsupported, "the target has one node", nil, nil
			case c == 1 && i == 5:
				record.Level = "SHOULD"
				if broken {
					fail(&record)
				}
			}
			all.Scenarios = append(all.Scenarios, record.ID)
			r.Scenarios = append(r.Scenarios, record)
		}
		if c == 3 {
			all.Scenarios = append(all.Scenarios, "replicasets/delete-cascades/slow")
			r.LeftOut = append(r.LeftOut, reports.LeftOut{ID: "replicasets/delete-cascades/slow", Level: "MUST", Why: "it is slow"})
		}
		r.Claims = append(r.Claims, all)
	}
	r.Claims = append(r.Claims, reports.Claim{ID: "services/later", Chapter: 7, Level: "MUST", Text: "A claim without scenarios yet."})
	r.Invariants = []reports.Invariant{
		{Name: "node-name-is-final", Text: "A Pod's nodeName never changes once set.", State: reports.Held, Observed: 812, Breaches: []reports.Breach{}},
		{Name: "restarts-never-fall", Text: "Restart counts never fall.", State: reports.Held, Observed: 812, Breaches: []reports.Breach{}},
	}
	if broken {
		i := &r.Invariants[1]
		i.State, i.Why = reports.Breached, "Pod ns/web: its restart count fell from 3 to 2"
		i.Breaches = []reports.Breach{{Scenario: failing, Cluster: "shared", Namespace: "ns", Objects: []string{"Pod ns/web"}, Why: "its restart count fell from 3 to 2",
			Before: reports.Sighting{At: begun, Object: "Pod ns/web", Version: "81", What: "restartCount 3"}, After: reports.Sighting{At: begun.Add(time.Second), Object: "Pod ns/web", Version: "97", What: "restartCount 2"}}}
	}
	r.Profiles = []reports.Profile{{Name: "api", Scenarios: r.Claims[2].Scenarios}, {Name: "workloads", Scenarios: r.Claims[0].Scenarios}}
	r.Summarise()
	return r
}

// scenario is one that passed, with a few objects on its timeline.
func scenario(id, claim string, n int) reports.Record {
	record := reports.Record{ID: id, Chapter: strings.Split(claim, "/")[0], Feature: "Feature of " + claim, File: "features/" + claim + ".feature", Line: int64(n), Rule: "A rule of the feature",
		Name: "row " + fmt.Sprint(n) + " of the table", Claims: []string{claim}, Level: "MUST", Outcome: reports.Passed, Started: begun.Add(time.Duration(n) * time.Second), Duration: 12.5,
		Rerun: "make conformance SCENARIO=" + id}
	for i, text := range []string{"Given a namespace", "When a Pod is created whose probe asks for /healthz", "Then the Pod is Ready within 30 s", "And its container is restarted"} {
		record.Steps = append(record.Steps, reports.Step{Text: text, Status: "passed", Seconds: reports.Seconds(1 + 2*i)})
	}
	for i, what := range []string{"Pending", "Running", "probe failed with status 400", "SIGTERM", "Running, restarted"} {
		for _, object := range []string{"Pod web", "container web/server", "EndpointSlice web-x7f2q of a rather long name that no phone can show on one line"} {
			record.Timeline = append(record.Timeline, reports.Observation{At: record.Started.Add(time.Duration(2*i+1) * time.Second), Object: object, What: what})
		}
	}
	return record
}

// fail has the third of four steps fail.
func fail(record *reports.Record) {
	record.Outcome, record.Why = reports.Failed, "the Pod stayed Ready, although its probe was answered with the status 400"
	record.Steps[2].Status, record.Steps[3].Status, record.Steps[3].Seconds = "failed", "skipped", 0
	record.Failure = &reports.Failure{Step: record.Steps[2].Text, What: "the Pod web", Expected: "a condition Ready that is False", Seen: "Ready: True\nsince 08:00:04, " + strings.Repeat("longwordwithoutspaces", 12),
		Waited: 30, At: record.Started.Add(10 * time.Second), Timeline: []string{"1.0 s Pending", "3.0 s Running"}, Diff: "-  status: \"False\"\n+  status: \"True\""}
}
