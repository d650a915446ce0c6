package apiserver

import (
	"context"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
)

// requestedPeriod is the key of the grace period that a request asked for.
//
// The library decides about a deletion perhaps more than once: first on the object in its cache, which may be behind, and
// again when the write fails because it was. A decision writes its period into the request's options, so that the next one
// would take it for what the client asked for: a Pod that was unbound a moment ago, and is bound now, would go at once.
type requestedPeriod struct{}

// Delete remembers what the request asked for.
func (s *store) Delete(ctx context.Context, name string, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, bool, error) {
	if options == nil {
		options = metav1.NewDeleteOptions(0)
	}
	return s.Store.Delete(withRequestedPeriod(ctx, options), name, validate, options)
}

// DeleteCollection remembers what the request asked for.
func (s *store) DeleteCollection(ctx context.Context, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions,
	list *metainternalversion.ListOptions) (runtime.Object, error) {
	if options == nil {
		options = metav1.NewDeleteOptions(0)
	}
	return s.Store.DeleteCollection(withRequestedPeriod(ctx, options), validate, options, list)
}

func withRequestedPeriod(ctx context.Context, options *metav1.DeleteOptions) context.Context {
	return context.WithValue(ctx, requestedPeriod{}, copied(options.GracePeriodSeconds))
}

// restorePeriod undoes what an earlier decision about the same request wrote.
func restorePeriod(ctx context.Context, options *metav1.DeleteOptions) {
	if asked, ok := ctx.Value(requestedPeriod{}).(*int64); ok {
		options.GracePeriodSeconds = copied(asked)
	}
}

func copied(number *int64) *int64 {
	if number == nil {
		return nil
	}
	n := *number
	return &n
}
