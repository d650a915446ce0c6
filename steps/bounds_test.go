package steps

import (
	"context"
	"testing"
	"time"
)

func TestBoundsScale(t *testing.T) {
	for latency, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, 90 * time.Millisecond: 10 * time.Second, 300 * time.Millisecond: 30 * time.Second, time.Minute: 50 * time.Second,
	} {
		ctx := context.WithValue(t.Context(), scenarioKey{}, &scenario{env: Env{Latency: latency}})
		if got := boundWrite.within(ctx); got != want {
			t.Errorf("with a latency of %s the bound of %s is %s, want %s", latency, boundWrite.limit, got, want)
		}
	}
}
