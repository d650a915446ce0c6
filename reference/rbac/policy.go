package rbac

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
)

// The verbs that rules often have together.
var (
	read  = []string{"get", "list", "watch"}
	write = []string{"create", "update", "patch", "delete", "deletecollection"}
	all   = []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
)

// Labels and annotations of what a cluster comes with.
const (
	bootstrapping = "kubernetes.io/bootstrapping"
	aggregateTo   = "rbac.authorization.k8s.io/aggregate-to-"
)

func to(verbs []string, group string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: verbs, APIGroups: []string{group}, Resources: resources}
}

func get(paths ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: paths}
}

func system(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Labels: map[string]string{bootstrapping: "rbac-defaults"}, Annotations: map[string]string{rbacv1.AutoUpdateAnnotationKey: "true"},
	}
}

func role(name string, rules ...rbacv1.PolicyRule) rbacv1.ClusterRole {
	return rbacv1.ClusterRole{ObjectMeta: system(name), Rules: rules}
}

// gathered is a role that has the rules of all roles that are labelled for it.
func gathered(name string, into ...string) rbacv1.ClusterRole {
	r := part(name, into...)
	r.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{aggregateTo + name: "true"}}}}
	return r
}

// part is a role whose rules are gathered into others.
func part(name string, into ...string) rbacv1.ClusterRole {
	r := role(name)
	for _, other := range into {
		r.Labels[aggregateTo+other] = "true"
	}
	return r
}

// DefaultRoles are the ClusterRoles that a cluster comes with: upstream's, as far as they speak of what is served here, and kubeadm's
// for CoreDNS.
func DefaultRoles() []rbacv1.ClusterRole {
	admin := part("system:aggregate-to-admin", "admin")
	admin.Rules = []rbacv1.PolicyRule{
		to([]string{"create"}, "authorization.k8s.io", "localsubjectaccessreviews"),
		to(all, rbacv1.GroupName, "roles", "rolebindings"),
	}
	edit := part("system:aggregate-to-edit", "edit")
	edit.Rules = editRules()
	view := part("system:aggregate-to-view", "view")
	view.Rules = viewRules()
	health := []string{"/livez", "/readyz", "/healthz"}
	return []rbacv1.ClusterRole{
		role("cluster-admin",
			to([]string{"*"}, "*", "*"),
			rbacv1.PolicyRule{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}}),
		role("system:discovery", get(append(health[:3:3], "/version", "/version/", "/openapi", "/openapi/*", "/api", "/api/*", "/apis", "/apis/*")...)),
		role("system:monitoring",
			get("/metrics", "/metrics/slis", "/livez", "/readyz", "/healthz", "/livez/*", "/readyz/*", "/healthz/*"),
			to([]string{"get"}, "", "nodes/metrics")),
		role("system:public-info-viewer", get(append(health[:3:3], "/version", "/version/")...)),
		role("system:basic-user",
			to([]string{"create"}, "authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews"),
			to([]string{"create"}, "authentication.k8s.io", "selfsubjectreviews")),
		role("system:auth-delegator",
			to([]string{"create"}, "authentication.k8s.io", "tokenreviews"),
			to([]string{"create"}, "authorization.k8s.io", "subjectaccessreviews")),
		role("system:service-account-issuer-discovery", get("/.well-known/openid-configuration", "/.well-known/openid-configuration/",
			"/openid/v1/jwks", "/openid/v1/jwks/")),
		gathered("admin"), gathered("edit", "admin"), gathered("view", "edit"),
		admin, edit, view,
		role("system:node", nodeRules()...),
		role("system:coredns",
			to([]string{"list", "watch"}, "", "endpoints", "services", "pods", "namespaces"),
			to([]string{"list", "watch"}, "discovery.k8s.io", "endpointslices")),
	}
}

func viewRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		to(read, "", "pods", "serviceaccounts", "services", "services/status", "endpoints", "persistentvolumeclaims",
			"persistentvolumeclaims/status", "configmaps"),
		to(read, "", "bindings", "pods/status", "namespaces/status", "pods/log"),
		to(read, "", "namespaces"),
		{Verbs: read, APIGroups: []string{"", "events.k8s.io"}, Resources: []string{"events"}},
		to(read, "discovery.k8s.io", "endpointslices"),
		to(read, "apps", "deployments", "deployments/status", "deployments/scale", "replicasets", "replicasets/status", "replicasets/scale"),
		to(read, "autoscaling", "horizontalpodautoscalers", "horizontalpodautoscalers/status"),
	}
}

func editRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		to(read, "", "pods/attach", "pods/proxy", "pods/exec", "pods/portforward", "secrets", "services/proxy"),
		to([]string{"impersonate"}, "", "serviceaccounts"),
		to(write, "", "pods", "pods/attach", "pods/proxy", "pods/exec", "pods/portforward"),
		to([]string{"create"}, "", "pods/eviction"),
		to(write, "", "serviceaccounts", "services", "services/proxy", "persistentvolumeclaims", "configmaps", "secrets"),
		to([]string{"create"}, "", "serviceaccounts/token"),
		{Verbs: write, APIGroups: []string{"", "events.k8s.io"}, Resources: []string{"events"}},
		to(write, "apps", "deployments", "deployments/scale", "replicasets", "replicasets/scale"),
		to(write, "autoscaling", "horizontalpodautoscalers"),
		to(all, "coordination.k8s.io", "leases"),
	}
}

// DefaultBindings say who has the default roles.
func DefaultBindings() []rbacv1.ClusterRoleBinding {
	return []rbacv1.ClusterRoleBinding{
		toGroups("cluster-admin", user.SystemPrivilegedGroup),
		toGroups("system:monitoring", user.MonitoringGroup),
		toGroups("system:discovery", user.AllAuthenticated),
		toGroups("system:basic-user", user.AllAuthenticated),
		toGroups("system:public-info-viewer", user.AllAuthenticated, user.AllUnauthenticated),
		toGroups("system:service-account-issuer-discovery", serviceaccount.AllServiceAccountsGroup),
		{
			ObjectMeta: system("system:coredns"), RoleRef: clusterRole("system:coredns"),
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: metav1.NamespaceSystem, Name: "coredns"}},
		},
	}
}

func clusterRole(name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}
}

func toGroups(name string, groups ...string) rbacv1.ClusterRoleBinding {
	b := rbacv1.ClusterRoleBinding{ObjectMeta: system(name), RoleRef: clusterRole(name)}
	for _, group := range groups {
		b.Subjects = append(b.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group})
	}
	return b
}
