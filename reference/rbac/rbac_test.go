package rbac

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/plumbline/plumbline/reference/kind"
)

func TestAllow(t *testing.T) {
	to := func(verb, group, resource, subresource, name string) authorizer.AttributesRecord {
		return authorizer.AttributesRecord{Verb: verb, APIGroup: group, Resource: resource, Subresource: subresource, Name: name, ResourceRequest: true}
	}
	path := func(verb, path string) authorizer.AttributesRecord {
		return authorizer.AttributesRecord{Verb: verb, Path: path}
	}
	rules := []rbacv1.PolicyRule{
		{Verbs: []string{"get", "list"}, APIGroups: []string{""}, Resources: []string{"pods", "*/scale", "services/proxy"}},
		{Verbs: []string{"*"}, APIGroups: []string{"apps"}, Resources: []string{"*"}},
		{Verbs: []string{"get"}, APIGroups: []string{"*"}, Resources: []string{"secrets"}, ResourceNames: []string{"mine"}},
		{Verbs: []string{"get"}, NonResourceURLs: []string{"/version", "/healthz/*"}},
	}
	for name, tc := range map[string]struct {
		request authorizer.AttributesRecord
		want    bool
	}{
		"a verb and a resource":             {to("list", "", "pods", "", ""), true},
		"another verb":                      {to("watch", "", "pods", "", ""), false},
		"another group":                     {to("list", "batch", "pods", "", ""), false},
		"a subresource of the resource":     {to("get", "", "pods", "log", "x"), false},
		"a subresource of all":              {to("get", "", "pods", "scale", "x"), true},
		"the resource of a subresource":     {to("get", "", "services", "", "x"), false},
		"a subresource that is named":       {to("get", "", "services", "proxy", "x"), true},
		"everything in a group":             {to("delete", "apps", "deployments", "scale", "x"), true},
		"a name in any group":               {to("get", "example.com", "secrets", "", "mine"), true},
		"another name":                      {to("get", "", "secrets", "", "yours"), false},
		"no name":                           {to("get", "", "secrets", "", ""), false},
		"a path":                            {path("get", "/version"), true},
		"a path below":                      {path("get", "/version/x"), false},
		"a path below a star":               {path("get", "/healthz/etcd"), true},
		"the path above a star":             {path("get", "/healthz"), false},
		"another verb for a path":           {path("post", "/version"), false},
		"a resource by the rule of a path":  {to("get", "", "version", "", ""), false},
		"a path by the rule of a star of a": {path("delete", "/apps"), false},
	} {
		if got := Allow(rules, tc.request); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}

// given are the Pods that there are.
type given []corev1.Pod

func (g given) PodsOn(_ context.Context, node, namespace string) ([]corev1.Pod, error) {
	var found []corev1.Pod
	for _, pod := range g {
		if pod.Spec.NodeName == node && pod.Namespace == namespace {
			found = append(found, pod)
		}
	}
	return found, nil
}

func TestNodes(t *testing.T) {
	nodes := Nodes{given{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: corev1.PodSpec{
		NodeName: "own", ServiceAccountName: "seller",
		Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "till"}}}},
	}}}}
	node := &user.DefaultInfo{Name: "system:node:own", Groups: []string{user.NodesGroup}}
	to := func(who user.Info, verb, group, resource, subresource, namespace, name string) authorizer.AttributesRecord {
		return authorizer.AttributesRecord{User: who, Verb: verb, APIGroup: group, Resource: resource, Subresource: subresource, Namespace: namespace, Name: name, ResourceRequest: true}
	}
	const leases = "coordination.k8s.io"
	for name, tc := range map[string]struct {
		request authorizer.AttributesRecord
		want    bool
	}{
		"its Pod's secret":             {to(node, "watch", "", kind.Secrets, "", "shop", "till"), true},
		"another secret":               {to(node, "get", "", kind.Secrets, "", "shop", "safe"), false},
		"that name elsewhere":          {to(node, "get", "", kind.Secrets, "", "bank", "till"), false},
		"a config map of that name":    {to(node, "get", "", kind.ConfigMaps, "", "shop", "till"), false},
		"all secrets":                  {to(node, "list", "", kind.Secrets, "", "shop", ""), false},
		"writing its Pod's secret":     {to(node, "update", "", kind.Secrets, "", "shop", "till"), false},
		"a token of its Pod's account": {to(node, "create", "", "serviceaccounts", "token", "shop", "seller"), true},
		"a token of another account":   {to(node, "create", "", "serviceaccounts", "token", "shop", "buyer"), false},
		"its lease":                    {to(node, "update", leases, "leases", "", corev1.NamespaceNodeLease, "own"), true},
		"another's lease":              {to(node, "update", leases, "leases", "", corev1.NamespaceNodeLease, "other"), false},
		"a lease elsewhere":            {to(node, "create", leases, "leases", "", "shop", ""), false},
		"Pods":                         {to(node, "list", "", "pods", "", "", ""), true},
		"roles":                        {to(node, "get", rbacv1.GroupName, "roles", "", "shop", "x"), false},
		"who is called like a node":    {to(&user.DefaultInfo{Name: "system:node:own"}, "list", "", "pods", "", "", ""), false},
		"who is in the nodes' group":   {to(&user.DefaultInfo{Name: "own", Groups: []string{user.NodesGroup}}, "list", "", "pods", "", "", ""), false},
	} {
		decision, reason, err := nodes.Authorize(t.Context(), tc.request)
		if (decision == authorizer.DecisionAllow) != tc.want || err != nil || decision == authorizer.DecisionDeny {
			t.Errorf("%s: %s (%s), error %v, want allowed %t", name, decision, reason, err, tc.want)
		}
	}
}
