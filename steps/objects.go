package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// kinds are the API groups of the kinds that the sentences name without a group: a table that nobody writes to.
var kinds = map[string]schema.GroupVersionKind{
	"Pod":            {Version: "v1", Kind: "Pod"},
	"Service":        {Version: "v1", Kind: "Service"},
	"Endpoints":      {Version: "v1", Kind: "Endpoints"},
	"ConfigMap":      {Version: "v1", Kind: "ConfigMap"},
	"Secret":         {Version: "v1", Kind: "Secret"},
	"Namespace":      {Version: "v1", Kind: "Namespace"},
	"Node":           {Version: "v1", Kind: "Node"},
	"Event":          {Version: "v1", Kind: "Event"},
	"EndpointSlice":  {Group: "discovery.k8s.io", Version: "v1", Kind: "EndpointSlice"},
	"ReplicaSet":     {Group: "apps", Version: "v1", Kind: "ReplicaSet"},
	"Deployment":     {Group: "apps", Version: "v1", Kind: "Deployment"},
	"ServiceAccount": {Version: "v1", Kind: "ServiceAccount"},
	"Role":           {Group: rolesGroup, Version: "v1", Kind: "Role"},
	"RoleBinding":    {Group: rolesGroup, Version: "v1", Kind: "RoleBinding"},
	"ClusterRole":    {Group: rolesGroup, Version: "v1", Kind: "ClusterRole"},
	"Lease":          {Group: "coordination.k8s.io", Version: "v1", Kind: "Lease"},

	"ClusterRoleBinding": {Group: rolesGroup, Version: "v1", Kind: "ClusterRoleBinding"},

	"PersistentVolume":      {Version: "v1", Kind: "PersistentVolume"},
	"PersistentVolumeClaim": {Version: "v1", Kind: "PersistentVolumeClaim"},
	"StorageClass":          {Group: "storage.k8s.io", Version: "v1", Kind: "StorageClass"},

	"HorizontalPodAutoscaler": {Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
}

// mapping finds the resource of a kind.
func (s *scenario) mapping(gvk schema.GroupVersionKind) (*meta.RESTMapping, error) {
	mapping, err := s.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		return nil, failed("the API server's discovery", "the kind "+gvk.String(), "no such kind")
	}
	if err != nil {
		return nil, fmt.Errorf("find the resource of %s: %w", gvk.Kind, err)
	}
	return mapping, nil
}

// mappingOf finds the resource of a kind that the sentences name.
func (s *scenario) mappingOf(kind string) (*meta.RESTMapping, error) {
	gvk, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("the vocabulary does not know the kind %q", kind)
	}
	return s.mapping(gvk)
}

// resource gives access to the objects of a kind: the scenario's, where the kind lives in namespaces.
func (s *scenario) resource(kind string) (dynamic.ResourceInterface, error) {
	mapping, err := s.mappingOf(kind)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return s.dynamic.Resource(mapping.Resource).Namespace(s.namespace), nil
	}
	return s.dynamic.Resource(mapping.Resource), nil
}

// collectionOf opens a sentence about the objects of a kind.
func collectionOf(ctx context.Context, kind string) (*scenario, dynamic.ResourceInterface, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	resource, err := s.resource(kind)
	return s, resource, err
}

// get reads an object; nil if there is none.
func (s *scenario) get(ctx context.Context, kind, name string) (*unstructured.Unstructured, error) {
	resource, err := s.resource(kind)
	if err != nil {
		return nil, err
	}
	object, err := resource.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	var answered apierrors.APIStatus
	if errors.As(err, &answered) && answered.Status().Code == http.StatusBadRequest {
		return nil, failed(fmt.Sprintf("read %s %q", kind, name), "the object, or 404 when there is none", "400 "+err.Error())
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %q: %w", kind, name, err)
	}
	return object, nil
}

// mustGet reads an object that has to be there.
func (s *scenario) mustGet(ctx context.Context, kind, name string) (*unstructured.Unstructured, error) {
	object, err := s.get(ctx, kind, name)
	if err == nil && object == nil {
		return nil, failed(fmt.Sprintf("%s %q", kind, name), "it exists", "there is none")
	}
	return object, err
}

// list reads the objects of a kind that a selector finds.
func (s *scenario) list(ctx context.Context, kind, selector string) (*unstructured.UnstructuredList, error) {
	resource, err := s.resource(kind)
	if err != nil {
		return nil, err
	}
	list, err := resource.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list the %ss with the selector %q: %w", kind, selector, err)
	}
	return list, nil
}
