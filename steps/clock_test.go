package steps

import (
	"net/http"
	"testing"
	"time"
)

// TestClockOf: a server's time is known to a second, and to how long it took to answer.
func TestClockOf(t *testing.T) {
	asked := time.Date(2026, 1, 2, 3, 4, 5, 600e6, time.UTC)
	for name, c := range map[string]struct {
		servers time.Duration // by how much its clock is ahead
		want    clock
	}{
		"the same":                  {0, clock{}},
		"less than can be told":     {300 * time.Millisecond, clock{}},
		"behind, as little":         {-500 * time.Millisecond, clock{}},
		"ahead by three seconds":    {3 * time.Second, clock{2300 * time.Millisecond, 3400 * time.Millisecond}},
		"behind by three seconds":   {-3 * time.Second, clock{-3700 * time.Millisecond, -2600 * time.Millisecond}},
		"ahead by a day and a half": {36 * time.Hour, clock{36*time.Hour - 700*time.Millisecond, 36*time.Hour + 400*time.Millisecond}},
	} {
		date := asked.Add(c.servers).Format(http.TimeFormat)
		got, err := clockOf(date, asked, asked.Add(100*time.Millisecond))
		if err != nil || got != c.want {
			t.Errorf("%s (%s): %v, %v, want %v", name, date, got, err, c.want)
		}
	}
	if _, err := clockOf("noon", asked, asked); err == nil {
		t.Error("noon is a date")
	}
}
