package steps

import (
	"testing"
	"time"
)

// TestAgesOfOnePower: from 2^34 to 2^35 nanoseconds, which is from 17.2 to 34.4 seconds.
func TestAgesOfOnePower(t *testing.T) {
	looked := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		youngest, oldest, later time.Duration
		want                    bool
	}{
		"within":                            {20 * time.Second, 24 * time.Second, 3 * time.Second, true},
		"the oldest is beyond":              {20 * time.Second, 35 * time.Second, time.Second, false},
		"the oldest comes to be beyond":     {20 * time.Second, 25 * time.Second, 10 * time.Second, false},
		"the youngest is not there yet":     {16 * time.Second, 20 * time.Second, 3 * time.Second, false},
		"it would be, by a clock that errs": {17500 * time.Millisecond, 20 * time.Second, 3 * time.Second, false},
		"born when they were looked at":     {0, 0, time.Second, false},
	} {
		a := ages{first: looked.Add(-c.oldest), last: looked.Add(-c.youngest), at: looked}
		if got := a.alike(looked.Add(c.later)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
