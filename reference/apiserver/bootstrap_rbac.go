package apiserver

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-helpers/auth/rbac/reconciliation"

	"github.com/plumbline/plumbline/reference/rbac"
)

// ensureRoles makes the roles and bindings that every cluster has, and gives back to those that are there what somebody took away, unless
// their annotation says not to.
func (s *Server) ensureRoles(ctx context.Context, client kubernetes.Interface) error {
	group, _ := errgroup.WithContext(ctx)
	for _, role := range rbac.DefaultRoles() {
		group.Go(func() error {
			_, err := (&reconciliation.ReconcileRoleOptions{
				Role: reconciliation.ClusterRoleRuleOwner{ClusterRole: &role}, Client: reconciliation.ClusterRoleModifier{Client: client.RbacV1().ClusterRoles()},
				Confirm: true,
			}).Run()
			if err != nil {
				return fmt.Errorf("set cluster role %s: %w", role.Name, err)
			}
			return nil
		})
	}
	for _, binding := range rbac.DefaultBindings() {
		group.Go(func() error {
			_, err := (&reconciliation.ReconcileRoleBindingOptions{
				RoleBinding: reconciliation.ClusterRoleBindingAdapter{ClusterRoleBinding: &binding},
				Client:      reconciliation.ClusterRoleBindingClientAdapter{Client: client.RbacV1().ClusterRoleBindings()},
				Confirm:     true,
			}).Run()
			if err != nil {
				return fmt.Errorf("set cluster role binding %s: %w", binding.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}
