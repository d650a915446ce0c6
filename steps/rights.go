package steps

import (
	"context"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Right is something that the sentences ask an API server to do. A run that lacks a right would take the refusal for the
// implementation's answer, so it has to have all of them before it begins.
type Right struct {
	Verb        string
	Group       string
	Resource    string
	Subresource string
	Namespaced  bool // it is needed in the namespaces that the run creates
	Served      bool // the API server has to serve the resource; the right alone does not help
}

// optional are kinds that not every cluster serves, and not every user may create: a scenario asks for the right before it needs it.
func optional() []string { return []string{"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"} }

// plural is the resource of a kind whose objects scenarios create, change and delete. All of them have regular plurals.
func plural(kind string) string {
	resource, _ := meta.UnsafeGuessKindToResource(kinds[kind])
	return resource.Resource
}

// Rights lists what a run needs; without workloads, for scenarios that need an API server and controllers only.
func Rights(workloads bool) []Right {
	rights := []Right{}
	add := func(gvk schema.GroupVersionKind, resource, subresource string, namespaced bool, verbs ...string) {
		for _, verb := range verbs {
			rights = append(rights, Right{Verb: verb, Group: gvk.Group, Resource: resource, Subresource: subresource, Namespaced: namespaced, Served: subresource == ""})
		}
	}
	add(kinds["Namespace"], "namespaces", "", false, "get", "list", "watch", "create", "delete")
	for _, kind := range []string{"Pod", "ConfigMap", "Secret", "Service", "Endpoints", "EndpointSlice", "ReplicaSet", "Deployment", "Lease", "ServiceAccount", "PersistentVolumeClaim", "HorizontalPodAutoscaler"} {
		add(kinds[kind], plural(kind), "", true, "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
	}
	for _, kind := range []string{"PersistentVolume", "StorageClass"} {
		add(kinds[kind], plural(kind), "", false, "get", "list", "watch", "create", "update", "patch", "delete")
	}
	add(kinds["Event"], "events", "", true, "get", "list", "watch")
	add(kinds["Pod"], "pods", "binding", true, "create")
	add(kinds["Service"], "services", "status", true, "patch")
	add(kinds["ReplicaSet"], "replicasets", "scale", true, "get", "update", "patch")
	add(kinds["Deployment"], "deployments", "scale", true, "get", "update", "patch")
	add(kinds["ServiceAccount"], "serviceaccounts", "token", true, "create")
	if workloads {
		add(kinds["Node"], "nodes", "", false, "get", "list", "watch")
		add(kinds["Pod"], "pods", "log", true, "get")
		for _, way := range []string{"exec", "attach", "portforward", "proxy"} {
			add(kinds["Pod"], "pods", way, true, "get", "create")
		}
	}
	return rights
}

// Wishes lists the rights that a scenario asks for itself, and does without where it has to.
func Wishes() []Right {
	rights := []Right{}
	for _, kind := range optional() {
		for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"} {
			rights = append(rights, Right{Verb: verb, Group: kinds[kind].Group, Resource: plural(kind), Namespaced: kind == "Role" || kind == "RoleBinding"})
		}
	}
	return append(rights, measuring())
}

// measuring is needed by few scenarios, of a profile that not every cluster has: none else is kept from running where it is missing.
func measuring() Right {
	return Right{Verb: "get", Group: measuredPods().Group, Resource: measuredPods().Resource, Namespaced: true}
}

// mayDo asks whether the run has a right, in the scenario's namespace if it is needed in one. Of a server that does not say it is taken to have it, which
// the preflight has told.
func (s *scenario) mayDo(ctx context.Context, r Right) (bool, error) {
	attributes := &authorizationv1.ResourceAttributes{Verb: r.Verb, Group: r.Group, Resource: r.Resource, Subresource: r.Subresource}
	if r.Namespaced {
		attributes.Namespace = s.namespace
	}
	review, err := s.typed.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes},
	}, metav1.CreateOptions{})
	switch {
	case apierrors.IsNotFound(err) || apierrors.IsForbidden(err):
		return true, nil
	case err != nil:
		return false, environment(fmt.Errorf("ask whether the run may %s: %w", r, err))
	}
	return review.Status.Allowed, nil
}

// Where is the resource as kubectl names it: pods/exec, replicasets.apps.
func (r Right) Where() string {
	name := r.Resource
	if r.Group != "" {
		name += "." + r.Group
	}
	if r.Subresource != "" {
		name += "/" + r.Subresource
	}
	return name
}

// String is the right in words: create pods/exec.
func (r Right) String() string { return strings.TrimSpace(r.Verb + " " + r.Where()) }
