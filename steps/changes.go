package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cucumber/godog"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// Sentences that change and delete what is there.

func changeSentences(sc vocabulary) {
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is (?:patched to|set to) "([^"]*)"$`, fieldSet)
	sc.Step(`^(\w+) "([^"]*)" is patched with:$`, patched)
	sc.Step(`^the status of (\w+) "([^"]*)" is patched with:$`, statusPatched)
	sc.Step(`^(\w+) "([^"]*)" is (?:labelled|relabelled) "([^"]*)"$`, labelled)
	sc.Step(`^(\w+) "([^"]*)" is annotated "([^"]*)"$`, annotated)
	sc.Step(`^(\w+) "([^"]*)" is deleted(?: with a grace period of (-?\d+) seconds?)?(?: with propagation "(\w+)")?$`, deleted)
}

func patched(ctx context.Context, kind, name string, patch *godog.DocString) error {
	return patchedPart(ctx, kind, name, "", patch)
}

// statusPatched writes to the status as a controller does.
func statusPatched(ctx context.Context, kind, name string, patch *godog.DocString) error {
	return patchedPart(ctx, kind, name, "/status", patch)
}

func patchedPart(ctx context.Context, kind, name, part string, patch *godog.DocString) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	text, err := s.expand(patch.Content)
	if err != nil {
		return err
	}
	var change map[string]any
	if err := yaml.Unmarshal([]byte(text), &change); err != nil {
		return fmt.Errorf("the scenario's patch does not parse: %w", err)
	}
	return mergedPart(ctx, kind, name, part, change)
}

// merged asks for a merge patch of an object.
func merged(ctx context.Context, kind, name string, change map[string]any) error {
	return mergedPart(ctx, kind, name, "", change)
}

// mergedPart asks for a merge patch of an object's subresource, or of the object where part is empty.
func mergedPart(ctx context.Context, kind, name, part string, change map[string]any) error {
	s, path, err := placeOf(ctx, kind, name)
	if err != nil {
		return err
	}
	return s.askJSON(ctx, http.MethodPatch, path+part, string(types.MergePatchType), change)
}

// fieldSet patches one field; the value is read as YAML, so that 3 is a number and null removes the field.
func fieldSet(ctx context.Context, path, kind, name, value string) error {
	var decoded any
	if err := yaml.Unmarshal([]byte(value), &decoded); err != nil {
		return fmt.Errorf("the value %q does not parse: %w", value, err)
	}
	change := map[string]any{}
	if err := assign(change, path, decoded); err != nil {
		return err
	}
	return merged(ctx, kind, name, change)
}

func labelled(ctx context.Context, kind, name, labels string) error {
	return marked(ctx, kind, name, "labels", labels)
}

func annotated(ctx context.Context, kind, name, annotations string) error {
	return marked(ctx, kind, name, "annotations", annotations)
}

// marked changes labels or annotations as kubectl label does: "a=b, c-" sets a and removes c.
func marked(ctx context.Context, kind, name, which, marks string) error {
	changes := map[string]any{}
	for _, mark := range names(marks) {
		if key, value, ok := strings.Cut(mark, "="); ok {
			changes[key] = value
		} else {
			changes[strings.TrimSuffix(mark, "-")] = nil
		}
	}
	return merged(ctx, kind, name, map[string]any{"metadata": map[string]any{which: changes}})
}

func deleted(ctx context.Context, kind, name, grace, propagation string) error {
	s, path, err := placeOf(ctx, kind, name)
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
	if _, again := s.deletedAt[kind+"/"+name]; !again {
		s.deletedAt[kind+"/"+name] = time.Now()
	}
	return s.askJSON(ctx, http.MethodDelete, path, "application/json", options)
}
