package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

// Sentences about a watch itself: which events it delivers, and what they carry.

func watchSentences(sc vocabulary) {
	sc.Step(`^the (\w+)s with the selector "([^"]*)" are watched$`, watchStarted)
	sc.Step(`^the (\w+)s are watched from no version on$`, watchFromNow)
	sc.Step(`^the (\w+)s are watched from the version of the list on$`, watchFromList)
	sc.Step(`^the (\w+)s are watched, and where what is there already ends is asked for$`, watchMarked)
	sc.Step(`^the (\w+)s with the selector "([^"]*)" are watched from the version of the list on, with bookmarks, for (\d+) seconds$`, watchLimited)
	sc.Step(`^the watch of the (\w+)s delivers "ADDED" for each of "([^"]*)", in any order$`, watchDeliversAll)
	sc.Step(`^the watch of the (\w+)s delivers the bookmark of what is there already$`, watchDeliversEnd)
	sc.Step(`^the watch of the (\w+)s delivers a bookmark$`, watchDeliversBookmark)
	sc.Step(`^the watch of the (\w+)s ends by itself$`, watchEnds)
	sc.Step(`^the watch of the (\w+)s delivers "(ADDED|MODIFIED|DELETED)" for "([^"]*)"$`, watchDelivers)
	sc.Step(`^the watch of the (\w+)s is broken off$`, watchBrokenOff)
	sc.Step(`^the watch of the (\w+)s is resumed after the event that was delivered last$`, watchResumed)
	sc.Step(`^a watch of the (\w+)s from the version "([^"]*)" is refused as expired, or delivers "([^"]*)"$`, watchFromLongAgo)
	sc.Step(`^the event's object has "([^"]*)" in "([^"]*)"$`, eventHas)
	sc.Step(`^the event's object is newer than "([^"]*)"$`, eventNewer)
	sc.Step(`^the watch of the (\w+)s delivers nothing for (\d+) seconds$`, watchSilent)
}

// recorder keeps the events of one watch.
type recorder struct {
	options metav1.ListOptions // with which it was opened
	asked   time.Time          // when it was asked for
	watcher watch.Interface
	done    chan struct{}

	mu      sync.Mutex
	events  []watch.Event
	read    int         // how many events the sentences have read
	current watch.Event // the one read last
	changed chan struct{}
	ended   time.Time // before done is closed
}

func (r *recorder) stop() {
	r.watcher.Stop()
	<-r.done
}

func watchStarted(ctx context.Context, kind, selector string) error {
	s, resource, err := collectionOf(ctx, kind)
	if err != nil {
		return err
	}
	options := metav1.ListOptions{LabelSelector: selector}
	list, err := resource.List(ctx, options)
	if err != nil {
		return fmt.Errorf("list before the watch: %w", err)
	}
	options.ResourceVersion = list.GetResourceVersion()
	return s.record(ctx, kind, options)
}

func watchFromNow(ctx context.Context, kind string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.record(ctx, kind, metav1.ListOptions{})
}

func watchFromList(ctx context.Context, kind string) error {
	s, l, err := listed(ctx)
	if err != nil {
		return err
	}
	return s.record(ctx, kind, metav1.ListOptions{ResourceVersion: l.last().GetResourceVersion()})
}

func watchMarked(ctx context.Context, kind string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.record(ctx, kind, metav1.ListOptions{
		SendInitialEvents: new(true), AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
}

func watchLimited(ctx context.Context, kind, selector string, seconds int) error {
	s, l, err := listed(ctx)
	if err != nil {
		return err
	}
	limit := int64(seconds)
	return s.record(ctx, kind, metav1.ListOptions{LabelSelector: selector, ResourceVersion: l.last().GetResourceVersion(), AllowWatchBookmarks: true, TimeoutSeconds: &limit})
}

// record opens a watch of a kind in the scenario's namespace, in the place of an earlier one.
func (s *scenario) record(ctx context.Context, kind string, options metav1.ListOptions) error {
	resource, err := s.resource(kind)
	if err != nil {
		return err
	}
	asked := time.Now()
	watcher, err := resource.Watch(context.WithoutCancel(ctx), options)
	if apierrors.IsInvalid(err) && options.SendInitialEvents != nil {
		return &Unsupported{Why: "the API server does not send what is there at the beginning of a watch: " + err.Error()}
	}
	if err != nil {
		return failed(fmt.Sprintf("a watch of %ss with the selector %q from version %s", kind, options.LabelSelector, options.ResourceVersion), "it is opened", err.Error())
	}
	r := &recorder{options: options, asked: asked, watcher: watcher, done: make(chan struct{}), changed: make(chan struct{})}
	go func() {
		defer close(r.done)
		for event := range watcher.ResultChan() {
			r.mu.Lock()
			r.events = append(r.events, event)
			close(r.changed)
			r.changed = make(chan struct{})
			r.mu.Unlock()
		}
		r.ended = time.Now()
	}()
	if before, ok := s.watches[kind]; ok {
		before.stop()
	}
	s.watches[kind] = r
	return nil
}

func watchBrokenOff(ctx context.Context, kind string) error {
	r, err := watched(ctx, kind)
	if err == nil {
		r.stop()
	}
	return err
}

// watchResumed opens the watch anew from the version of the event that a sentence has read last, as clients do whose
// connection broke. What the first watch delivered besides is forgotten: it has to come again.
func watchResumed(ctx context.Context, kind string) error {
	r, err := watched(ctx, kind)
	if err != nil {
		return err
	}
	last, ok := r.current.Object.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("the watch of %ss has delivered no event to go on from", kind)
	}
	s, err := from(ctx)
	if err != nil {
		return err
	}
	options := r.options
	options.ResourceVersion = last.GetResourceVersion()
	options.SendInitialEvents, options.ResourceVersionMatch = nil, "" // they are for a beginning
	return s.record(ctx, kind, options)
}

// watchFromLongAgo takes either of the two answers that leave no gap: that the version has expired, as the answer to the
// request or as an event, or everything that has happened since.
func watchFromLongAgo(ctx context.Context, kind, version, happened string) error {
	s, resource, err := collectionOf(ctx, kind)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, boundWrite.within(ctx))
	defer cancel()
	what, expected := fmt.Sprintf("a watch of %ss from version %s", kind, version), "410 Expired, or the events "+happened
	watcher, err := resource.Watch(limited, metav1.ListOptions{ResourceVersion: version})
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		s.observe(what, err.Error())
		return nil
	}
	if err != nil {
		return failed(what, expected, err.Error())
	}
	defer watcher.Stop()
	wanted, seen := names(happened), []string{}
	for event := range watcher.ResultChan() {
		if event.Type == watch.Error {
			err := apierrors.FromObject(event.Object)
			s.observe(what, err.Error())
			if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
				return nil
			}
			return failed(what, expected, "the error "+err.Error())
		}
		object, ok := event.Object.(*unstructured.Unstructured)
		if !ok {
			return failed(what, expected, describeEvent(event))
		}
		seen = append(seen, string(event.Type)+" "+object.GetName())
		if len(seen) == len(wanted) {
			break
		}
	}
	if !slices.Equal(seen, wanted) {
		return failed(what, expected, among(seen))
	}
	s.observe(what, among(seen))
	return nil
}

// next takes the watch's next event, waiting for it; false if none came in time.
func (r *recorder) next(ctx context.Context, limit time.Duration) (watch.Event, bool, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		r.mu.Lock()
		changed := r.changed
		if r.read < len(r.events) {
			r.current = r.events[r.read]
			r.read++
			event := r.current
			r.mu.Unlock()
			return event, true, nil
		}
		r.mu.Unlock()
		select {
		case <-changed:
		case <-r.done:
			r.mu.Lock()
			unread := r.read < len(r.events)
			r.mu.Unlock()
			if unread {
				continue
			}
			return watch.Event{}, false, &Inconclusive{Why: "the watch broke off"}
		case <-timer.C:
			return watch.Event{}, false, nil
		case <-ctx.Done():
			return watch.Event{}, false, ctx.Err()
		}
	}
}

// watched is the recorder of a kind's watch.
func watched(ctx context.Context, kind string) (*recorder, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, err
	}
	r, ok := s.watches[kind]
	if !ok {
		return nil, fmt.Errorf("no watch of %ss has been started", kind)
	}
	return r, nil
}

func watchDelivers(ctx context.Context, kind, event, name string) error {
	r, err := watched(ctx, kind)
	if err != nil {
		return err
	}
	what, want := fmt.Sprintf("the next event of the watch of %ss", kind), event+" for "+name
	got, came, err := r.next(ctx, boundWrite.within(ctx))
	if err != nil {
		return err
	}
	if !came {
		return &Failure{What: what, Expected: want, Seen: "no event", Waited: boundWrite.within(ctx), At: time.Now()}
	}
	object, ok := got.Object.(*unstructured.Unstructured)
	if !ok || string(got.Type) != event || object.GetName() != name {
		return failed(what, want, describeEvent(got))
	}
	return nil
}

func watchDeliversAll(ctx context.Context, kind, list string) error {
	r, err := watched(ctx, kind)
	if err != nil {
		return err
	}
	what, want, seen := fmt.Sprintf("the events with which the watch of %ss begins", kind), names(list), []string{}
	slices.Sort(want)
	for range want {
		got, came, err := r.next(ctx, boundWrite.within(ctx))
		if err != nil {
			return err
		}
		object, ok := got.Object.(*unstructured.Unstructured)
		if !came || !ok || got.Type != watch.Added {
			return failed(what, "ADDED for "+among(want), among(seen)+", then "+describeEvent(got))
		}
		seen = append(seen, object.GetName())
	}
	slices.Sort(seen)
	if !slices.Equal(seen, want) {
		return failed(what, "ADDED for "+among(want), among(seen))
	}
	return nil
}

// bookmark takes the watch's next event, which has to be a bookmark with a version.
func bookmark(ctx context.Context, kind string, limit time.Duration) (*unstructured.Unstructured, error) {
	r, err := watched(ctx, kind)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("the next event of the watch of %ss", kind)
	got, came, err := r.next(ctx, limit)
	var over *Inconclusive
	if errors.As(err, &over) && r.options.TimeoutSeconds != nil {
		return nil, failed(what, "a bookmark", fmt.Sprintf("none before the watch ended after its %d s", *r.options.TimeoutSeconds))
	}
	if err != nil {
		return nil, err
	}
	if !came {
		return nil, &Failure{What: what, Expected: "a bookmark", Seen: "no event", Waited: limit, At: time.Now()}
	}
	object, ok := got.Object.(*unstructured.Unstructured)
	if !ok || got.Type != watch.Bookmark || object.GetResourceVersion() == "" {
		return nil, failed(what, "a bookmark, with a resourceVersion", describeEvent(got))
	}
	return object, nil
}

func watchDeliversEnd(ctx context.Context, kind string) error {
	object, err := bookmark(ctx, kind, boundWrite.within(ctx))
	if err == nil && object.GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
		err = failed("the annotation "+metav1.InitialEventsAnnotationKey+" of the bookmark", "true", object.GetAnnotations()[metav1.InitialEventsAnnotationKey])
	}
	return err
}

// watchDeliversBookmark waits as long as the watch lasts: a server sends a bookmark when it sees fit, and the best time is before the end.
func watchDeliversBookmark(ctx context.Context, kind string) error {
	r, err := watched(ctx, kind)
	if err != nil {
		return err
	}
	_, err = bookmark(ctx, kind, r.lasts(ctx))
	return err
}

// lasts is how long the watch may go on: as long as it was asked to, and what a busy server adds.
func (r *recorder) lasts(ctx context.Context) time.Duration {
	limit := boundWrite.within(ctx)
	if r.options.TimeoutSeconds != nil {
		limit += time.Duration(*r.options.TimeoutSeconds) * time.Second
	}
	return limit
}

// watchEnds wants the end of a watch with a limit at its time: an API server takes the time that it is asked for as it is. It ends a
// watch without an event that says so; an error is no end of this kind.
func watchEnds(ctx context.Context, kind string) error {
	r, err := watched(ctx, kind)
	if err != nil {
		return err
	}
	what, limit := fmt.Sprintf("the watch of %ss", kind), r.lasts(ctx)
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-r.done:
		return r.endedWell(what)
	case <-late.C:
		return &Failure{What: what, Expected: "it ends after the time that was asked for", Seen: "it goes on", Waited: limit, At: time.Now()}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// endEarly is by how much a watch may be shorter than it was asked to be.
const endEarly = time.Second

// endedWell judges a watch that has ended.
func (r *recorder) endedWell(what string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, event := range r.events[r.read:] {
		if event.Type == watch.Error {
			return failed(what, "it ends, without an error", "the error "+apierrors.FromObject(event.Object).Error())
		}
	}
	if r.options.TimeoutSeconds == nil {
		return nil
	}
	asked, lasted := time.Duration(*r.options.TimeoutSeconds)*time.Second, r.ended.Sub(r.asked)
	if lasted < asked-endEarly {
		return failed(what, fmt.Sprintf("it lasts for the %s that were asked for, a second less at most", asked), fmt.Sprintf("it ended after %.2f s", lasted.Seconds()))
	}
	return nil
}

func describeEvent(event watch.Event) string {
	if event.Type == "" {
		return "no event"
	}
	if object, ok := event.Object.(*unstructured.Unstructured); ok {
		return fmt.Sprintf("%s for %s, labels %v, resourceVersion %s", event.Type, object.GetName(), object.GetLabels(), object.GetResourceVersion())
	}
	return fmt.Sprintf("%s with %v", event.Type, event.Object)
}

// currentObject is the object of the event read last, of whichever watch.
func currentObject(ctx context.Context) (*unstructured.Unstructured, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range s.watches {
		if object, ok := r.current.Object.(*unstructured.Unstructured); ok && len(s.watches) == 1 {
			return object, nil
		}
	}
	return nil, fmt.Errorf("the sentence needs one watch that has delivered an event")
}

func eventHas(ctx context.Context, value, path string) error {
	object, err := currentObject(ctx)
	if err != nil {
		return err
	}
	found, _, err := valueOf(object, path)
	if err != nil {
		return err
	}
	if found != value {
		return failed(fmt.Sprintf("%q of the event's object", path), value, found)
	}
	return nil
}

// eventNewer compares resource versions: Kubernetes declares them to be numbers that grow, since 1.35.
func eventNewer(ctx context.Context, than string) error {
	object, err := currentObject(ctx)
	if err != nil {
		return err
	}
	if than, err = expanded(ctx, "${"+than+"}"); err != nil {
		return err
	}
	version := object.GetResourceVersion()
	if len(version) < len(than) || len(version) == len(than) && strings.Compare(version, than) <= 0 {
		return failed("the resourceVersion of the event's object", "newer than "+than, version)
	}
	return nil
}

func watchSilent(ctx context.Context, kind string, seconds int) error {
	r, err := watched(ctx, kind)
	if err != nil {
		return err
	}
	got, came, err := r.next(ctx, time.Duration(seconds)*time.Second)
	if err == nil && came {
		err = failed(fmt.Sprintf("the watch of %ss", kind), fmt.Sprintf("no event for %d s", seconds), describeEvent(got))
	}
	return err
}
