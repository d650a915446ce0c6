package apiserver

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericrest "k8s.io/apiserver/pkg/registry/generic/rest"
)

// podLog passes on what a container wrote.
type podLog struct {
	pods  *store
	nodes *nodeConnection
}

func (podLog) New() runtime.Object { return &corev1.Pod{} }

// Destroy leaves the storage to the store that owns it.
func (podLog) Destroy() {}

// ProducesMIMETypes and ProducesObject tell OpenAPI that the answer is text.
func (podLog) ProducesMIMETypes(string) []string { return []string{"text/plain"} }
func (podLog) ProducesObject(string) any         { return "" }

func (podLog) NewGetOptions() (runtime.Object, bool, string) {
	return &corev1.PodLogOptions{}, false, ""
}

func (l podLog) Get(ctx context.Context, name string, obj runtime.Object) (runtime.Object, error) {
	options, ok := obj.(*corev1.PodLogOptions)
	if !ok {
		return nil, fmt.Errorf("invalid options object: %#v", obj)
	}
	if errs := validateLogOptions(options); len(errs) > 0 {
		return nil, apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("PodLogOptions").GroupKind(), name, errs)
	}
	pod, err := getPod(ctx, l.pods, name)
	if err != nil {
		return nil, err
	}
	path, query, err := containerPath("containerLogs", pod, options.Container, logQuery(options))
	if err != nil {
		return nil, err
	}
	streamer := &genericrest.LocationStreamer{
		Transport:       l.nodes.transport,
		ContentType:     "text/plain",
		Flush:           options.Follow,
		ResponseChecker: genericrest.NewGenericHttpResponseChecker(corev1.Resource("pods/log"), name),
		RedirectChecker: genericrest.PreventRedirects,
	}
	if options.InsecureSkipTLSVerifyBackend {
		streamer.Transport = l.nodes.insecure
	}
	if pod.Spec.NodeName == "" {
		return streamer, nil // nothing was written yet
	}
	streamer.Location, err = l.nodes.url(ctx, pod.Spec.NodeName, path, query)
	return streamer, err
}

func logQuery(options *corev1.PodLogOptions) url.Values {
	query := url.Values{}
	for name, wanted := range map[string]bool{"follow": options.Follow, "previous": options.Previous, "timestamps": options.Timestamps} {
		if wanted {
			query.Set(name, "true")
		}
	}
	for name, number := range map[string]*int64{
		"sinceSeconds": options.SinceSeconds, "tailLines": options.TailLines, "limitBytes": options.LimitBytes,
	} {
		if number != nil {
			query.Set(name, strconv.FormatInt(*number, 10))
		}
	}
	if options.SinceTime != nil {
		query.Set("sinceTime", options.SinceTime.Format(time.RFC3339))
	}
	return query
}

func validateLogOptions(options *corev1.PodLogOptions) field.ErrorList {
	var errs field.ErrorList
	positive := func(name string, number *int64) {
		if number != nil && *number < 1 {
			errs = append(errs, field.Invalid(field.NewPath(name), *number, "must be greater than 0"))
		}
	}
	if options.TailLines != nil && *options.TailLines < 0 {
		errs = append(errs, field.Invalid(field.NewPath("tailLines"), *options.TailLines, "must be greater than or equal to 0"))
	}
	positive("limitBytes", options.LimitBytes)
	if options.SinceSeconds != nil && options.SinceTime != nil {
		errs = append(errs, field.Forbidden(field.NewPath(""), "at most one of `sinceTime` or `sinceSeconds` may be specified"))
	} else {
		positive("sinceSeconds", options.SinceSeconds)
	}
	if options.Stream != nil {
		errs = append(errs, field.Forbidden(field.NewPath("stream"), "may not be specified"))
	}
	return errs
}
