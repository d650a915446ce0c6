package aggregation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestGather(t *testing.T) {
	rule := func(resource string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{resource}}
	}
	role := func(name, label string, rules ...rbacv1.PolicyRule) *rbacv1.ClusterRole {
		return &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"to": label}}, Rules: rules}
	}
	all := role("all", "view", rule("pods"))
	all.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"to": "view"}}}}
	parts := []*rbacv1.ClusterRole{role("b", "view", rule("services"), rule("pods")), all, role("a", "view", rule("pods")), role("c", "edit", rule("secrets"))}

	got, changed, err := gather(all, parts)
	if diff := cmp.Diff([]rbacv1.PolicyRule{rule("pods"), rule("services")}, got); diff != "" || !changed || err != nil {
		t.Errorf("changed %t, error %v, rules (-want +got):\n%s", changed, err, diff)
	}
	all.Rules = got
	if _, changed, _ := gather(all, parts); changed {
		t.Error("a settled role would be written again")
	}
	if _, changed, _ := gather(parts[0], parts); changed {
		t.Error("a role that gathers nothing would be written")
	}
}
