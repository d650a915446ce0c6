package plumbline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// somebodysTarget is a cluster that the run does not own.
type somebodysTarget struct {
	*fakeTarget
	found   fixtures.Survey
	err     error
	refused []string
	wants   int
	begun   bool // prepared or started
}

func (s *somebodysTarget) survey(_ context.Context, wants []fixtures.Want) (*fixtures.Survey, error) {
	s.wants = len(wants)
	found := s.found
	found.Wants = len(wants)
	return &found, s.err
}

func (s *somebodysTarget) refusals() []string { return s.refused }

func (s *somebodysTarget) prepare(context.Context, needs, string, io.Writer) error {
	s.begun = true
	return nil
}

func (s *somebodysTarget) start(ctx context.Context, n needs) (steps.Cluster, error) {
	s.begun = true
	return s.fakeTarget.start(ctx, n)
}

func somebodys(t *testing.T, change func(*somebodysTarget)) (*engine, *somebodysTarget) {
	target := &somebodysTarget{fakeTarget: newFakeTarget(t), found: fixtures.Survey{
		Server: "https://c", Context: "prod", Version: "v1.35.1", Nodes: 3, Open: 2, Left: map[string][]string{"abcd": {"plumbline-1", "plumbline-2"}},
	}}
	change(target)
	return testRun(t, testFeature("it holds"), &testVocabulary{}, func(e *engine) { e.target = target }), target
}

func TestDryRun(t *testing.T) {
	e, target := somebodys(t, func(*somebodysTarget) {})
	e.options.DryRun = true
	report, err := e.run(t.Context())
	if err != nil || report != nil || target.begun {
		t.Errorf("error %v, report %v, the target was used: %v", err, report, target.begun)
	}
	said := e.options.Log.(*bytes.Buffer).String()
	for _, want := range []string{
		"a dry run, which changes nothing", "cluster of context prod, https://c, Kubernetes API v1.35.1", "1 of 1 planned scenarios (api 1)", "plumbline.dev/run=" + e.id,
		"2 of 3 are Ready", fmt.Sprintf("all %d rights", len(steps.Rights(false))), "2 namespaces of another run", "kubectl --context=prod delete namespaces --selector=plumbline.dev/run=abcd", "judges 1.36 and 1.37",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the preflight does not say %q:\n%s", want, said)
		}
	}
	if all := len(steps.Rights(false)); target.wants != all {
		t.Errorf("%d rights are asked for, want %d", target.wants, all)
	}
}

// TestDryRunOfAClusterOfOnesOwn: nothing is built or started for it either.
func TestDryRunOfAClusterOfOnesOwn(t *testing.T) {
	e := testRun(t, testFeature("it holds"), &testVocabulary{}, func(e *engine) {
		e.options.DryRun = true
		e.target.(*fakeTarget).refusals = map[string]string{"api": "there is no API"}
	})
	if _, err := e.run(t.Context()); err != nil {
		t.Error(err)
	}
	if said := e.options.Log.(*bytes.Buffer).String(); !strings.Contains(said, "0 of 1 planned") || !strings.Contains(said, "1: there is no API") {
		t.Errorf("it says:\n%s", said)
	}
	if e.target.(*fakeTarget).stopped {
		t.Error("something had to be stopped")
	}
}

// TestPreflightThatForbids: a run that may not do what it needs, or gets no answer, does not begin.
func TestPreflightThatForbids(t *testing.T) {
	for name, change := range map[string]func(*somebodysTarget){
		"prod may not create, delete pods": func(s *somebodysTarget) { s.found.Denied = []string{"create, delete pods"} },
		"the server does not answer":       func(s *somebodysTarget) { s.err = errors.New("the server does not answer") },
	} {
		for _, dry := range []bool{true, false} {
			e, target := somebodys(t, change)
			e.options.DryRun = dry
			report, err := e.run(t.Context())
			var said string
			if dry && err != nil {
				said = err.Error()
			} else if report != nil {
				said = strings.Join(report.Verdict.Reasons, "\n")
			}
			if !strings.Contains(said, name) || target.begun || report != nil && report.Verdict.Passed {
				t.Errorf("dry %v: %q, the target was used: %v; want %q", dry, said, target.begun, name)
			}
		}
	}
}

// TestRefusalsFailTheRun: what the guard held back is the suite's fault, although the scenario may have passed.
func TestRefusalsFailTheRun(t *testing.T) {
	e, _ := somebodys(t, func(s *somebodysTarget) { s.refused = []string{"refused to send DELETE /api/v1/nodes/n"} })
	found, report := outcomes(t, e)
	if found["it-holds"].Outcome != reports.Passed || report.Verdict.Passed || !strings.Contains(strings.Join(report.Verdict.Reasons, "\n"), "DELETE /api/v1/nodes/n") {
		t.Errorf("%q because %q", report.Verdict.Words, report.Verdict.Reasons)
	}
}

// TestRoomOfAClusterOfSomebodys: what it has room for, and not this machine, says how much is done at a time.
func TestRoomOfAClusterOfSomebodys(t *testing.T) {
	for name, c := range map[string]struct {
		room
		want int
	}{
		"large":                       {room{3000, 64}, 192},
		"one processor":               {room{100, 1}, 3},
		"many processors, few Pods":   {room{17, 8}, 2},
		"hardly any room":             {room{3, 1}, 1},
		"two processors, 110 Pods":    {room{98, 2}, 6},
		"four processors, three of 4": {room{330, 12}, 36},
	} {
		if got := c.concurrency(); got != c.want {
			t.Errorf("%s: %d scenarios at a time, want %d", name, got, c.want)
		}
	}
	e, _ := somebodys(t, func(s *somebodysTarget) { s.found.Slots, s.found.Cores = 17, 2 })
	e.options.DryRun = true
	if _, err := e.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := (room{17, 2}); e.room == nil || *e.room != want {
		t.Errorf("the room is %v, want %v", e.room, want)
	}
}

func TestLimitsByProfile(t *testing.T) {
	l := limits{ordinary: 1, others: 2, slow: 3}
	for want, s := range map[time.Duration]*scenario{
		1: {profiles: []string{"workloads"}}, 2: {profiles: []string{"storage", "provisioner"}}, 3: {profiles: []string{"autoscaling"}, slow: true},
	} {
		if got := l.of(s); got != want {
			t.Errorf("%v: %d, want %d", s.profiles, got, want)
		}
	}
}
