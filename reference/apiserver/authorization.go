package apiserver

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/rbac"
)

// authorizer lets the system's masters do everything, nodes what nodes do, and everybody what roles allow.
func (a *access) authorizer() authorizer.Authorizer {
	nodes, roles := rbac.Nodes{Pods: a}, rbac.Authorizer{Source: a}
	return authorizer.AuthorizerFunc(func(ctx context.Context, request authorizer.Attributes) (authorizer.Decision, string, error) {
		who := request.GetUser()
		if who == nil {
			return authorizer.DecisionNoOpinion, "", nil
		}
		if slices.Contains(who.GetGroups(), user.SystemPrivilegedGroup) {
			return authorizer.DecisionAllow, "", nil
		}
		decision, nodeReason, err := nodes.Authorize(ctx, request)
		if decision == authorizer.DecisionAllow || err != nil {
			return decision, nodeReason, err
		}
		decision, reason, err := roles.Authorize(ctx, request)
		if decision != authorizer.DecisionAllow && reason == "" {
			reason = nodeReason
		}
		return decision, reason, err
	})
}

// Role, ClusterRole, RoleBindings and ClusterRoleBindings read from the cache, as each request does.
func (a *access) Role(ctx context.Context, namespace, name string) (*rbacv1.Role, error) {
	obj, err := a.object(ctx, &kind.Role, namespace, name, "0")
	if err != nil {
		return nil, err
	}
	return obj.(*rbacv1.Role), nil
}

func (a *access) ClusterRole(ctx context.Context, name string) (*rbacv1.ClusterRole, error) {
	obj, err := a.object(ctx, &kind.ClusterRole, "", name, "0")
	if err != nil {
		return nil, err
	}
	return obj.(*rbacv1.ClusterRole), nil
}

func (a *access) RoleBindings(ctx context.Context, namespace string) ([]rbacv1.RoleBinding, error) {
	list, err := a.list(ctx, &kind.RoleBinding, namespace, nil)
	if err != nil {
		return nil, err
	}
	return list.(*rbacv1.RoleBindingList).Items, nil
}

func (a *access) ClusterRoleBindings(ctx context.Context) ([]rbacv1.ClusterRoleBinding, error) {
	list, err := a.list(ctx, &kind.ClusterRoleBinding, "", nil)
	if err != nil {
		return nil, err
	}
	return list.(*rbacv1.ClusterRoleBindingList).Items, nil
}

// PodsOn lists the Pods of a namespace that are bound to a node, out of the cache from which the node itself knows of them.
func (a *access) PodsOn(ctx context.Context, node, namespace string) ([]corev1.Pod, error) {
	list, err := a.list(ctx, &kind.Pod, namespace, fields.OneTermEqualSelector(nodeName, node))
	if err != nil {
		return nil, err
	}
	return list.(*corev1.PodList).Items, nil
}

func (a *access) list(ctx context.Context, k *kind.Kind, namespace string, selector fields.Selector) (runtime.Object, error) {
	return a.stores[k].List(scopeOf(ctx, k, namespace), &internalversion.ListOptions{ResourceVersion: "0", FieldSelector: selector})
}

// scopeOf is a context for reading something else than the request is about; messages name what is read.
func scopeOf(ctx context.Context, k *kind.Kind, namespace string) context.Context {
	return request.WithNamespace(clusterScope(ctx, k.Resource), namespace)
}
