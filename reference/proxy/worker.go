package proxy

import (
	"context"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// The worker's patience.
const (
	// inspectEvery is how often the kernel is asked whether somebody flushed our rules. Asking costs in proportion to
	// the rules, so that it happens at most one in inspectShare of the time.
	inspectEvery = 5 * time.Second
	inspectShare = 100
	retryFirst   = 100 * time.Millisecond
	retryMost    = 10 * time.Second
)

// worker is the one goroutine that writes rules.
type worker struct {
	tables  *tables
	cluster cluster
	changes *ledger
	book    *book

	installed Rules // what the kernel holds; nil when that is not known
	writes    int   // how often that changed
	gone      []datagramRoute
	flows     bool
	health    healthServers
	begun     func() // is called after the first sync; may be nil
}

func (w *worker) run(ctx context.Context) {
	var inspecting sync.WaitGroup
	defer inspecting.Wait()
	defer w.health.close()
	inspections := make(chan inspection, 1)
	inspect := time.NewTimer(inspectEvery)
	defer inspect.Stop()
	retry, pause := (<-chan time.Time)(nil), retryFirst
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.changes.ready:
		case <-retry:
		case <-inspect.C:
			// Beside the work: reading thousands of rules may take a second, and endpoints do not wait.
			writes := w.writes
			inspecting.Go(func() { inspections <- w.tables.look(ctx, writes) })
			continue
		case seen := <-inspections:
			inspect.Reset(max(inspectEvery, inspectShare*seen.took))
			w.judge(ctx, seen)
			if w.installed != nil {
				continue
			}
		}
		retry = nil
		if err := w.sync(ctx); err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "Rules could not be written; trying again", "after", pause)
			retry = time.After(pause)
			pause = min(2*pause, retryMost)
			continue
		}
		pause = retryFirst
		if w.begun != nil && ctx.Err() == nil {
			w.begun()
			w.begun = nil
		}
	}
}

// sync brings the kernel to what the objects say now.
func (w *worker) sync(ctx context.Context) error {
	began := time.Now()
	changed, all := w.changes.take()
	gone, flows := w.book.update(w.cluster, changed, all)
	w.gone, w.flows = append(w.gone, gone...), w.flows || flows
	desired := w.book.rules()
	if w.installed == nil {
		if err := w.writeAll(ctx, desired); err != nil {
			return err
		}
	} else if input := restoreInput(w.installed, desired, w.tables.block); len(input) > 0 {
		w.writes++
		if err := w.tables.restore(ctx, input); err != nil {
			w.installed = nil // a table may have changed before another failed
			return err
		}
		klog.FromContext(ctx).V(2).Info("Rules written", "services", len(changed), "bytes", len(input), "took", time.Since(began))
	}
	w.installed = desired
	w.health.sync(ctx, w.book.healthChecks())
	if !w.flows {
		return nil
	}
	n, err := removeStaleFlows(w.book.datagramRoutes(), w.gone)
	if err != nil {
		return err
	}
	w.flows, w.gone = false, nil
	if n > 0 {
		klog.FromContext(ctx).V(2).Info("Stale UDP flows removed", "flows", n)
	}
	return nil
}

// writeAll writes every chain and removes those of Services that are gone. Where the kernel's chains do not lead into
// ours yet, they do so first: tables are small then, and chains that are empty do nothing.
func (w *worker) writeAll(ctx context.Context, desired Rules) error {
	began := time.Now()
	w.writes++
	h, err := w.tables.inspect(ctx)
	if err != nil {
		return err
	}
	if err := w.tables.ensureJumps(h); err != nil {
		return err
	}
	if err := w.tables.restore(ctx, restoreInput(h.leftover(desired), desired, w.tables.block)); err != nil {
		return err
	}
	klog.FromContext(ctx).Info("All rules written", "chains", len(desired["nat"]), "took", time.Since(began))
	return nil
}

// inspection is a look at the kernel, begun when writes rules had been written.
type inspection struct {
	held   held
	err    error
	writes int
	took   time.Duration
}

func (t *tables) look(ctx context.Context, writes int) inspection {
	began := time.Now()
	h, err := t.inspect(ctx)
	return inspection{held: h, err: err, writes: writes, took: time.Since(began)}
}

// judge compares what the kernel holds with what it should. When somebody changed our rules, the next sync writes them
// all. A look during which rules were written says nothing.
func (w *worker) judge(ctx context.Context, seen inspection) {
	switch {
	case ctx.Err() != nil || w.installed == nil || seen.writes != w.writes:
	case seen.err != nil:
		klog.FromContext(ctx).Error(seen.err, "The rules could not be inspected")
	default:
		if difference := seen.held.difference(w.installed); difference != "" {
			klog.FromContext(ctx).Info("Somebody changed our rules; writing them again", "found", difference)
			w.installed = nil
		}
	}
}
