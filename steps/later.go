package steps

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// A server that has too much to do sends requests away, and says when to come again: by 429 with Retry-After, as upstream's flow control
// does. Such a request has not been carried out, so that it is sent again, as client-go does. A 429 without that header, such as that of an
// eviction that a disruption budget forbids, is an answer.

// mostAgain is how often a request that is sent away is sent again: as often as client-go does it.
const mostAgain = 10

// patient sends the requests again that a server has sent away. One that cannot be sent again in time has that for its answer.
type patient struct{ base http.RoundTripper }

func (p patient) RoundTrip(request *http.Request) (*http.Response, error) {
	for again := 0; ; again++ {
		response, err := p.base.RoundTrip(request)
		if err != nil || again == mostAgain || response.StatusCode != http.StatusTooManyRequests {
			return response, err
		}
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil || (request.Body != nil && request.Body != http.NoBody && request.GetBody == nil) {
			return response, nil
		}
		after := time.Duration(seconds) * time.Second
		if end, ends := request.Context().Deadline(); ends && time.Until(end) < after {
			return response, nil
		}
		response.Body.Close()
		if err := comeAgain(request.Context(), after); err != nil {
			return nil, fmt.Errorf("wait to send a request again that was sent away with 429: %w", err)
		}
		request = request.Clone(request.Context())
		if request.GetBody != nil {
			if request.Body, err = request.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// WrappedRoundTripper lets client-go find the transport below.
func (p patient) WrappedRoundTripper() http.RoundTripper { return p.base }

// comeAgain waits for as long as a server has asked.
func comeAgain(ctx context.Context, after time.Duration) error {
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
