package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cucumber/godog"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// Sentences that submit manifests and changes, and judge the API server's answers.

func submitSentences(sc vocabulary) {
	sc.Step(`^these objects exist:$`, objectsExist)
	sc.Step(`^this is submitted:$`, submitted)
	sc.Step(`^this is submitted as a dry run:$`, submittedDry)
	sc.Step(`^this is submitted with (strict|warning|ignoring) field validation:$`, submittedValidated)
	sc.Step(`^this text is submitted to the (\w+) collection as "([^"]*)":$`, textSubmitted)
	sc.Step(`^(?:a|an) (\w+) is submitted with (\w+) bytes in "([^"]*)":$`, largeSubmitted)
	sc.Step(`^(\w+) "([^"]*)" is replaced by:$`, replaced)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is (?:patched to|set to) "([^"]*)"$`, fieldSet)
	sc.Step(`^(\w+) "([^"]*)" is patched with:$`, patched)
	sc.Step(`^(\w+) "([^"]*)" is (?:labelled|relabelled) "([^"]*)"$`, labelled)
	sc.Step(`^(\w+) "([^"]*)" is annotated "([^"]*)"$`, annotated)
	sc.Step(`^(\w+) "([^"]*)" is deleted(?: with a grace period of (-?\d+) seconds?)?(?: with propagation "(\w+)")?$`, deleted)
	sc.Step(`^it is accepted$`, accepted)
	sc.Step(`^it is accepted with a warning that says "([^"]*)"$`, acceptedWarned)
	sc.Step(`^it is accepted without a warning$`, acceptedSilently)
	sc.Step(`^it is refused with (\d+)$`, refused)
	sc.Step(`^it is refused with (\d+) "(\w+)"$`, refusedAs)
	sc.Step(`^it is refused with (\d+) "(\w+)" naming "([^"]*)"$`, refusedNaming)
	sc.Step(`^the answer has "([^"]*)" in "([^"]*)"$`, answerHas)
	sc.Step(`^"([^"]*)" of the answer is remembered as "([^"]*)"$`, answerRemembered)
	sc.Step(`^the answer has another time than "([^"]*)" in "([^"]*)"$`, answerHasNot)
	sc.Step(`^Pod "([^"]*)" is bound to the node "([^"]*)"$`, podBound)
	sc.Step(`^the refusal says "([^"]*)"$`, refusalSays)
	sc.Step(`^nothing is stored under (\w+) "([^"]*)"$`, nothingStored)
}

func objectsExist(ctx context.Context, manifest *godog.DocString) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	objects, err := s.documents(manifest.Content)
	if err != nil {
		return err
	}
	for _, object := range objects {
		a, err := s.create(ctx, object, nil)
		if err != nil {
			return err
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
	s, err := from(ctx)
	if err != nil {
		return err
	}
	objects, err := s.documents(manifest.Content)
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
	s, err := from(ctx)
	if err != nil {
		return err
	}
	path, err := s.pathOf(kind, "")
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
	s, err := from(ctx)
	if err != nil {
		return err
	}
	objects, err := s.documents(manifest.Content)
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
	s, err := from(ctx)
	if err != nil {
		return err
	}
	objects, err := s.documents(manifest.Content)
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
	body, err := json.Marshal(objects[0].Object)
	if err != nil {
		return fmt.Errorf("write %s as JSON: %w", kind, err)
	}
	_, err = s.ask(ctx, http.MethodPut, path, nil, "application/json", body)
	return err
}

func patched(ctx context.Context, kind, name string, patch *godog.DocString) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	text, err := s.expand(patch.Content)
	if err != nil {
		return err
	}
	body, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return fmt.Errorf("the scenario's patch does not parse: %w", err)
	}
	return s.patch(ctx, kind, name, types.MergePatchType, body)
}

func (s *scenario) patch(ctx context.Context, kind, name string, form types.PatchType, body []byte) error {
	path, err := s.pathOf(kind, name)
	if err != nil {
		return err
	}
	_, err = s.ask(ctx, http.MethodPatch, path, nil, string(form), body)
	return err
}

// fieldSet patches one field; the value is read as YAML, so that 3 is a number and null removes the field.
func fieldSet(ctx context.Context, path, kind, name, value string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	var decoded any
	if err := yaml.Unmarshal([]byte(value), &decoded); err != nil {
		return fmt.Errorf("the value %q does not parse: %w", value, err)
	}
	change := map[string]any{}
	if err := assign(change, path, decoded); err != nil {
		return err
	}
	body, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("write the patch as JSON: %w", err)
	}
	return s.patch(ctx, kind, name, types.MergePatchType, body)
}

func labelled(ctx context.Context, kind, name, labels string) error {
	return marked(ctx, kind, name, "labels", labels)
}

func annotated(ctx context.Context, kind, name, annotations string) error {
	return marked(ctx, kind, name, "annotations", annotations)
}

// marked changes labels or annotations as kubectl label does: "a=b, c-" sets a and removes c.
func marked(ctx context.Context, kind, name, which, marks string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	changes := map[string]any{}
	for _, mark := range names(marks) {
		if key, value, ok := strings.Cut(mark, "="); ok {
			changes[key] = value
		} else {
			changes[strings.TrimSuffix(mark, "-")] = nil
		}
	}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{which: changes}})
	if err != nil {
		return fmt.Errorf("write the patch as JSON: %w", err)
	}
	return s.patch(ctx, kind, name, types.MergePatchType, body)
}

func deleted(ctx context.Context, kind, name, grace, propagation string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	options := map[string]any{"apiVersion": "v1", "kind": "DeleteOptions"}
	if grace != "" {
		options["gracePeriodSeconds"] = json.Number(grace)
	}
	if propagation != "" {
		options["propagationPolicy"] = propagation
	}
	body, err := json.Marshal(options)
	if err != nil {
		return fmt.Errorf("write the options as JSON: %w", err)
	}
	path, err := s.pathOf(kind, name)
	if err != nil {
		return err
	}
	if _, again := s.deletedAt[kind+"/"+name]; !again {
		s.deletedAt[kind+"/"+name] = time.Now()
	}
	_, err = s.ask(ctx, http.MethodDelete, path, nil, "application/json", body)
	return err
}

// last is the answer that the sentences judge.
func last(ctx context.Context) (*scenario, *answer, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.answer == nil {
		return nil, nil, fmt.Errorf("nothing has been submitted before it is judged")
	}
	return s, s.answer, nil
}

func accepted(ctx context.Context) error {
	_, a, err := last(ctx)
	if err == nil && a.code >= 300 {
		err = failed(a.asked, "accepted", a.String())
	}
	return err
}

func acceptedWarned(ctx context.Context, text string) error {
	if err := accepted(ctx); err != nil {
		return err
	}
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(a.warnings, func(w string) bool { return strings.Contains(w, text) }) {
		return failed(a.asked, fmt.Sprintf("a Warning header that contains %q", text), fmt.Sprintf("warnings %q", a.warnings))
	}
	return nil
}

func acceptedSilently(ctx context.Context) error {
	if err := accepted(ctx); err != nil {
		return err
	}
	_, a, err := last(ctx)
	if err == nil && len(a.warnings) > 0 {
		err = failed(a.asked, "no Warning header", fmt.Sprintf("%q", a.warnings))
	}
	return err
}

func refused(ctx context.Context, code int) error {
	_, a, err := last(ctx)
	if err == nil && a.code != code {
		err = failed(a.asked, fmt.Sprintf("refused with %d", code), a.String())
	}
	return err
}

func refusedAs(ctx context.Context, code int, reason string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	if a.code != code || a.status == nil || string(a.status.Reason) != reason {
		return failed(a.asked, fmt.Sprintf("refused with %d %s", code, reason), a.String())
	}
	return nil
}

// refusedNaming wants the refusal's causes to name each of the fields: programs read them.
func refusedNaming(ctx context.Context, code int, reason, fields string) error {
	if err := refusedAs(ctx, code, reason); err != nil {
		return err
	}
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	if a.status.Details != nil {
		for _, cause := range a.status.Details.Causes {
			named[cause.Field] = true
		}
	}
	for _, field := range names(fields) {
		if !named[field] {
			return failed(a.asked, fmt.Sprintf("refused with %d %s, with a cause that names %s", code, reason, field), a.String())
		}
	}
	return nil
}

func refusalSays(ctx context.Context, text string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	if a.status == nil || a.code < 400 || !strings.Contains(strings.ToLower(a.status.Message), strings.ToLower(text)) {
		return failed(a.asked, fmt.Sprintf("a refusal whose message contains %q", text), a.String())
	}
	return nil
}

func nothingStored(ctx context.Context, kind, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.get(ctx, kind, name)
	if err == nil && object != nil {
		err = failed(fmt.Sprintf("%s %q", kind, name), "nothing is stored", "it exists")
	}
	return err
}

// answerHas reads a field of the object that came back.
func answerHas(ctx context.Context, value, path string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	if a.object == nil {
		return failed(a.asked, "an object in the answer", a.String())
	}
	found, there, err := valueOf(a.object, path)
	if err == nil && (!there || found != value) {
		err = failed(fmt.Sprintf("%q of the answer to %s", path, a.asked), fmt.Sprintf("%q", value), said(a.object, found, there))
	}
	return err
}

func answerRemembered(ctx context.Context, path, as string) error {
	s, a, err := last(ctx)
	if err != nil {
		return err
	}
	value, there, err := valueOf(a.object, path)
	if err != nil {
		return err
	}
	if !there {
		return failed(fmt.Sprintf("%q of the answer to %s", path, a.asked), "the field is set", said(a.object, value, there))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember[as] = value
	return nil
}

func answerHasNot(ctx context.Context, unwanted, path string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	value, there, err := valueOf(a.object, path)
	if err == nil && (!there || value == unwanted) {
		err = failed(fmt.Sprintf("%q of the answer to %s", path, a.asked), "set, and not "+unwanted, said(a.object, value, there))
	}
	return err
}

// podBound asks for a binding, as a scheduler does.
func podBound(ctx context.Context, pod, node string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	path, err := s.pathOf("Pod", pod)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Binding", "metadata": map[string]any{"name": pod},
		"target": map[string]any{"apiVersion": "v1", "kind": "Node", "name": node},
	})
	if err != nil {
		return fmt.Errorf("write the binding as JSON: %w", err)
	}
	_, err = s.ask(ctx, http.MethodPost, path+"/binding", nil, "application/json", body)
	return err
}
