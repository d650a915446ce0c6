package steps

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

func TestEndOfAWatch(t *testing.T) {
	asked := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	broken := watch.Event{Type: watch.Error, Object: &metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonExpired, Message: "it is forgotten"}}
	for name, c := range map[string]struct {
		limit  int64
		lasted time.Duration
		events []watch.Event
		read   int
		want   string
	}{
		"in time":                        {limit: 3, lasted: 3100 * time.Millisecond},
		"a little early":                 {limit: 3, lasted: 2100 * time.Millisecond},
		"early":                          {limit: 3, lasted: 1900 * time.Millisecond, want: "it ended after 1.90 s"},
		"an error":                       {limit: 3, lasted: 3 * time.Second, events: []watch.Event{{Type: watch.Added}, broken}, want: "it is forgotten"},
		"an error that was read":         {limit: 3, lasted: 3 * time.Second, events: []watch.Event{broken}, read: 1},
		"whenever it likes, if no limit": {lasted: time.Millisecond},
	} {
		r := &recorder{asked: asked, ended: asked.Add(c.lasted), events: c.events, read: c.read}
		if c.limit > 0 {
			r.options.TimeoutSeconds = &c.limit
		}
		err := r.endedWell("the watch")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
