package rbac

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// Source knows the roles and bindings there are. What is not there is an error that apierrors.IsNotFound knows.
type Source interface {
	Role(ctx context.Context, namespace, name string) (*rbacv1.Role, error)
	ClusterRole(ctx context.Context, name string) (*rbacv1.ClusterRole, error)
	RoleBindings(ctx context.Context, namespace string) ([]rbacv1.RoleBinding, error)
	ClusterRoleBindings(ctx context.Context) ([]rbacv1.ClusterRoleBinding, error)
}

// Authorizer lets pass what a role allows that is bound to the user, to one of its groups or to its service account. It never denies:
// it has no opinion on what it does not know.
type Authorizer struct{ Source Source }

// grant is a role that applies to a user, and the binding that says so.
type grant struct {
	ref       rbacv1.RoleRef
	namespace string // of a RoleBinding
	why       string
}

// Authorize judges a request. An error is none of the request's: a role that a binding names was not there.
func (a Authorizer) Authorize(ctx context.Context, request authorizer.Attributes) (authorizer.Decision, string, error) {
	var problems []error
	decision, why := authorizer.DecisionNoOpinion, ""
	a.visit(ctx, request.GetUser(), request.GetNamespace(), func(g grant, rules []rbacv1.PolicyRule, err error) bool {
		switch {
		case err != nil:
			problems = append(problems, err)
		case Allow(rules, request):
			decision, why = authorizer.DecisionAllow, "RBAC: allowed by "+g.why
		}
		return decision != authorizer.DecisionAllow
	})
	if decision != authorizer.DecisionAllow && len(problems) > 0 {
		why = fmt.Sprintf("RBAC: %v", utilerrors.NewAggregate(problems))
	}
	return decision, why, nil
}

// RulesFor lists what a user may do in a namespace. The error joins the roles that are not there; the rules of the others come with it.
func (a Authorizer) RulesFor(ctx context.Context, who user.Info, namespace string) ([]rbacv1.PolicyRule, error) {
	var all []rbacv1.PolicyRule
	var problems []error
	a.visit(ctx, who, namespace, func(_ grant, rules []rbacv1.PolicyRule, err error) bool {
		if err != nil {
			problems = append(problems, err)
		}
		all = append(all, rules...)
		return true
	})
	return all, utilerrors.NewAggregate(problems)
}

// visit calls next with each role that applies to a user, the cluster's before the namespace's, until it returns false.
func (a Authorizer) visit(ctx context.Context, who user.Info, namespace string, next func(grant, []rbacv1.PolicyRule, error) bool) {
	grants, err := a.grants(ctx, who, namespace)
	if err != nil && !next(grant{}, nil, err) {
		return
	}
	for _, g := range grants {
		rules, err := a.RulesOf(ctx, g.ref, g.namespace)
		if !next(g, rules, err) {
			return
		}
	}
}

func (a Authorizer) grants(ctx context.Context, who user.Info, namespace string) ([]grant, error) {
	var grants []grant
	everywhere, err := a.Source.ClusterRoleBindings(ctx)
	if err != nil {
		return nil, err
	}
	for i := range everywhere {
		b := &everywhere[i]
		if s := applying(who, b.Subjects, ""); s != nil {
			grants = append(grants, grant{ref: b.RoleRef, why: fmt.Sprintf("ClusterRoleBinding %q of %s %q to %s", b.Name, b.RoleRef.Kind, b.RoleRef.Name, named(s, ""))})
		}
	}
	if namespace == "" {
		return grants, nil
	}
	here, err := a.Source.RoleBindings(ctx, namespace)
	for i := range here {
		b := &here[i]
		if s := applying(who, b.Subjects, namespace); s != nil {
			grants = append(grants, grant{ref: b.RoleRef, namespace: namespace,
				why: fmt.Sprintf("RoleBinding %q of %s %q to %s", b.Name+"/"+b.Namespace, b.RoleRef.Kind, b.RoleRef.Name, named(s, b.Namespace))})
		}
	}
	return grants, err
}

// RulesOf returns the rules of a role that is bound in a namespace.
func (a Authorizer) RulesOf(ctx context.Context, ref rbacv1.RoleRef, namespace string) ([]rbacv1.PolicyRule, error) {
	switch ref.Kind {
	case "Role":
		role, err := a.Source.Role(ctx, namespace, ref.Name)
		if err != nil {
			return nil, err
		}
		return role.Rules, nil
	case "ClusterRole":
		role, err := a.Source.ClusterRole(ctx, ref.Name)
		if err != nil {
			return nil, err
		}
		return role.Rules, nil
	}
	return nil, fmt.Errorf("unsupported role reference kind: %q", ref.Kind)
}

// applying returns the first subject that a user is, or nil.
func applying(who user.Info, subjects []rbacv1.Subject, namespace string) *rbacv1.Subject {
	i := slices.IndexFunc(subjects, func(s rbacv1.Subject) bool { return isSubject(who, &s, namespace) })
	if i < 0 {
		return nil
	}
	return &subjects[i]
}

// isSubject: a service account without a namespace is one of the binding's own.
func isSubject(who user.Info, s *rbacv1.Subject, namespace string) bool {
	switch s.Kind {
	case rbacv1.UserKind:
		return who.GetName() == s.Name
	case rbacv1.GroupKind:
		return slices.Contains(who.GetGroups(), s.Name)
	case rbacv1.ServiceAccountKind:
		if s.Namespace != "" {
			namespace = s.Namespace
		}
		return namespace != "" && serviceaccount.MatchesUsername(namespace, s.Name, who.GetName())
	}
	return false
}

// named is a subject in a reason, in upstream's form.
func named(s *rbacv1.Subject, namespace string) string {
	if s.Kind != rbacv1.ServiceAccountKind {
		return fmt.Sprintf("%s %q", s.Kind, s.Name)
	}
	if s.Namespace != "" {
		namespace = s.Namespace
	}
	return fmt.Sprintf("%s %q", s.Kind, s.Name+"/"+namespace)
}

// Escalates returns an error when a user would give rights away that it does not have.
func (a Authorizer) Escalates(ctx context.Context, who user.Info, namespace string, given []rbacv1.PolicyRule) error {
	own, problems := a.RulesFor(ctx, who, namespace)
	covered, missing := validation.Covers(own, given)
	if covered {
		return nil
	}
	descriptions := sets.New[string]()
	for _, rule := range compact(missing) {
		descriptions.Insert(describe(&rule))
	}
	message := fmt.Sprintf("user %q (groups=%q) is attempting to grant RBAC permissions not currently held:\n%s",
		who.GetName(), who.GetGroups(), strings.Join(sets.List(descriptions), "\n"))
	if problems != nil {
		message += fmt.Sprintf("; resolution errors: %v", []error{problems})
	}
	return errors.New(message)
}

// compact joins rules about resources that differ in their verbs only. (The library tells what is missing verb by verb.)
func compact(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	var joined []rbacv1.PolicyRule
	for _, rule := range rules {
		i := slices.IndexFunc(joined, func(other rbacv1.PolicyRule) bool {
			return len(other.NonResourceURLs)+len(rule.NonResourceURLs) == 0 && slices.Equal(other.APIGroups, rule.APIGroups) &&
				slices.Equal(other.Resources, rule.Resources) && slices.Equal(other.ResourceNames, rule.ResourceNames)
		})
		if i < 0 {
			rule.Verbs = slices.Clone(rule.Verbs)
			joined = append(joined, rule)
			continue
		}
		joined[i].Verbs = append(joined[i].Verbs, rule.Verbs...)
	}
	return joined
}
