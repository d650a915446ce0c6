package apiserver

import (
	"context"
	"slices"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/plumbline/plumbline/reference/pki"
)

// newAuthenticator knows users by client certificates of the cluster's authority; who shows none is nobody, and is refused.
func newAuthenticator(authority *pki.Authority) authenticator.Request {
	options := x509.DefaultVerifyOptions()
	options.Roots = authority.Pool()
	return group.NewAuthenticatedGroupAdder(x509.New(options, x509.CommonNameUserConversion))
}

// newAuthorizer lets everybody do everything who is somebody.
func newAuthorizer() authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		if u := a.GetUser(); u != nil && slices.Contains(u.GetGroups(), user.AllAuthenticated) {
			return authorizer.DecisionAllow, "", nil
		}
		return authorizer.DecisionNoOpinion, "", nil
	})
}
