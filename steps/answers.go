package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// answer is what the API server said to one request.
type answer struct {
	asked    string // method and path, for people
	code     int
	warnings []string
	status   *metav1.Status             // of a refusal, or of what returns no object
	object   *unstructured.Unstructured // of what was accepted
	body     string
}

func (a *answer) String() string {
	if a.status != nil && a.code >= 400 {
		return fmt.Sprintf("%d %s: %s%s", a.code, a.status.Reason, a.status.Message, a.causes())
	}
	if a.code >= 400 {
		return fmt.Sprintf("%d with a body that is no Status: %.500s", a.code, a.body)
	}
	return fmt.Sprintf("%d, accepted", a.code)
}

func (a *answer) causes() string {
	if a.status == nil || a.status.Details == nil || len(a.status.Details.Causes) == 0 {
		return ""
	}
	var fields []string
	for _, cause := range a.status.Details.Causes {
		fields = append(fields, fmt.Sprintf("%s (%s)", cause.Field, cause.Type))
	}
	return "\nnaming: " + strings.Join(fields, ", ")
}

// ask sends one request as it stands, so that nothing a client library would mend or hide goes unseen.
func (s *scenario) ask(ctx context.Context, method, path string, query url.Values, contentType string, body []byte) (*answer, error) {
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		return nil, fmt.Errorf("make an HTTP client: %w", err)
	}
	base, _, err := rest.DefaultServerUrlFor(s.config)
	if err != nil {
		return nil, fmt.Errorf("read the API server's address: %w", err)
	}
	target := base.JoinPath(path)
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := client.Do(request)
	if isRefused(err) {
		return nil, err
	}
	if err != nil {
		return nil, &Inconclusive{Why: fmt.Sprintf("%s %s was not answered: %v", method, path, err)}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, &Inconclusive{Why: fmt.Sprintf("the answer to %s %s broke off: %v", method, path, err)}
	}
	a := &answer{asked: method + " " + path, code: response.StatusCode, body: string(data)}
	for _, header := range response.Header.Values("Warning") {
		a.warnings = append(a.warnings, header)
	}
	if err := a.read(data); err != nil {
		return nil, err
	}
	s.observe(a.asked, a.String())
	s.answer = a
	return a, nil
}

// read takes the body of an answer apart.
func (a *answer) read(data []byte) error {
	var object unstructured.Unstructured
	if json.Unmarshal(data, &object.Object) != nil {
		return nil
	}
	if object.GetKind() != "Status" {
		a.object = &object
		return nil
	}
	a.status = &metav1.Status{}
	if err := json.Unmarshal(data, a.status); err != nil {
		return fmt.Errorf("read the status of %s: %w", a.asked, err)
	}
	return nil
}

// askJSON sends one request with a body that is written as JSON.
func (s *scenario) askJSON(ctx context.Context, method, path, contentType string, content any) error {
	body, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("write the body of %s %s as JSON: %w", method, path, err)
	}
	_, err = s.ask(ctx, method, path, nil, contentType, body)
	return err
}

// path is where the objects of a mapping live, or one of them.
func (s *scenario) path(mapping *meta.RESTMapping, name string) string {
	var parts []string
	if mapping.Resource.Group == "" {
		parts = append(parts, "api", mapping.Resource.Version)
	} else {
		parts = append(parts, "apis", mapping.Resource.Group, mapping.Resource.Version)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		parts = append(parts, "namespaces", s.namespace)
	}
	parts = append(parts, mapping.Resource.Resource)
	if name != "" {
		parts = append(parts, name)
	}
	return "/" + strings.Join(parts, "/")
}

// pathOf is the path of a kind's collection, or of one object of it.
func (s *scenario) pathOf(kind, name string) (string, error) {
	mapping, err := s.mappingOf(kind)
	if err != nil {
		return "", err
	}
	return s.path(mapping, name), nil
}

// documents splits a manifest into its objects. It is the suite's own manifest, so that a mistake is the suite's.
func (s *scenario) documents(text string) ([]*unstructured.Unstructured, error) {
	expanded, err := s.expand(text)
	if err != nil {
		return nil, err
	}
	var out []*unstructured.Unstructured
	for _, document := range strings.Split("\n"+expanded, "\n---\n") {
		if strings.TrimSpace(document) == "" {
			continue
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			return nil, fmt.Errorf("the scenario's manifest does not parse: %w", err)
		}
		if object.GetKind() == "" {
			return nil, errors.New("the scenario's manifest names no kind")
		}
		out = append(out, object)
	}
	return out, nil
}

// create submits an object to its collection.
func (s *scenario) create(ctx context.Context, object *unstructured.Unstructured, query url.Values) (*answer, error) {
	gvk := schema.FromAPIVersionAndKind(object.GetAPIVersion(), object.GetKind())
	mapping, err := s.mapping(gvk)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		labels := object.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[RunLabel] = s.env.Run
		object.SetLabels(labels)
	}
	body, err := json.Marshal(object.Object)
	if err != nil {
		return nil, fmt.Errorf("write %s as JSON: %w", object.GetKind(), err)
	}
	a, err := s.ask(ctx, http.MethodPost, s.path(mapping, ""), query, "application/json", body)
	if err == nil && a.code < 300 && mapping.Scope.Name() != meta.RESTScopeNameNamespace && len(query["dryRun"]) == 0 {
		s.outside = append(s.outside, outside{mapping.Resource, object.GetName()})
	}
	return a, err
}
