// Package aggregation gathers the rules of ClusterRoles into those that select them by label.
package aggregation

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	rbacapply "k8s.io/client-go/applyconfigurations/rbac/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	rbaclisters "k8s.io/client-go/listers/rbac/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

// manager owns the rules that are gathered.
const manager = "clusterrole-aggregation-controller"

// Controller is the loop around gather.
type Controller struct {
	client    kubernetes.Interface
	queue     loop.Queue[string]
	roles     rbaclisters.ClusterRoleLister
	hasSynced []cache.InformerSynced
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory) (*Controller, error) {
	roles := factory.Rbac().V1().ClusterRoles()
	c := &Controller{client: client, queue: loop.NewQueue[string]("aggregation"), roles: roles.Lister()}
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{roles.Informer(): loop.Always(func(any) { c.changed() })})
	return c, err
}

// Run gathers until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "aggregation", c.hasSynced...); err != nil {
		return err
	}
	loop.Run(ctx, "aggregation", c.queue, 1, c.sync)
	return nil
}

// changed: any role may be selected by any that gathers; there are few.
func (c *Controller) changed() {
	all, err := c.roles.List(labels.Everything())
	if err != nil {
		return // a lister of a cache has no error for this
	}
	for _, role := range all {
		if role.AggregationRule != nil {
			c.queue.Add(role.Name)
		}
	}
}

func (c *Controller) sync(ctx context.Context, name string) error {
	role, err := c.roles.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read cluster role %s: %w", name, err)
	}
	all, err := c.roles.List(labels.Everything())
	if err != nil {
		return fmt.Errorf("list cluster roles: %w", err)
	}
	rules, changed, err := gather(role, all)
	if err != nil || !changed {
		return err
	}
	apply := rbacapply.ClusterRole(name)
	for _, rule := range rules {
		part := rbacapply.PolicyRule()
		part.Verbs, part.APIGroups, part.Resources, part.ResourceNames, part.NonResourceURLs = rule.Verbs, rule.APIGroups, rule.Resources, rule.ResourceNames, rule.NonResourceURLs
		apply.WithRules(part)
	}
	if _, err := c.client.RbacV1().ClusterRoles().Apply(ctx, apply, metav1.ApplyOptions{FieldManager: manager, Force: true}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("apply cluster role %s: %w", name, err)
	}
	return nil
}

// gather returns the rules that a role should have, each once, in the order of its selectors and of the roles' names, and whether it has others.
func gather(role *rbacv1.ClusterRole, all []*rbacv1.ClusterRole) (rules []rbacv1.PolicyRule, changed bool, err error) {
	if role.AggregationRule == nil {
		return nil, false, nil
	}
	sorted := slices.SortedFunc(slices.Values(all), func(a, b *rbacv1.ClusterRole) int { return cmp.Compare(a.Name, b.Name) })
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			return nil, false, fmt.Errorf("selector %d of cluster role %s: %w", i, role.Name, err)
		}
		for _, other := range sorted {
			if other.Name == role.Name || !selector.Matches(labels.Set(other.Labels)) {
				continue
			}
			for _, rule := range other.Rules {
				if !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(r, rule) }) {
					rules = append(rules, rule)
				}
			}
		}
	}
	return rules, !equality.Semantic.DeepEqual(rules, role.Rules), nil
}
