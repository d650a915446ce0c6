package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// idleSettle is how long a new cluster is left alone before it counts as idle: caches fill, and what was read at the
	// start is let go.
	idleSettle = 15 * time.Second
	idleWindow = 20 * time.Second
)

// idle looks at a cluster that nobody uses, over a window. All of it counts: containers' processes, and those of their Pods.
func idle(ctx context.Context, t *trial) error {
	t.say("leaving the cluster alone for %.0f s", (idleSettle + idleWindow).Seconds())
	if err := pause(ctx, idleSettle); err != nil {
		return err
	}
	before, err := t.cluster.Usage(ctx)
	if err != nil {
		return err
	}
	if err := pause(ctx, idleWindow); err != nil {
		return err
	}
	after, err := t.cluster.Usage(ctx)
	if err != nil {
		return err
	}
	share := (after.CPU - before.CPU).Seconds() / after.At.Sub(before.At).Seconds()
	t.round.record("idle-cpu", 100*share)
	t.round.record("idle-working-set", megabytes(after.WorkingSet))
	processes, err := t.cluster.Processes(ctx)
	if err != nil {
		t.round.miss("idle-rss", err.Error())
		return nil
	}
	var sum int64
	for _, p := range processes {
		sum += p.RSS
	}
	t.round.record("idle-rss", megabytes(sum))
	t.round.Processes = grouped(processes)
	t.say("idle: %s MB resident, working set %s MB, %s %% of a core", short(megabytes(sum)), short(megabytes(after.WorkingSet)), short(100*share))
	for _, g := range t.round.Processes {
		t.say("  %s × %d: %s MB", g.Name, g.Count, short(g.MB))
	}
	return nil
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("leave the cluster alone: %w", context.Cause(ctx))
	case <-time.After(d):
		return nil
	}
}
