package apiserver

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/token"
)

// tokenRequest is the subresource token of service accounts: each object that is created there is answered with a token, and none is kept.
// (pkg/registry/core/serviceaccount/storage/token.go in Kubernetes)
type tokenRequest struct{ access *access }

// How long tokens are good, in seconds.
const (
	defaultTokenLife = 3600
	minTokenLife     = 600
	maxTokenLife     = 1 << 32
	// mountedTokenLife is what a Pod's own token is asked for. It goes on working for longer, for clients that do not read the file again.
	mountedTokenLife  = 3600 + 7
	extendedTokenLife = 365 * 24 * 3600
)

var tokenRequestKind = authenticationv1.SchemeGroupVersion.WithKind("TokenRequest")

func (tokenRequest) New() runtime.Object { return &authenticationv1.TokenRequest{} }

// Destroy has nothing to do: there is no storage.
func (tokenRequest) Destroy() {}

// GroupVersionKind tells discovery that the body is of another group than the account.
func (tokenRequest) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return tokenRequestKind
}

// PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate keeps the UID, which is a precondition here.
func (tokenRequest) PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate() bool { return true }

func (r tokenRequest) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	asked, ok := obj.(*authenticationv1.TokenRequest)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a TokenRequest: %T", obj))
	}
	namespace := request.NamespaceValue(ctx)
	meta := field.NewPath("metadata")
	switch {
	case asked.Name != "" && asked.Name != name:
		return nil, apierrors.NewInvalid(tokenRequestKind.GroupKind(), name,
			field.ErrorList{field.Invalid(meta.Child("name"), asked.Name, "must match the service account name if specified")})
	case asked.Namespace != "" && asked.Namespace != namespace:
		return nil, apierrors.NewInvalid(tokenRequestKind.GroupKind(), name,
			field.ErrorList{field.Invalid(meta.Child("namespace"), asked.Namespace, "must match the service account namespace if specified")})
	}
	account, err := r.access.account(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	if asked.UID != "" && asked.UID != account.UID {
		return nil, apierrors.NewConflict(schema.GroupResource{Group: tokenRequestKind.Group, Resource: tokenRequestKind.Kind}, name, fmt.Errorf(
			"the UID in the token request (%s) does not match the UID of the service account (%s)", asked.UID, account.UID))
	}
	now := time.Now()
	r.complete(asked, account, now)
	if errs := validateTokenRequest(&asked.Spec); len(errs) > 0 {
		return nil, apierrors.NewInvalid(tokenRequestKind.GroupKind(), "", errs)
	}
	if validate != nil {
		if err := validate(ctx, asked.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	bearer, err := r.bearer(ctx, account, asked.Spec.BoundObjectRef)
	if err != nil {
		return nil, err
	}
	return asked, r.issue(asked, bearer, now)
}

// complete fills in what a request leaves open.
func (r tokenRequest) complete(asked *authenticationv1.TokenRequest, account *corev1.ServiceAccount, now time.Time) {
	asked.Name, asked.Namespace, asked.UID = account.Name, account.Namespace, account.UID
	asked.CreationTimestamp = metav1.NewTime(now)
	asked.Status = authenticationv1.TokenRequestStatus{}
	if len(asked.Spec.Audiences) == 0 {
		asked.Spec.Audiences = r.access.audiences()
	}
	if asked.Spec.ExpirationSeconds == nil {
		life := int64(defaultTokenLife)
		asked.Spec.ExpirationSeconds = &life
	}
}

func validateTokenRequest(spec *authenticationv1.TokenRequestSpec) field.ErrorList {
	path, life := field.NewPath("spec", "expirationSeconds"), *spec.ExpirationSeconds
	switch {
	case life < minTokenLife:
		return field.ErrorList{field.Invalid(path, life, "may not specify a duration less than 10 minutes")}
	case life > maxTokenLife:
		return field.ErrorList{field.Invalid(path, life, "may not specify a duration larger than 2^32 seconds")}
	}
	return nil
}

// bearer is whom the token is for, and what it is bound to.
func (r tokenRequest) bearer(ctx context.Context, account *corev1.ServiceAccount, ref *authenticationv1.BoundObjectReference) (token.Bearer, error) {
	bearer := token.Bearer{Namespace: account.Namespace, ServiceAccount: token.Named{Name: account.Name, UID: string(account.UID)}}
	if ref == nil {
		return bearer, nil
	}
	// Bound objects are all of the core group.
	gvk := schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind)
	var bound metav1.Object
	var err error
	switch gvk.GroupKind() {
	case schema.GroupKind{Kind: kind.Pod.Kind}:
		if bound, err = r.access.object(ctx, &kind.Pod, account.Namespace, ref.Name, ""); err != nil {
			return bearer, err
		}
		pod := bound.(*corev1.Pod)
		if pod.Spec.ServiceAccountName != account.Name {
			return bearer, apierrors.NewBadRequest(fmt.Sprintf(
				"cannot bind token for serviceaccount %q to pod running with different serviceaccount name.", account.Name))
		}
		bearer.Pod, bearer.Node = named(bound), r.node(ctx, pod.Spec.NodeName)
	case schema.GroupKind{Kind: kind.Secret.Kind}:
		if bound, err = r.access.object(ctx, &kind.Secret, account.Namespace, ref.Name, ""); err != nil {
			return bearer, err
		}
		bearer.Secret = named(bound)
	case schema.GroupKind{Kind: kind.Node.Kind}:
		if bound, err = r.access.object(ctx, &kind.Node, "", ref.Name, ""); err != nil {
			return bearer, err
		}
		bearer.Node = named(bound)
	default:
		return bearer, apierrors.NewBadRequest(fmt.Sprintf("cannot bind token to object of type %s", gvk))
	}
	if ref.UID != "" && ref.UID != bound.GetUID() {
		return bearer, apierrors.NewConflict(schema.GroupResource{Group: gvk.Group, Resource: gvk.Kind}, ref.Name, fmt.Errorf(
			"the UID in the bound object reference (%s) does not match the UID in record. The object might have been deleted and then recreated", ref.UID))
	}
	return bearer, nil
}

func named(obj metav1.Object) *token.Named {
	return &token.Named{Name: obj.GetName(), UID: string(obj.GetUID())}
}

// node says where a Pod runs; of a node that is not there any more its name is left.
func (r tokenRequest) node(ctx context.Context, name string) *token.Named {
	if name == "" {
		return nil
	}
	var uid types.UID
	if node, err := r.access.object(ctx, &kind.Node, "", name, "0"); err == nil {
		uid = node.GetUID()
	}
	return &token.Named{Name: name, UID: string(uid)}
}

func (r tokenRequest) issue(asked *authenticationv1.TokenRequest, bearer token.Bearer, now time.Time) error {
	wanted := time.Duration(*asked.Spec.ExpirationSeconds) * time.Second
	life := wanted
	if bearer.Pod != nil && *asked.Spec.ExpirationSeconds == mountedTokenLife && slices.Equal(asked.Spec.Audiences, r.access.audiences()) {
		bearer.WarnAfter = jwt.NewNumericDate(now.Add(wanted))
		life = extendedTokenLife * time.Second
	}
	text, err := r.access.issuer.Issue(bearer, asked.Spec.Audiences, now, life)
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	asked.Status = authenticationv1.TokenRequestStatus{Token: text, ExpirationTimestamp: metav1.NewTime(now.Add(wanted))}
	return nil
}
