package steps

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/cucumber/godog"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sentences that submit manifests. What the API server answers is judged by those of acceptance.go.

func submitSentences(sc vocabulary) {
	sc.Step(`^these objects exist:$`, objectsExist)
	sc.Step(`^this is submitted:$`, submitted)
	sc.Step(`^this is submitted as a dry run:$`, submittedDry)
	sc.Step(`^this is submitted with (strict|warning|ignoring) field validation:$`, submittedValidated)
	sc.Step(`^this text is submitted to the (\w+) collection as "([^"]*)":$`, textSubmitted)
	sc.Step(`^(?:a|an) (\w+) is submitted with (\w+) bytes in "([^"]*)":$`, largeSubmitted)
	sc.Step(`^(\w+) "([^"]*)" is replaced by:$`, replaced)
	sc.Step(`^Pod "([^"]*)" is bound to the node "([^"]*)"$`, podBound)
}

// manifestOf opens a sentence that has a manifest.
func manifestOf(ctx context.Context, manifest *godog.DocString) (*scenario, []*unstructured.Unstructured, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	objects, err := s.documents(manifest.Content)
	return s, objects, err
}

// placeOf opens a sentence that asks for something under the path of an object, or of a kind's collection.
func placeOf(ctx context.Context, kind, name string) (*scenario, string, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, "", err
	}
	path, err := s.pathOf(kind, name)
	return s, path, err
}

func objectsExist(ctx context.Context, manifest *godog.DocString) error {
	s, objects, err := manifestOf(ctx, manifest)
	if err != nil {
		return err
	}
	for _, object := range objects {
		a, err := s.create(ctx, object, nil)
		if err != nil {
			return err
		}
		if a.code >= 400 && s.env.Outlives && byAdmission(a.String()) {
			return &Unsupported{Why: fmt.Sprintf("the cluster's own admission refuses the scenario's %s %q: %s", object.GetKind(), object.GetName(), a)}
		}
		if a.code >= 300 {
			return failed(fmt.Sprintf("create %s %q", object.GetKind(), object.GetName()), "accepted", a.String())
		}
	}
	return nil
}

func submitted(ctx context.Context, manifest *godog.DocString) error {
	return submitWith(ctx, manifest, nil)
}

func submittedDry(ctx context.Context, manifest *godog.DocString) error {
	return submitWith(ctx, manifest, url.Values{"dryRun": {"All"}})
}

func submittedValidated(ctx context.Context, validation string, manifest *godog.DocString) error {
	mode := map[string]string{"strict": "Strict", "warning": "Warn", "ignoring": "Ignore"}[validation]
	return submitWith(ctx, manifest, url.Values{"fieldValidation": {mode}})
}

// submitWith creates the objects of a manifest up to the first that is refused, whose answer is the one to judge.
func submitWith(ctx context.Context, manifest *godog.DocString, query url.Values) error {
	s, objects, err := manifestOf(ctx, manifest)
	if err != nil {
		return err
	}
	for _, object := range objects {
		a, err := s.create(ctx, object, query)
		if err != nil || a.code >= 300 {
			return err
		}
	}
	return nil
}

func textSubmitted(ctx context.Context, kind, contentType string, text *godog.DocString) error {
	s, path, err := placeOf(ctx, kind, "")
	if err != nil {
		return err
	}
	body, err := s.expand(text.Content)
	if err != nil {
		return err
	}
	_, err = s.ask(ctx, http.MethodPost, path, nil, contentType, []byte(body))
	return err
}

// largeSubmitted fills one field with so many bytes, given with an optional Ki or Mi, and submits the object.
func largeSubmitted(ctx context.Context, kind, size, path string, manifest *godog.DocString) error {
	s, objects, err := manifestOf(ctx, manifest)
	if err != nil {
		return err
	}
	count, err := bytesOf(size)
	if err != nil {
		return err
	}
	if len(objects) != 1 || objects[0].GetKind() != kind {
		return fmt.Errorf("the manifest has to hold one %s", kind)
	}
	if err := assign(objects[0].Object, path, strings.Repeat("x", count)); err != nil {
		return err
	}
	_, err = s.create(ctx, objects[0], nil)
	return err
}

func replaced(ctx context.Context, kind, name string, manifest *godog.DocString) error {
	s, objects, err := manifestOf(ctx, manifest)
	if err != nil {
		return err
	}
	if len(objects) != 1 {
		return fmt.Errorf("one manifest replaces %s %q, not %d", kind, name, len(objects))
	}
	path, err := s.pathOf(kind, name)
	if err != nil {
		return err
	}
	return s.askJSON(ctx, http.MethodPut, path, "application/json", objects[0].Object)
}

// podBound asks for a binding, as a scheduler does.
func podBound(ctx context.Context, pod, node string) error {
	s, path, err := placeOf(ctx, "Pod", pod)
	if err != nil {
		return err
	}
	return s.askJSON(ctx, http.MethodPost, path+"/binding", "application/json", map[string]any{
		"apiVersion": "v1", "kind": "Binding", "metadata": map[string]any{"name": pod},
		"target": map[string]any{"apiVersion": "v1", "kind": "Node", "name": node},
	})
}
