package plumbline

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// patience is how long the target's API may be away before it counts as dead. It is short enough to give the rest of a
// run its outcome within ten seconds, and long enough for a server that is restarted or, on a busy machine, slow.
type patience struct {
	every   time.Duration // between two questions
	answer  time.Duration // for one answer
	refused time.Duration // while connections are refused or broken
	silent  time.Duration // while it accepts connections and does not answer, or says that it is not ready
}

var ordinaryPatience = patience{every: 500 * time.Millisecond, answer: 2 * time.Second, refused: 4 * time.Second, silent: 6 * time.Second}

// health watches whether the target lives.
type health struct {
	ask      func(ctx context.Context) error // nil: ready
	gone     func(ctx context.Context) error // not nil: gone for good; asked only when ask fails
	patience patience

	mu      sync.Mutex
	since   time.Time // of the present outage
	outages []outage
	changed chan struct{} // closed and replaced at each change
	dead    error
}

type outage struct{ from, to time.Time }

func newHealth(ask, gone func(ctx context.Context) error, p patience) *health {
	return &health{ask: ask, gone: gone, patience: p, changed: make(chan struct{})}
}

// watch asks until ctx ends or the target is dead; then it calls died once.
func (h *health) watch(ctx context.Context, died func(error)) {
	ticker := time.NewTicker(h.patience.every)
	defer ticker.Stop()
	for {
		asked := time.Now()
		err := h.question(ctx)
		if ctx.Err() != nil {
			return
		}
		if dead := h.record(ctx, err, asked, time.Now()); dead != nil {
			died(dead)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (h *health) question(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.patience.answer)
	defer cancel()
	return h.ask(ctx)
}

// record notes the answer to a question, and returns why the target is dead once it is.
func (h *health) record(ctx context.Context, err error, asked, now time.Time) error {
	var gone error
	if err != nil && h.gone != nil {
		within, cancel := context.WithTimeout(ctx, h.patience.answer)
		gone = h.gone(within)
		cancel()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() {
		close(h.changed)
		h.changed = make(chan struct{})
	}()
	if err == nil {
		if !h.since.IsZero() {
			h.outages = append(h.outages, outage{h.since, now})
			h.since = time.Time{}
		}
		return nil
	}
	if h.since.IsZero() {
		h.since = asked
	}
	limit := h.patience.silent
	if isBrokenConnection(err) {
		limit = h.patience.refused
	}
	switch {
	case gone != nil:
		h.dead = gone
	case now.Sub(h.since) >= limit:
		h.dead = fmt.Errorf("its API was away for %s: %w", now.Sub(h.since).Round(100*time.Millisecond), err)
	}
	return h.dead
}

// settle waits, while the target is away, until it is known whether it comes back; at once when it is not away. It
// returns why the target is dead, or nil.
func (h *health) settle(ctx context.Context) error {
	if h.question(ctx) == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.dead
	}
	limit := time.NewTimer(h.patience.silent + h.patience.answer + 2*h.patience.every)
	defer limit.Stop()
	for asked := false; ; asked = true {
		h.mu.Lock()
		dead, away, changed := h.dead, !h.since.IsZero(), h.changed
		h.mu.Unlock()
		if dead != nil || asked && !away {
			return dead
		}
		select {
		case <-changed:
		case <-limit.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// away says how long the target was away between two times.
func (h *health) away(from, to time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	spans := h.outages
	if !h.since.IsZero() {
		spans = append(spans[:len(spans):len(spans)], outage{h.since, to})
	}
	var sum time.Duration
	for _, span := range spans {
		start, end := span.from, span.to
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		if end.After(start) {
			sum += end.Sub(start)
		}
	}
	return sum
}
