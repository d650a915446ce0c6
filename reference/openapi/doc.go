// Package openapi holds the OpenAPI definitions of the types that the reference serves.
//
// openapi_generated.go is made by kube-openapi's generator out of the comments of k8s.io/api and k8s.io/metrics, and is committed, so that
// a build needs no generator. `go generate ./reference/openapi` makes it again when the version of k8s.io/api changes.
package openapi

//go:generate go run k8s.io/kube-openapi/cmd/openapi-gen@v0.0.0-20260721132016-d427ff9ee9ad --go-header-file header.txt --output-dir . --output-pkg github.com/plumbline/plumbline/reference/openapi --output-file openapi_generated.go --report-filename /dev/null k8s.io/api/core/v1 k8s.io/api/apps/v1 k8s.io/api/discovery/v1 k8s.io/api/events/v1 k8s.io/api/coordination/v1 k8s.io/api/authentication/v1 k8s.io/api/authorization/v1 k8s.io/api/autoscaling/v1 k8s.io/api/autoscaling/v2 k8s.io/api/policy/v1 k8s.io/api/rbac/v1 k8s.io/api/storage/v1 k8s.io/metrics/pkg/apis/metrics/v1beta1 k8s.io/apimachinery/pkg/apis/meta/v1 k8s.io/apimachinery/pkg/api/resource k8s.io/apimachinery/pkg/runtime k8s.io/apimachinery/pkg/util/intstr k8s.io/apimachinery/pkg/version
