package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cucumber/godog"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// Sentences that put each selector of a truth table to the API server.

func querySentences(sc vocabulary) {
	sc.Step(`^labels that can be like this:$`, labelsCanBe)
	sc.Step(`^of ConfigMaps with the labels in each way, every selector of the form "([^"]*)" lists, watches and deletes exactly those that it means$`, formChooses)
	sc.Step(`^of ConfigMaps with the labels in each way, every selector of two requirements lists, watches and deletes exactly those that it means$`, pairsChoose)
	sc.Step(`^a ConfigMap that goes from each way to each other is in the watch of every selector exactly while that means it$`, wanderingWatched)
}

const (
	atATime = 8            // so many requests at once: enough to be quick, and no load
	quiet   = time.Second  // how long an event that must not come is waited for, when all others have come
	inTable = "sort=table" // finds the objects of the table, and not those that a cluster puts into each namespace
	sampled = 12           // so many conjunctions are deleted by, as the run's seed has it
	shown   = 10           // so many wrong selectors are told of
)

func labelsCanBe(ctx context.Context, written *godog.Table) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	s.table, err = readTable(written)
	return err
}

// tabled opens a sentence about the labels of the table.
func tabled(ctx context.Context) (*scenario, *table, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.table == nil {
		return nil, nil, errors.New("the scenario does not say how the labels can be")
	}
	return s, s.table, nil
}

func formChooses(ctx context.Context, form string) error {
	s, t, err := tabled(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(forms(), form) {
		return fmt.Errorf("a selector has one of the forms %q, not %q", forms(), form)
	}
	selectors := t.of(form)
	return s.choose(ctx, t.ways(), selectors, selectors)
}

func pairsChoose(ctx context.Context) error {
	s, t, err := tabled(ctx)
	if err != nil {
		return err
	}
	pairs := t.pairs()
	some := slices.Clone(pairs)
	random := rand.New(rand.NewPCG(uint64(s.env.Seed), 0))
	random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return s.choose(ctx, t.ways(), pairs, some[:min(sampled, len(some))])
}

// choose lists and watches by each selector, and deletes by some.
func (s *scenario) choose(ctx context.Context, ways []way, selectors, deletedBy []selection) error {
	resource, err := s.resource("ConfigMap")
	if err != nil {
		return err
	}
	if err := s.makeWays(ctx, ways); err != nil {
		return err
	}
	lists, watches := make([][]string, len(selectors)), make([][]string, len(selectors))
	group, limited := errgroup.WithContext(ctx)
	group.SetLimit(atATime)
	for i, selector := range selectors {
		group.Go(func() (err error) {
			lists[i], err = listChosen(limited, resource, selector, ways)
			return err
		})
		group.Go(func() (err error) {
			watches[i], err = watchChosen(limited, resource, selector, ways)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := mistaken("lists of ConfigMaps", selectors, lists); err != nil {
		return err
	}
	if err := mistaken("watches of ConfigMaps", selectors, watches); err != nil {
		return err
	}
	deletions := make([][]string, len(deletedBy))
	present := ways
	for i, selector := range deletedBy {
		relevant := about(selector, ways)
		if err := s.replaceWays(ctx, resource, present, relevant); err != nil {
			return err
		}
		if deletions[i], present, err = deleteChosen(ctx, resource, selector, relevant); err != nil {
			return err
		}
	}
	s.observe("ConfigMaps with the labels in each way", fmt.Sprintf("%d ways, %d selectors listed and watched by, %d deleted by", len(ways), len(selectors), len(deletedBy)))
	return mistaken("deletions of ConfigMaps together", deletedBy, deletions)
}

// about are the ways that differ in the labels of a selector only; the other labels are absent. To delete more says no more.
func about(selector selection, ways []way) []way {
	return slices.DeleteFunc(slices.Clone(ways), func(w way) bool {
		for key := range w.labels {
			if !slices.ContainsFunc(selector, func(r requirement) bool { return r.key == key }) {
				return true
			}
		}
		return false
	})
}

// mistaken makes a failure of what selectors did wrong, selector by selector; nil if it is nothing.
func mistaken(where string, selectors []selection, mistakes [][]string) error {
	var wrong []string
	for i, selector := range selectors {
		if len(mistakes[i]) > 0 {
			wrong = append(wrong, fmt.Sprintf("the selector %q: %s", selector, strings.Join(mistakes[i], "; ")))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return failed(fmt.Sprintf("what %d of %d selectors choose in %s", len(wrong), len(selectors), where), "exactly what they mean", firstOf(wrong))
}

// firstOf are the first lines of what may be many.
func firstOf(lines []string) string {
	if len(lines) > shown {
		lines = append(slices.Clone(lines[:shown]), fmt.Sprintf("and %d more", len(lines)-shown))
	}
	return strings.Join(lines, "\n")
}

// madeOf is the manifest of the ConfigMap that has its labels in one way.
func madeOf(w way) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
	labels := maps.Clone(w.labels)
	key, value, _ := strings.Cut(inTable, "=")
	labels[key] = value
	object.SetName(w.name)
	object.SetLabels(labels)
	return object
}

func (s *scenario) makeWays(ctx context.Context, ways []way) error {
	var objects []*unstructured.Unstructured
	for _, w := range ways {
		objects = append(objects, madeOf(w))
	}
	return s.createAll(ctx, objects)
}

// createAll creates objects of kinds that the vocabulary knows, a few at a time.
func (s *scenario) createAll(ctx context.Context, objects []*unstructured.Unstructured) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atATime)
	for _, object := range objects {
		resource, err := s.resource(object.GetKind())
		if err != nil {
			return err
		}
		group.Go(func() error {
			_, err := resource.Create(ctx, object, metav1.CreateOptions{})
			return answered(fmt.Sprintf("create %s %q", object.GetKind(), object.GetName()), err)
		})
	}
	return group.Wait()
}

// answered makes a refusal a failure of the implementation.
func answered(asked string, err error) error {
	var refusal apierrors.APIStatus
	if errors.As(err, &refusal) {
		return failed(asked, "accepted", fmt.Sprintf("%d %s: %s", refusal.Status().Code, refusal.Status().Reason, refusal.Status().Message))
	}
	return environment(err)
}

func listChosen(ctx context.Context, resource dynamic.ResourceInterface, selector selection, ways []way) ([]string, error) {
	list, err := resource.List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, answered(fmt.Sprintf("list ConfigMaps with the selector %q", selector), err)
	}
	found := listNames(list)
	return selector.mistakes(ways, func(w way) bool { return slices.Contains(found, w.name) }), nil
}

func watchChosen(ctx context.Context, resource dynamic.ResourceInterface, selector selection, ways []way) ([]string, error) {
	what := fmt.Sprintf("the ConfigMaps that a watch with the selector %q begins with", selector)
	found, err := beginning(ctx, resource, selector.String(), what, "those that it means")
	if err != nil {
		return nil, err
	}
	return selector.mistakes(ways, func(w way) bool { return slices.Contains(found, w.name) }), nil
}

// deleteChosen deletes by a selector and looks at what is left.
func deleteChosen(ctx context.Context, resource dynamic.ResourceInterface, selector selection, ways []way) (mistakes []string, left []way, err error) {
	by := selector.String() + "," + inTable
	if err := resource.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: by}); err != nil {
		return nil, nil, answered(fmt.Sprintf("delete the ConfigMaps with the selector %q", by), err)
	}
	list, err := resource.List(ctx, metav1.ListOptions{LabelSelector: inTable})
	if err != nil {
		return nil, nil, answered("list the ConfigMaps that are left", err)
	}
	there := listNames(list)
	for _, w := range ways {
		if slices.Contains(there, w.name) {
			left = append(left, w)
		}
	}
	return selector.mistakes(ways, func(w way) bool { return !slices.Contains(there, w.name) }), left, nil
}

// replaceWays brings the objects of the table from some ways to others.
func (s *scenario) replaceWays(ctx context.Context, resource dynamic.ResourceInterface, present, wanted []way) error {
	among := func(w way, ways []way) bool {
		return slices.ContainsFunc(ways, func(other way) bool { return other.name == w.name })
	}
	for _, w := range present {
		if among(w, wanted) {
			continue
		}
		if err := resource.Delete(ctx, w.name, metav1.DeleteOptions{}); err != nil {
			return answered(fmt.Sprintf("delete ConfigMap %q", w.name), err)
		}
	}
	return s.makeWays(ctx, slices.DeleteFunc(slices.Clone(wanted), func(w way) bool { return among(w, present) }))
}

// passage is what one change of an object has to show to a watch.
type passage struct {
	event string // empty: nothing
	why   string // what the labels were and are
}

// wanderingWatched has an object go from each state of each label to each other, and compares what each watch shows of that.
func wanderingWatched(ctx context.Context) error {
	s, t, err := tabled(ctx)
	if err != nil {
		return err
	}
	resource, err := s.resource("ConfigMap")
	if err != nil {
		return err
	}
	var selectors []selection
	for _, form := range forms() {
		selectors = append(selectors, t.of(form)...)
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	list, err := resource.List(ctx, metav1.ListOptions{})
	if err != nil {
		return answered("list ConfigMaps before they are watched", err)
	}
	shows := make([]*showing, len(selectors))
	for i, selector := range selectors {
		if shows[i], err = watchShown(limited, resource, selector, list.GetResourceVersion()); err != nil {
			return err
		}
		defer shows[i].stop()
	}
	wandered, err := wander(ctx, resource, t)
	if err != nil {
		return err
	}
	mistakes := make([][]string, len(selectors))
	until := time.Now().Add(boundWrite.within(ctx))
	for i, selector := range selectors {
		shows[i].await(ctx, len(passages(selector, wandered)), until)
	}
	// An event that must not come is seen only by waiting for it.
	select {
	case <-time.After(quiet):
	case <-ctx.Done():
		return ctx.Err()
	}
	for i, selector := range selectors {
		mistakes[i] = shows[i].compare(passages(selector, wandered))
	}
	s.observe("a ConfigMap that wanders", fmt.Sprintf("%d states, %d watches", len(wandered), len(selectors)))
	return mistaken("watches of a ConfigMap that goes from each way to each other", selectors, mistakes)
}

const wanderer = "wanderer"

// wander creates an object, changes its labels so that each goes from each of its states to each other, and deletes it.
func wander(ctx context.Context, resource dynamic.ResourceInterface, t *table) ([]way, error) {
	longest := 0
	for _, key := range t.keys {
		longest = max(longest, len(route(len(t.states[key]))))
	}
	var wandered []way
	version := ""
	for i := range longest {
		w := way{wanderer, map[string]string{}}
		for _, key := range t.keys {
			visits := route(len(t.states[key]))
			if is := t.states[key][visits[i%(len(visits)-1)]]; is.there {
				w.labels[key] = is.value
			}
		}
		object := madeOf(w)
		var err error
		if i == 0 {
			object, err = resource.Create(ctx, object, metav1.CreateOptions{})
		} else {
			object.SetResourceVersion(version)
			object, err = resource.Update(ctx, object, metav1.UpdateOptions{})
		}
		if err != nil {
			return nil, answered(fmt.Sprintf("write ConfigMap %s", w), err)
		}
		version = object.GetResourceVersion()
		wandered = append(wandered, w)
	}
	return wandered, answered("delete ConfigMap "+wanderer, resource.Delete(ctx, wanderer, metav1.DeleteOptions{}))
}

// passages are what the watch of a selector shows of an object that is created, changed from one way to the next, and deleted.
func passages(selector selection, wandered []way) []passage {
	var all []passage
	was, before := false, "none"
	for _, w := range wandered {
		is, event := selector.means(w.labels), ""
		switch {
		case is && was:
			event = "MODIFIED"
		case is:
			event = "ADDED"
		case was:
			event = "DELETED"
		}
		all = append(all, passage{event, fmt.Sprintf("%s, after %s", w, before)})
		was, before = is, w.String()
	}
	if was {
		all = append(all, passage{"DELETED", "deleted as " + before})
	}
	return slices.DeleteFunc(all, func(p passage) bool { return p.event == "" })
}

// showing keeps what one watch shows of the object that wanders.
type showing struct {
	mu      sync.Mutex
	shown   []string
	changed chan struct{}
	stop    func()
}

func watchShown(ctx context.Context, resource dynamic.ResourceInterface, selector selection, version string) (*showing, error) {
	watcher, err := resource.Watch(ctx, metav1.ListOptions{LabelSelector: selector.String(), ResourceVersion: version})
	if err != nil {
		return nil, answered(fmt.Sprintf("watch ConfigMaps with the selector %q", selector), err)
	}
	show, done := &showing{changed: make(chan struct{}, 1)}, make(chan struct{})
	show.stop = func() {
		watcher.Stop()
		<-done
	}
	go func() {
		defer close(done)
		for event := range watcher.ResultChan() {
			object, ok := event.Object.(*unstructured.Unstructured)
			if ok && object.GetName() != wanderer {
				continue
			}
			show.mu.Lock()
			show.shown = append(show.shown, string(event.Type))
			show.mu.Unlock()
			select {
			case show.changed <- struct{}{}:
			default:
			}
		}
	}()
	return show, nil
}

// await waits until so many events have come, or it is too late.
func (s *showing) await(ctx context.Context, count int, until time.Time) {
	late := time.NewTimer(time.Until(until))
	defer late.Stop()
	for s.count() < count {
		select {
		case <-s.changed:
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (s *showing) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.shown)
}

// compare says what the watch showed otherwise than it had to.
func (s *showing) compare(wanted []passage) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, want := range wanted {
		if i >= len(s.shown) {
			return []string{fmt.Sprintf("missed: %s for %s", want.event, want.why)}
		}
		if s.shown[i] != want.event {
			return []string{fmt.Sprintf("shown wrongly: %s, and not %s, for %s", s.shown[i], want.event, want.why)}
		}
	}
	if len(s.shown) > len(wanted) {
		return []string{"shown wrongly: " + s.shown[len(wanted)] + ", when all was told"}
	}
	return nil
}
