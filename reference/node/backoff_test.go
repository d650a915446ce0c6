package node

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestBackOff: the wait before a restart doubles from ten seconds to five minutes, and is forgotten after a run of ten minutes.
func TestBackOff(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var waits []time.Duration
	var b backOff
	now := began
	for range 8 {
		at := b.until(now) // when a container that ends now starts again
		if at.IsZero() {
			at = now
		}
		waits = append(waits, at.Sub(now))
		b = b.next(now, at)
		now = at // it ends at once
	}
	s := time.Second
	if diff := cmp.Diff([]time.Duration{0, 10 * s, 20 * s, 40 * s, 80 * s, 160 * s, 300 * s, 300 * s}, waits); diff != "" {
		t.Error(diff)
	}
	long := now.Add(2*backOffMax + time.Second)
	if at := b.until(long); !at.IsZero() {
		t.Errorf("after a long run the next start is at %v, want at once", at)
	}
	if next := b.next(long, long); next.Delay != backOffInitial {
		t.Errorf("after a long run the next wait is %v, want %v", next.Delay, backOffInitial)
	}
}
