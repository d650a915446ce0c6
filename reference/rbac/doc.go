// Package rbac decides who may do what: by roles and bindings, and for nodes by what runs on them.
//
// Rules are matched, and bindings resolved, as upstream does (plugin/pkg/auth/authorizer in Kubernetes).
package rbac
