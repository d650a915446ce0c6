package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/reports"
)

// round is what was measured on one target once.
type round struct {
	Target    string             `json:"target"`
	Number    int                `json:"round"` // from 1
	Began     time.Time          `json:"began"`
	Load      string             `json:"loadBefore"`        // the machine's load averages of 1, 5 and 15 minutes; ours are among them
	Values    map[string]float64 `json:"values"`            // by figure
	Missing   map[string]string  `json:"missing,omitempty"` // figures that could not be measured, and why
	Failed    []string           `json:"failed,omitempty"`  // those of them that should have been
	Notes     []string           `json:"notes,omitempty"`
	Processes []processGroup     `json:"idleProcesses,omitempty"`
}

func newRound(target string, number int) *round {
	return &round{Target: target, Number: number, Began: time.Now(), Load: loadAverage(), Values: map[string]float64{}, Missing: map[string]string{}}
}

// busy says whether others worked the machine hard when the round began: more of them were ready to run than the earlier rounds
// of a bench leave behind.
func (r *round) busy(cores int) bool {
	first, _, _ := strings.Cut(r.Load, " ")
	load, err := strconv.ParseFloat(first, 64)
	return err == nil && cores > 0 && load > 2*float64(cores)
}

func (r *round) record(id string, value float64) { r.Values[id] = value }
func (r *round) miss(id, why string)             { r.Missing[id] = why }
func (r *round) note(text string)                { r.Notes = append(r.Notes, text) }

// processGroup is the processes of one name.
type processGroup struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	MB    float64 `json:"residentMB"`
}

// grouped adds processes of the same name up, the largest first.
func grouped(processes []fixtures.Process) []processGroup {
	var groups []processGroup
	for _, p := range processes {
		at := slices.IndexFunc(groups, func(g processGroup) bool { return g.Name == p.Name })
		if at < 0 {
			at = len(groups)
			groups = append(groups, processGroup{Name: p.Name})
		}
		groups[at].Count++
		groups[at].MB += megabytes(p.RSS)
	}
	slices.SortStableFunc(groups, func(a, b processGroup) int { return cmp.Compare(b.MB, a.MB) })
	return groups
}

// play makes one round: the chosen measures one after the other. A measure that fails leaves its figures missing, and the
// others go on; what is returned is an interrupt, or a cluster that could not be had.
func (t *trial) play(ctx context.Context, chosen map[string]bool) error {
	if slices.ContainsFunc(onCluster, func(m measure) bool { return chosen[m.name] }) {
		if err := t.playShared(ctx, chosen); err != nil {
			return err
		}
	}
	for _, m := range alone {
		if chosen[m.name] {
			t.attempt(ctx, m)
		}
	}
	return context.Cause(ctx)
}

func (t *trial) playShared(ctx context.Context, chosen map[string]bool) (err error) {
	if err := t.begin(ctx, 1); err != nil {
		if t.cluster != nil {
			err = errors.Join(err, t.finish(ctx))
		}
		return err
	}
	defer func() { err = errors.Join(err, t.finish(ctx)) }()
	for _, m := range onCluster {
		if chosen[m.name] {
			t.attempt(ctx, m)
		}
	}
	return nil
}

func (t *trial) attempt(ctx context.Context, m measure) {
	if ctx.Err() != nil {
		return
	}
	err := m.take(ctx, t)
	if err == nil {
		return
	}
	t.say("%s: %v", m.name, err)
	for _, f := range m.figures {
		if _, measured := t.round.Values[f.id]; !measured {
			t.round.miss(f.id, err.Error())
			t.round.Failed = append(t.round.Failed, f.id)
		}
	}
}

func clientsFor(config *rest.Config) (kubernetes.Interface, error) {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client of the cluster: %w", err)
	}
	return clients, nil
}

func loadAverage() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(data))[:3], " ")
}

func slowest(report *reports.Report, n int) []reports.Record {
	all := slices.SortedFunc(slices.Values(report.Scenarios), func(a, b reports.Record) int { return cmp.Compare(b.Duration, a.Duration) })
	return all[:min(n, len(all))]
}

// tail is the last lines of a text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
