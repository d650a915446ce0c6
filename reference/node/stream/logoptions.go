package stream

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// logOptions reads the options of a log from a request's query. k8s.io/api registers no conversion from a query for them:
// upstream's lives beside its internal types.
func logOptions(query url.Values) (*v1.PodLogOptions, error) {
	options := &v1.PodLogOptions{}
	for name, target := range map[string]*bool{"follow": &options.Follow, "previous": &options.Previous, "timestamps": &options.Timestamps} {
		if err := readBool(query, name, target); err != nil {
			return nil, err
		}
	}
	for name, target := range map[string]**int64{
		"sinceSeconds": &options.SinceSeconds, "tailLines": &options.TailLines, "limitBytes": &options.LimitBytes,
	} {
		if err := readInt(query, name, target); err != nil {
			return nil, err
		}
	}
	if text := query.Get("sinceTime"); text != "" {
		since, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, fmt.Errorf("sinceTime: %w", err)
		}
		options.SinceTime = &metav1.Time{Time: since}
	}
	return options, nil
}

// readBool reads a flag as upstream does: there without a value, it is set.
func readBool(query url.Values, name string, target *bool) error {
	if !query.Has(name) {
		return nil
	}
	switch text := query.Get(name); text {
	case "":
		*target = true
	default:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*target = value
	}
	return nil
}

func readInt(query url.Values, name string, target **int64) error {
	text := query.Get(name)
	if text == "" {
		return nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*target = &value
	return nil
}
