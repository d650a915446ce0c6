package steps

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestBoundByWindow: who measures more rarely has longer.
func TestBoundByWindow(t *testing.T) {
	for name, c := range map[string]struct {
		windows []any
		want    time.Duration
	}{
		"often":                        {[]any{"1s"}, 2 * time.Minute},
		"as metrics-server installs":   {[]any{"15.02s", "10s"}, 2*time.Minute + 120*time.Millisecond},
		"as it does by itself":         {[]any{"10s", "1m0s"}, 6*time.Minute + 30*time.Second},
		"once an hour":                 {[]any{"1h0m0s"}, 12*time.Minute + 30*time.Second},
		"does not say":                 {[]any{nil}, 6*time.Minute + 30*time.Second},
		"says what is no time, at one": {[]any{"15s", "often"}, 6*time.Minute + 30*time.Second},
	} {
		var measured []unstructured.Unstructured
		for _, window := range c.windows {
			measured = append(measured, unstructured.Unstructured{Object: map[string]any{"window": window}})
		}
		if got := afterMeasuring(windowOf(measured)).limit; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
