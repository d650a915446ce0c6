package steps

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPatient(t *testing.T) {
	for name, test := range map[string]struct {
		busy   int // how often the server sends away
		header string
		code   int
		asked  int
	}{
		"at once":              {0, "0", 200, 1},
		"at the third time":    {2, "0", 200, 3},
		"never":                {100, "0", 429, 1 + mostAgain},
		"an answer like it":    {100, "", 429, 1},
		"no number of seconds": {100, "Sat, 28 Nov 2026 07:00:00 GMT", 429, 1},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				if body, err := io.ReadAll(r.Body); err != nil || string(body) != "all of it" {
					t.Errorf("the request holds %q (%v)", body, err)
				}
				if asked > test.busy {
					return
				}
				if test.header != "" {
					w.Header().Set("Retry-After", test.header)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			}))
			defer server.Close()
			client := http.Client{Transport: patient{http.DefaultTransport}}
			response, err := client.Post(server.URL, "text/plain", strings.NewReader("all of it"))
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != test.code || asked != test.asked {
				t.Errorf("the code is %d after %d requests, wanted %d after %d", response.StatusCode, asked, test.code, test.asked)
			}
		})
	}
}
