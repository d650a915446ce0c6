package steps

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Sentences about what a selector finds, in lists, watches and deletions.

func selectorSentences(sc vocabulary) {
	sc.Step(`^the selector "([^"]*)" finds exactly the (\w+)s "([^"]*)"$`, findsExactly)
	sc.Step(`^the selector "([^"]*)" finds at least the (\w+)s "([^"]*)"$`, findsAtLeast)
	sc.Step(`^the (\w+)s with the selector "([^"]*)" are listed$`, listedWith)
	sc.Step(`^the (\w+)s with the selector "([^"]*)" are deleted together$`, deletedWith)
	sc.Step(`^a watch with the selector "([^"]*)" begins with exactly the (\w+)s "([^"]*)"$`, watchBegins)
}

func listNames(list *unstructured.UnstructuredList) []string {
	found := []string{}
	for _, item := range list.Items {
		found = append(found, item.GetName())
	}
	slices.Sort(found)
	return found
}

// listWith lists by a selector, and makes a refusal a failure of the implementation.
func (s *scenario) listWith(ctx context.Context, kind, selector string) ([]string, error) {
	path, err := s.pathOf(kind, "")
	if err != nil {
		return nil, err
	}
	a, err := s.ask(ctx, http.MethodGet, path, url.Values{"labelSelector": {selector}}, "", nil)
	if err != nil {
		return nil, err
	}
	if a.code != http.StatusOK {
		return nil, failed(fmt.Sprintf("list %ss with the selector %q", kind, selector), "200", a.String())
	}
	list, err := a.object.ToList()
	if err != nil {
		return nil, failed(fmt.Sprintf("list %ss", kind), "a list", err.Error())
	}
	return listNames(list), nil
}

func findsExactly(ctx context.Context, selector, kind, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	found, err := s.listWith(ctx, kind, selector)
	if err != nil {
		return err
	}
	want := names(list)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		return failed(fmt.Sprintf("the %ss that the selector %q finds", kind, selector), among(want), among(found))
	}
	return nil
}

func findsAtLeast(ctx context.Context, selector, kind, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	found, err := s.listWith(ctx, kind, selector)
	if err != nil {
		return err
	}
	for _, name := range names(list) {
		if !slices.Contains(found, name) {
			return failed(fmt.Sprintf("the %ss that the selector %q finds", kind, selector), name+" among them", among(found))
		}
	}
	return nil
}

// among writes a set of names.
func among(found []string) string {
	if len(found) == 0 {
		return "none"
	}
	return strings.Join(found, ", ")
}

func listedWith(ctx context.Context, kind, selector string) error {
	return askCollection(ctx, http.MethodGet, kind, selector)
}

func deletedWith(ctx context.Context, kind, selector string) error {
	return askCollection(ctx, http.MethodDelete, kind, selector)
}

func askCollection(ctx context.Context, method, kind, selector string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	path, err := s.pathOf(kind, "")
	if err != nil {
		return err
	}
	_, err = s.ask(ctx, method, path, url.Values{"labelSelector": {selector}}, "", nil)
	return err
}

// watchBegins opens a watch, and compares what it shows of what is there already.
func watchBegins(ctx context.Context, selector, kind, list string) error {
	_, resource, err := collectionOf(ctx, kind)
	if err != nil {
		return err
	}
	want := names(list)
	slices.Sort(want)
	what := fmt.Sprintf("the %ss that a watch with the selector %q begins with", kind, selector)
	found, err := beginning(ctx, resource, selector, what, among(want))
	if err == nil && !slices.Equal(found, want) {
		err = failed(what, among(want), among(found))
	}
	return err
}

// beginning opens a watch that sends what is there already, and ends it at the bookmark that upstream sends behind that. It returns the
// names of what was sent; what and expected are for its failures.
func beginning(ctx context.Context, resource dynamic.ResourceInterface, selector, what, expected string) ([]string, error) {
	limited, cancel := context.WithTimeout(ctx, boundWrite.within(ctx))
	defer cancel()
	watcher, err := resource.Watch(limited, metav1.ListOptions{
		LabelSelector: selector, SendInitialEvents: new(true), AllowWatchBookmarks: true,
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if apierrors.IsInvalid(err) {
		return nil, &Unsupported{Why: "the API server does not send what is there at the beginning of a watch: " + err.Error()}
	}
	if err != nil {
		return nil, failed(what, expected, "the watch is refused: "+err.Error())
	}
	defer watcher.Stop()
	found := []string{}
	for event := range watcher.ResultChan() {
		object, ok := event.Object.(*unstructured.Unstructured)
		switch {
		case !ok:
			return nil, failed(what, expected, fmt.Sprintf("an event %s with %v", event.Type, event.Object))
		case event.Type == watch.Bookmark && object.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true":
			slices.Sort(found)
			return found, nil
		case event.Type == watch.Added:
			found = append(found, object.GetName())
		}
	}
	return nil, failed(what, expected+", then a bookmark", fmt.Sprintf("%s, and no bookmark for %s", among(found), boundWrite.within(ctx)))
}
