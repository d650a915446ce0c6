package steps

import (
	"slices"
	"testing"
	"time"
)

// TestAllRefused: by a reset or by an unreachable host, each of them and at once; never answered, never in silence.
func TestAllRefused(t *testing.T) {
	of := func(classes ...string) (requests []request) {
		for _, class := range classes {
			requests = append(requests, request{Class: class})
		}
		return requests
	}
	for name, c := range map[string]struct {
		requests []request
		want     bool
	}{
		"refused":                     {of("refused", "refused"), true},
		"unreachable":                 {of("unreachable", "unreachable"), true},
		"both":                        {of("refused", "unreachable"), true},
		"one in silence":              {of("refused", "unreachable", "timeout"), false},
		"all in silence":              {of("timeout", "timeout"), false},
		"one was taken, and cut off":  {of("refused", "reset"), false},
		"one was answered":            {slices.Concat(of("refused"), []request{{Status: 200, Who: "web"}}), false},
		"one was answered, and badly": {slices.Concat(of("refused"), []request{{Status: 503, Who: "web"}}), false},
		"none was sent":               {nil, false},
	} {
		if got := allRefused(c.requests); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestMomentOf(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := momentOf(nil, now); got != now {
		t.Errorf("without requests: %s", got)
	}
	// Four at a time do not end in the order in which they began.
	requests := []request{{At: now.Add(3 * time.Second)}, {At: now.Add(5 * time.Second)}, {At: now.Add(4 * time.Second)}}
	if got := momentOf(requests, now); got != now.Add(5*time.Second) {
		t.Errorf("with requests: %s", got)
	}
}
