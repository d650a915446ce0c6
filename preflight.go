package plumbline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/steps"
)

// surveyed is a target that is somebody's cluster. Before anything is done to it, it is asked what it has and allows.
type surveyed interface {
	// survey asks; it changes nothing.
	survey(ctx context.Context, wants []fixtures.Want) (*fixtures.Survey, error)
}

// guarded is a target that refuses requests which would touch what the run did not create.
type guarded interface {
	// refusals are the requests that were refused.
	refusals() []string
}

// preflight says what the run is going to do, and what the target lacks for that. An error is a reason not to begin.
func (e *engine) preflight(ctx context.Context) error {
	target, asks := e.target.(surveyed)
	if !asks {
		e.foresee()
		return nil
	}
	var wants []fixtures.Want
	for _, right := range steps.Rights(e.needs().workloads) {
		wants = append(wants, fixtures.Want{
			Verb: right.Verb, Group: right.Group, Resource: right.Resource, Subresource: right.Subresource, Namespaced: right.Namespaced, Served: right.Served,
		})
	}
	survey, err := target.survey(ctx, wants)
	if err != nil {
		return err
	}
	if survey.Slots > 0 {
		e.room = &room{survey.Slots, survey.Cores}
	}
	e.printf("Preflight of the cluster of context %s, %s, Kubernetes API %s\n", survey.Context, survey.Server, survey.Version)
	e.foresee()
	e.foreseeCluster(survey)
	if len(survey.Denied) > 0 {
		denied := survey.Denied
		more := ""
		if len(denied) > mostDenied {
			denied, more = denied[:mostDenied], fmt.Sprintf("; and %d more that the preflight lists", len(survey.Denied)-mostDenied)
		}
		return fmt.Errorf("the run lacks rights, and would take refusals for the cluster's mistakes: %s may not %s%s", survey.Context, strings.Join(denied, "; "), more)
	}
	return nil
}

// mostDenied is how many missing rights an error names; the preflight names all.
const mostDenied = 3

// foresee says which scenarios will run, and which will not.
func (e *engine) foresee() {
	will, unsupported, profiles := 0, map[string]int{}, map[string]int{}
	for _, s := range e.planned {
		if why := e.unsupported(s); why != "" {
			unsupported[why]++
			continue
		}
		will++
		for _, name := range Profiles {
			if s.matchesProfile(name) {
				profiles[name]++
			}
		}
	}
	var parts []string
	for _, name := range Profiles {
		if profiles[name] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", name, profiles[name]))
		}
	}
	e.foretell("will run", "%d of %d planned scenarios (%s)", will, len(e.planned), strings.Join(parts, ", "))
	for _, why := range slices.Sorted(maps.Keys(unsupported)) {
		e.foretell("will not run", "%d: %s", unsupported[why], why)
	}
	left := map[string]int{}
	for _, l := range e.leftOut {
		left[l.Why]++
	}
	for _, why := range slices.Sorted(maps.Keys(left)) {
		e.foretell("left out", "%d: %s", left[why], why)
	}
}

// foretell writes a line of the preflight.
func (e *engine) foretell(subject, format string, args ...any) {
	e.printf("  %-13s %s\n", subject+":", fmt.Sprintf(format, args...))
}

// foreseeCluster says what the run will make in somebody's cluster, and what it found there.
func (e *engine) foreseeCluster(survey *fixtures.Survey) {
	e.foretell("will create", "a namespace plumbline-… for each scenario, labelled %s=%s, and everything else in these; all of them are removed at the end", steps.RunLabel, e.id)
	e.foretell("will touch", "nothing else: any other write is refused before it is sent")
	e.foretell("nodes", "%d of %d are Ready and take Pods", survey.Open, survey.Nodes)
	if e.needs().workloads {
		e.foretell("image", "%s", imageWords(survey))
		e.foretell("room", "%s", e.roomWords())
	}
	switch {
	case survey.Unasked != "":
		e.foretell("allowed", "not known: %s", survey.Unasked)
	case len(survey.Denied) == 0:
		e.foretell("allowed", "all %d rights that the run needs", survey.Wants)
	}
	for _, denied := range survey.Denied {
		e.foretell("not allowed", "%s", denied)
	}
	if len(survey.Unserved) > 0 {
		e.foretell("not served", "%s: scenarios that need them will fail", strings.Join(survey.Unserved, ", "))
	}
	for _, run := range slices.Sorted(maps.Keys(survey.Left)) {
		e.foretell("left", "%s of another run, which goes on or could not clean up; to remove: kubectl --context=%s delete namespaces --selector=%s=%s",
			namespaces(len(survey.Left[run])), survey.Context, steps.RunLabel, run)
	}
	if note := outside(survey.Version); note != "" {
		e.foretell("note", "%s", note)
	}
}

// roomWords says how much is done at a time, and why.
func (e *engine) roomWords() string {
	switch {
	case e.options.Concurrency > 0:
		return fmt.Sprintf("%d scenarios at a time, as was asked for", e.options.Concurrency)
	case e.room == nil:
		return fmt.Sprintf("%d scenarios at a time; the nodes do not say what they have room for", e.concurrency())
	}
	return fmt.Sprintf("%d scenarios at a time, for %d more Pods and %d processors", e.concurrency(), e.room.slots, e.room.cores)
}

// imageWords says where the workload image was seen.
func imageWords(survey *fixtures.Survey) string {
	if len(survey.Images) == 0 {
		return "no node lists the workload image (nodes list fifty images at most); make workload-image makes it, and says how to bring it there"
	}
	var seen []string
	for _, name := range slices.Sorted(maps.Keys(survey.Images)) {
		seen = append(seen, fmt.Sprintf("%s is listed by %d of %d nodes that take Pods", name, survey.Images[name], survey.Open))
	}
	return strings.Join(seen, "; ")
}

// errNothingPlanned is a dry run of nothing.
var errNothingPlanned = errors.New("no scenario is planned, so nothing would be judged")

// dryRun makes the preflight and nothing else.
func (e *engine) dryRun(ctx context.Context) error {
	switch {
	case len(e.census.problems) > 0:
		return errors.New(e.census.problems[0])
	case len(e.planned) == 0:
		return errNothingPlanned
	}
	e.printf("%s: a dry run, which changes nothing\n", versionLine())
	return e.preflight(ctx)
}

func namespaces(n int) string {
	if n == 1 {
		return "1 namespace"
	}
	return fmt.Sprintf("%d namespaces", n)
}
