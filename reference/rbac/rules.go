package rbac

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// allows tells whether a rule lets a request pass.
func allows(rule *rbacv1.PolicyRule, request authorizer.Attributes) bool {
	if !matches(rule.Verbs, rbacv1.VerbAll, request.GetVerb()) {
		return false
	}
	if !request.IsResourceRequest() {
		return matchesPath(rule.NonResourceURLs, request.GetPath())
	}
	return matches(rule.APIGroups, rbacv1.APIGroupAll, request.GetAPIGroup()) &&
		matchesResource(rule.Resources, request.GetResource(), request.GetSubresource()) &&
		(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, request.GetName()))
}

func matches(known []string, all, wanted string) bool {
	return slices.Contains(known, all) || slices.Contains(known, wanted)
}

// matchesResource: a resource is not its subresources; */scale is that subresource of all.
func matchesResource(known []string, resource, subresource string) bool {
	if subresource == "" {
		return matches(known, rbacv1.ResourceAll, resource)
	}
	return matches(known, rbacv1.ResourceAll, resource+"/"+subresource) || slices.Contains(known, "*/"+subresource)
}

// matchesPath: a star stands at the end only.
func matchesPath(known []string, path string) bool {
	return slices.ContainsFunc(known, func(url string) bool {
		beginning, open := strings.CutSuffix(url, "*")
		return url == path || open && strings.HasPrefix(path, beginning)
	})
}

// Allow tells whether any of the rules lets a request pass.
func Allow(rules []rbacv1.PolicyRule, request authorizer.Attributes) bool {
	return slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool { return allows(&rule, request) })
}

// describe is a rule in a message, in upstream's form.
func describe(rule *rbacv1.PolicyRule) string {
	var parts []string
	for _, part := range []struct {
		name   string
		values []string
	}{
		{"APIGroups", rule.APIGroups}, {"Resources", rule.Resources}, {"NonResourceURLs", rule.NonResourceURLs},
		{"ResourceNames", rule.ResourceNames}, {"Verbs", rule.Verbs},
	} {
		if len(part.values) > 0 {
			parts = append(parts, fmt.Sprintf("%s:%q", part.name, part.values))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
