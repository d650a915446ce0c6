package steps

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// clock is by how much a cluster's clock may be ahead of ours: at least and at most. Kubernetes wants nodes and servers to keep the same
// time, and nothing of whoever asks them.
type clock struct{ least, most time.Duration }

// clockOf reads an answer's Date, which is in whole seconds that are cut off (RFC 9110, 6.6.1), and was written between the two of our times.
// Where ours may be the same it is taken to be.
func clockOf(date string, before, after time.Time) (clock, error) {
	told, err := http.ParseTime(date)
	if err != nil {
		return clock{}, err
	}
	c := clock{told.Sub(after), told.Add(time.Second).Sub(before)}
	if c.least <= 0 && c.most >= 0 {
		return clock{}, nil
	}
	return c, nil
}

// clusterClock asks the API server. One that tells no time is taken to have ours.
func (s *scenario) clusterClock(ctx context.Context) (clock, error) {
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		return clock{}, fmt.Errorf("make an HTTP client: %w", err)
	}
	base, _, err := rest.DefaultServerUrlFor(s.config)
	if err != nil {
		return clock{}, fmt.Errorf("read the API server's address: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("/version").String(), nil)
	if err != nil {
		return clock{}, fmt.Errorf("make the request: %w", err)
	}
	before := time.Now()
	response, err := client.Do(request)
	after := time.Now()
	if err != nil {
		return clock{}, environment(fmt.Errorf("ask the API server for its time: %w", err))
	}
	response.Body.Close()
	date := response.Header.Get("Date")
	if date == "" {
		return clock{}, nil
	}
	c, err := clockOf(date, before, after)
	if err != nil {
		return clock{}, failed("the Date of the answer to GET /version", "a time (RFC 9110, 6.6.1)", fmt.Sprintf("%q", date))
	}
	if c != (clock{}) {
		s.observe("the API server's clock", fmt.Sprintf("ahead of the run's by %s to %s", c.least.Round(time.Millisecond), c.most.Round(time.Millisecond)))
	}
	return c, nil
}
