package plumbline

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestLatency(t *testing.T) {
	n := 0
	got, err := latencyOf(t.Context(), func(ctx context.Context) error {
		n++
		switch {
		case n == 3:
			return errors.New("refused")
		case n%4 == 0: // some are slow, and not the usual
			time.Sleep(40 * time.Millisecond) // how long the answer takes: that is what is measured. Nothing is waited for.
		}
		return nil
	})
	if err != nil || got > 20*time.Millisecond || n != asked+2 {
		t.Errorf("%d questions: %s, %v", n, got, err)
	}
	if _, err := latencyOf(t.Context(), func(context.Context) error { return errors.New("refused") }); err == nil {
		t.Error("a server that never answers has a latency")
	}
}
