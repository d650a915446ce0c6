// Package proxy is the kube-proxy role: on its node it makes the addresses of Services lead to their endpoints, by
// iptables rules that follow the Services and EndpointSlices of the API (claims services/…).
//
// Compute is the decision, a pure function from objects to rules. Run carries it out: one iptables-restore writes only
// the chains that changed, so that rules of others, counters and established connections are left alone. The rules stay
// when Run ends or the API server is away; the next Run takes them over without a gap.
package proxy

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// Options is what Run needs to know.
type Options struct {
	Config      *rest.Config // of a user that may list and watch services, endpointslices and its own node
	NodeName    string       // the Node object of this machine
	NodeIP      netip.Addr   // its internal address
	ClusterCIDR netip.Prefix // addresses of Pods; zero: unknown, and traffic from outside the Pod network keeps its source
}

// Run keeps the node's rules as the API wants them until ctx ends. It returns an error when iptables cannot be used at
// all; everything else is logged and tried again.
func Run(ctx context.Context, options Options) error {
	ctx = klog.NewContext(ctx, klog.FromContext(ctx).WithName("proxy"))
	t, err := openTables()
	if err != nil {
		return fmt.Errorf("start the service proxy: %w", err)
	}
	node := Node{Name: options.NodeName, IP: options.NodeIP, ClusterCIDR: options.ClusterCIDR, Features: t.features(ctx)}
	klog.FromContext(ctx).Info("Service proxy starts", "iptables", t.program, "features", node.Features, "node", node.Name)

	changes := newLedger()
	watched, stop, err := watch(ctx, options, changes)
	if err != nil {
		return fmt.Errorf("watch Services: %w", err)
	}
	defer stop()
	// Rules made of half the objects would cut what the last run had connected.
	if !watched.synced(ctx) {
		return nil
	}
	changes.addAll()
	w := &worker{tables: t, cluster: watched, changes: changes, book: newBook(node)}
	w.run(ctx)
	return nil
}

// The worker's patience.
const (
	// inspectEvery is how often the kernel is asked whether somebody flushed our rules. Asking costs in proportion to
	// the rules, so that it happens at most inspectShare of the time.
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
	gone      []datagramRoute
	flows     bool
}

func (w *worker) run(ctx context.Context) {
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
			began := time.Now()
			w.inspect(ctx)
			inspect.Reset(max(inspectEvery, inspectShare*time.Since(began)))
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
	} else if input := restoreInput(w.installed, desired); len(input) > 0 {
		if err := w.tables.restore(ctx, input); err != nil {
			w.installed = nil // a table may have changed before another failed
			return err
		}
		klog.FromContext(ctx).V(2).Info("Rules written", "services", len(changed), "bytes", len(input), "took", time.Since(began))
	}
	w.installed = desired
	if w.flows {
		n, err := removeStaleFlows(w.book.datagramRoutes(), w.gone)
		if err != nil {
			return err
		}
		w.flows, w.gone = false, nil
		klog.FromContext(ctx).V(2).Info("Stale UDP flows removed", "flows", n)
	}
	return nil
}

// writeAll writes every chain and removes those of Services that are gone, then leads the kernel's chains into ours.
// That order never shows half of the rules.
func (w *worker) writeAll(ctx context.Context, desired Rules) error {
	began := time.Now()
	h, err := w.tables.inspect(ctx)
	if err != nil {
		return err
	}
	if err := w.tables.restore(ctx, restoreInput(h.leftover(desired), desired)); err != nil {
		return err
	}
	if err := w.tables.ensureJumps(h); err != nil {
		return err
	}
	klog.FromContext(ctx).Info("All rules written", "chains", len(desired["nat"]), "took", time.Since(began))
	return nil
}

// inspect finds out whether the rules are still there. When they are not, the next sync writes them all.
func (w *worker) inspect(ctx context.Context) {
	if w.installed == nil {
		return
	}
	h, err := w.tables.inspect(ctx)
	if err != nil {
		klog.FromContext(ctx).Error(err, "The rules could not be inspected")
		return
	}
	if difference := h.difference(w.installed); difference != "" {
		klog.FromContext(ctx).Info("Somebody changed our rules; writing them again", "found", difference)
		w.installed = nil
	}
}
