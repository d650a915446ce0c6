package stream

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestLogOptions(t *testing.T) {
	since := metav1.Time{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for name, c := range map[string]struct {
		query string
		want  *v1.PodLogOptions
	}{
		"nothing":         {"", &v1.PodLogOptions{}},
		"all flags":       {"follow=true&previous=1&timestamps", &v1.PodLogOptions{Follow: true, Previous: true, Timestamps: true}},
		"numbers":         {"tailLines=0&sinceSeconds=5&limitBytes=7", &v1.PodLogOptions{TailLines: new(int64(0)), SinceSeconds: new(int64(5)), LimitBytes: new(int64(7))}},
		"a time":          {"sinceTime=2026-01-02T03:04:05Z", &v1.PodLogOptions{SinceTime: &since}},
		"a bad flag":      {"follow=perhaps", nil},
		"a bad number":    {"tailLines=few", nil},
		"a bad time":      {"sinceTime=yesterday", nil},
		"others are left": {"container=app&pretty=true", &v1.PodLogOptions{}},
	} {
		t.Run(name, func(t *testing.T) {
			query, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			got, err := logOptions(query)
			if (err == nil) != (c.want != nil) {
				t.Fatalf("error %v, options %v", err, got)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
