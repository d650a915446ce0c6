package steps

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	watchtools "k8s.io/client-go/tools/watch"
)

// objects is what a watch has shown of a collection so far, by name.
type objects map[string]*unstructured.Unstructured

// sorted lists the objects by name.
func (o objects) sorted() []*unstructured.Unstructured {
	list := make([]*unstructured.Unstructured, 0, len(o))
	for _, object := range o {
		list = append(list, object)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].GetName() < list[j].GetName() })
	return list
}

// wait describes what a step waits for, and how it judges each state.
type wait struct {
	kind     string
	options  metav1.ListOptions // which of the kind; empty: all in the scenario's namespace
	what     string             // the subject, for the failure
	expected string
	limit    time.Duration
	// judge says whether the state is the one waited for, and what a person would say of it.
	judge func(objects) (done bool, seen string, err error)
	// hold turns the wait around: the state has to be judged done from now on until the limit.
	hold bool
}

// named restricts a wait to one object.
func named(name string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()}
}

// await carries out a wait by list and watch. Nothing is polled; a broken watch is taken up again.
func (s *scenario) await(ctx context.Context, w wait) error {
	resource, err := s.resource(w.kind)
	if err != nil {
		return err
	}
	begun := time.Now()
	limited, cancel := context.WithTimeout(ctx, w.limit)
	defer cancel()
	history := &history{begun: begun}
	state := objects{}
	judge := func() (bool, error) {
		done, seen, err := w.judge(state)
		history.add(seen)
		if err != nil {
			return false, err
		}
		if w.hold && !done {
			return false, s.timedOut(w, history)
		}
		return done && !w.hold, nil
	}
	done, err := s.followCollection(limited, resource, w.options, state, judge)
	switch {
	case done:
		s.observe(w.what, history.last)
		return nil
	case err == nil || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		if w.hold && history.last != "" {
			s.observe(w.what, history.last)
			return nil
		}
		if history.last == "" {
			return &Inconclusive{Why: fmt.Sprintf("%s could not be read for %s", w.what, w.limit)}
		}
		return s.timedOut(w, history)
	default:
		return err
	}
}

// environment tells what the API server answered from what kept it from answering: a broken connection is no verdict.
func environment(err error) error {
	var answered apierrors.APIStatus
	var failure *Failure
	if err == nil || isRefused(err) || errors.As(err, &answered) || errors.As(err, &failure) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Inconclusive{Why: err.Error()}
}

// isRefused says that a request was not sent, because the suite must not: its own fault, and nobody's answer.
func isRefused(err error) bool {
	var refused interface{ Refused() string }
	return errors.As(err, &refused)
}

func (s *scenario) timedOut(w wait, history *history) error {
	return &Failure{
		What: w.what, Expected: w.expected, Seen: history.last, At: time.Now(),
		Waited: time.Since(history.begun), Timeline: history.lines,
	}
}

// followCollection keeps state equal to the collection and calls judge after each change, until judge is done or has an
// error, or the context ends.
func (s *scenario) followCollection(ctx context.Context, resource dynamic.ResourceInterface, options metav1.ListOptions, state objects, judge func() (bool, error)) (bool, error) {
	for ctx.Err() == nil {
		list, err := resource.List(ctx, options)
		if err != nil {
			return false, environment(fmt.Errorf("list what is waited for: %w", err))
		}
		clear(state)
		for i := range list.Items {
			state[s.keyOf(&list.Items[i])] = &list.Items[i]
		}
		if done, err := judge(); done || err != nil {
			return done, err
		}
		done, err := s.watchFrom(ctx, resource, options, list.GetResourceVersion(), state, judge)
		if done || err != nil && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
			return done, err
		}
	}
	return false, ctx.Err()
}

// keyOf is an object's name, for one of another namespace with that before it: a collection of all namespaces has many
// objects of one name.
func (s *scenario) keyOf(object *unstructured.Unstructured) string {
	if namespace := object.GetNamespace(); namespace != "" && namespace != s.namespace {
		return namespace + "/" + object.GetName()
	}
	return object.GetName()
}

func (s *scenario) watchFrom(ctx context.Context, resource dynamic.ResourceInterface, options metav1.ListOptions, version string, state objects, judge func() (bool, error)) (bool, error) {
	watcher, err := watchtools.NewRetryWatcherWithContext(ctx, version, collection{resource, options})
	if err != nil {
		return false, environment(fmt.Errorf("watch from version %q: %w", version, err))
	}
	defer watcher.Stop()
	for event := range watcher.ResultChan() {
		object, ok := event.Object.(*unstructured.Unstructured)
		switch {
		case event.Type == watch.Error:
			return false, apierrors.FromObject(event.Object)
		case !ok || event.Type == watch.Bookmark:
			continue
		case event.Type == watch.Deleted:
			delete(state, s.keyOf(object))
		default:
			state[s.keyOf(object)] = object
		}
		if done, err := judge(); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

// collection watches a part of a resource's objects.
type collection struct {
	dynamic.ResourceInterface
	options metav1.ListOptions
}

// WatchWithContext watches from where options say, restricted to the collection.
func (c collection) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	options.LabelSelector, options.FieldSelector = c.options.LabelSelector, c.options.FieldSelector
	return c.ResourceInterface.Watch(ctx, options)
}

// history keeps what a person would say of each state, once a change.
type history struct {
	begun time.Time
	last  string
	lines []string
}

func (h *history) add(seen string) {
	if seen == h.last {
		return
	}
	h.last = seen
	h.lines = append(h.lines, fmt.Sprintf("%s (after %6.2f s)  %s",
		time.Now().Format("15:04:05.000"), time.Since(h.begun).Seconds(), seen))
}
