package rbac

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/plumbline/plumbline/reference/kind"
)

// Pods knows which Pods of a namespace are bound to a node.
type Pods interface {
	PodsOn(ctx context.Context, node, namespace string) ([]corev1.Pod, error)
}

// Nodes lets a node do what a node does; secrets, config maps and tokens it gets for its own Pods only.
type Nodes struct{ Pods Pods }

// NodeName returns whose node a user is, or "" when the user is none.
func NodeName(who user.Info) string {
	name, ok := strings.CutPrefix(who.GetName(), "system:node:")
	if !ok || !slices.Contains(who.GetGroups(), user.NodesGroup) {
		return ""
	}
	return name
}

// Authorize judges a request; it has no opinion on requests of others than nodes.
func (n Nodes) Authorize(ctx context.Context, request authorizer.Attributes) (authorizer.Decision, string, error) {
	node := NodeName(request.GetUser())
	if node == "" || !Allow(nodesMay, request) {
		return authorizer.DecisionNoOpinion, "", nil
	}
	var uses func(*corev1.Pod) bool
	switch resource, name := request.GetResource(), request.GetName(); resource {
	case "leases":
		if !ownLease(node, request) {
			return authorizer.DecisionNoOpinion, "can only access node lease with the same name as the requesting node", nil
		}
		return authorizer.DecisionAllow, "", nil
	case kind.ConfigMaps, kind.Secrets:
		uses = func(pod *corev1.Pod) bool { return kind.Sources(pod)[kind.Source{Resource: resource, Name: name}] }
	case "serviceaccounts":
		uses = func(pod *corev1.Pod) bool { return pod.Spec.ServiceAccountName == name }
	default:
		return authorizer.DecisionAllow, "", nil
	}
	if request.GetNamespace() == "" || request.GetName() == "" {
		return authorizer.DecisionNoOpinion, "No Object name found", nil
	}
	pods, err := n.Pods.PodsOn(ctx, node, request.GetNamespace())
	if err != nil {
		return authorizer.DecisionNoOpinion, "", fmt.Errorf("list the Pods of node %s: %w", node, err)
	}
	if slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return uses(&pod) }) {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, fmt.Sprintf("no relationship found between node '%s' and this object", node), nil
}

// ownLease: the name of a new lease is not known yet.
func ownLease(node string, request authorizer.Attributes) bool {
	return request.GetNamespace() == corev1.NamespaceNodeLease && (request.GetVerb() == "create" || request.GetName() == node)
}

// nodesMay are the rules, made once: nodes ask all the time.
var nodesMay = nodeRules()

// nodeRules are upstream's for a kubelet and a kube-proxy, which are one program here, and those of a provisioner of local volumes, which
// each node is for its own disk.
func nodeRules() []rbacv1.PolicyRule {
	change := []string{"create", "update", "patch"}
	return []rbacv1.PolicyRule{
		to([]string{"create"}, "authentication.k8s.io", "tokenreviews"),
		to([]string{"create"}, "authorization.k8s.io", "subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews"),
		to(read, "", "services", "endpoints"),
		to(read, "discovery.k8s.io", "endpointslices"),
		to([]string{"create", "get", "list", "watch", "update", "patch"}, "", "nodes"),
		to([]string{"update", "patch"}, "", "nodes/status"),
		to(change, "", "events"),
		to(change, "events.k8s.io", "events"),
		to(read, "", "pods"),
		to([]string{"create", "delete"}, "", "pods"),
		to([]string{"update", "patch"}, "", "pods/status"),
		to([]string{"create"}, "", "pods/eviction"),
		to(read, "", kind.ConfigMaps, kind.Secrets),
		to([]string{"create"}, "", "serviceaccounts/token"),
		to([]string{"get"}, "", "persistentvolumeclaims"),
		to([]string{"get", "list", "watch", "update", "patch", "delete"}, "", "persistentvolumes"),
		to([]string{"get", "create", "update", "patch", "delete"}, "coordination.k8s.io", "leases"),
	}
}
