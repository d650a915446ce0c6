package apiserver

import (
	"context"
	"errors"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/rbac"
)

// everything is what somebody needs who makes a role that gathers others: what it will gather nobody knows.
var everything = []rbacv1.PolicyRule{
	{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
	{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
}

// guardRoles keeps users from giving away rights that they do not have, by roles and by bindings, unless a right says that they may.
// (pkg/registry/rbac in Kubernetes)
func (a *access) guardRoles() {
	for _, k := range []*kind.Kind{&kind.Role, &kind.ClusterRole, &kind.RoleBinding, &kind.ClusterRoleBinding} {
		s := a.stores[k]
		nothing := func(context.Context, bool) {}
		s.BeginCreate = func(ctx context.Context, obj runtime.Object, _ *metav1.CreateOptions) (genericregistry.FinishFunc, error) {
			return nothing, a.mayGive(ctx, s, obj, false)
		}
		s.BeginUpdate = func(ctx context.Context, obj, old runtime.Object, _ *metav1.UpdateOptions) (genericregistry.FinishFunc, error) {
			if onlyCollected(obj, old) {
				return nothing, nil
			}
			return nothing, a.mayGive(ctx, s, obj, gathers(old))
		}
	}
}

// onlyCollected: whoever removes a finalizer or an owner gives nothing away.
func onlyCollected(obj, old runtime.Object) bool {
	before := old.DeepCopyObject()
	from, to := obj.(metav1.Object), before.(metav1.Object)
	to.SetOwnerReferences(from.GetOwnerReferences())
	to.SetFinalizers(from.GetFinalizers())
	to.SetManagedFields(from.GetManagedFields())
	to.SetResourceVersion(from.GetResourceVersion())
	return equality.Semantic.DeepEqual(obj, before)
}

func gathers(obj runtime.Object) bool {
	role, ok := obj.(*rbacv1.ClusterRole)
	return ok && role.AggregationRule != nil && len(role.AggregationRule.ClusterRoleSelectors) > 0
}

// gift is what a role or a binding gives away, and the right by which one may do so without having it.
type gift struct {
	rules                []rbacv1.PolicyRule
	verb, resource, name string
}

func (a *access) giftOf(ctx context.Context, obj runtime.Object) (gift, error) {
	switch obj := obj.(type) {
	case *rbacv1.Role:
		return gift{obj.Rules, "escalate", kind.Role.Resource, obj.Name}, nil
	case *rbacv1.ClusterRole:
		return gift{obj.Rules, "escalate", kind.ClusterRole.Resource, obj.Name}, nil
	case *rbacv1.RoleBinding:
		return a.bound(ctx, obj.RoleRef, request.NamespaceValue(ctx))
	case *rbacv1.ClusterRoleBinding:
		return a.bound(ctx, obj.RoleRef, "")
	}
	return gift{}, errors.New("neither a role nor a binding")
}

func (a *access) bound(ctx context.Context, ref rbacv1.RoleRef, namespace string) (gift, error) {
	resource := kind.ClusterRole.Resource
	if ref.Kind == kind.Role.Kind {
		resource = kind.Role.Resource
	}
	rules, err := rbac.Authorizer{Source: a}.RulesOf(ctx, ref, namespace)
	return gift{rules, "bind", resource, ref.Name}, err
}

func (a *access) mayGive(ctx context.Context, s *store, obj runtime.Object, gathered bool) error {
	who, ok := request.UserFrom(ctx)
	if !ok {
		return apierrors.NewForbidden(s.DefaultQualifiedResource, "", errors.New("the request has no user"))
	}
	if slices.Contains(who.GetGroups(), user.SystemPrivilegedGroup) {
		return nil
	}
	namespace := request.NamespaceValue(ctx)
	given, err := a.giftOf(ctx, obj)
	explicitly, _, authorizeErr := a.authorizer().Authorize(ctx, authorizer.AttributesRecord{
		User: who, Verb: given.verb, APIGroup: rbacv1.GroupName, APIVersion: "*", Resource: given.resource, Name: given.name, Namespace: namespace,
		ResourceRequest: true,
	})
	if explicitly == authorizer.DecisionAllow {
		return nil
	}
	if err := errors.Join(err, authorizeErr); err != nil {
		return err
	}
	name := obj.(metav1.Object).GetName()
	roles := rbac.Authorizer{Source: a}
	if err := roles.Escalates(ctx, who, namespace, given.rules); err != nil {
		return apierrors.NewForbidden(s.DefaultQualifiedResource, name, err)
	}
	if (gathered || gathers(obj)) && roles.Escalates(ctx, who, namespace, everything) != nil {
		return apierrors.NewForbidden(s.DefaultQualifiedResource, name, errors.New("must have cluster-admin privileges to use the aggregationRule"))
	}
	return nil
}
