package apiserver

import (
	"context"
	"fmt"
	"net/http"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/plumbline/plumbline/reference/rbac"
)

// review is a question that is asked by creating an object: the answer is its status, and nothing is stored.
type review[T runtime.Object] struct {
	singular   string
	namespaced bool
	empty      func() T
	answer     func(ctx context.Context, asked T) (T, error)
}

func (r review[T]) New() runtime.Object { return r.empty() }

// Destroy has nothing to do: there is no storage.
func (review[T]) Destroy() {}

func (r review[T]) NamespaceScoped() bool   { return r.namespaced }
func (r review[T]) GetSingularName() string { return r.singular }

func (r review[T]) Create(ctx context.Context, obj runtime.Object, validate rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	asked, ok := obj.(T)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a %T: %#v", r.empty(), obj))
	}
	if validate != nil {
		if err := validate(ctx, obj.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	return r.answer(ctx, asked)
}

// question is what refusals call a review: upstream's have forgotten the kind by then.
var question = authorizationv1.SchemeGroupVersion.WithKind("").GroupKind()

// addReviews serves the questions about who somebody is, and what somebody may do.
func (r resources) addReviews(a *access) {
	who, may := authenticationv1.SchemeGroupVersion, authorizationv1.SchemeGroupVersion
	r.add(who, "tokenreviews", review[*authenticationv1.TokenReview]{
		"tokenreview", false, func() *authenticationv1.TokenReview { return &authenticationv1.TokenReview{} }, a.reviewToken})
	r.add(who, "selfsubjectreviews", review[*authenticationv1.SelfSubjectReview]{
		"selfsubjectreview", false, func() *authenticationv1.SelfSubjectReview { return &authenticationv1.SelfSubjectReview{} }, reviewSelf})
	r.add(may, "subjectaccessreviews", review[*authorizationv1.SubjectAccessReview]{
		"subjectaccessreview", false, func() *authorizationv1.SubjectAccessReview { return &authorizationv1.SubjectAccessReview{} }, a.reviewAccess})
	r.add(may, "localsubjectaccessreviews", review[*authorizationv1.LocalSubjectAccessReview]{
		"localsubjectaccessreview", true, func() *authorizationv1.LocalSubjectAccessReview { return &authorizationv1.LocalSubjectAccessReview{} }, a.reviewLocalAccess})
	r.add(may, "selfsubjectaccessreviews", review[*authorizationv1.SelfSubjectAccessReview]{
		"selfsubjectaccessreview", false, func() *authorizationv1.SelfSubjectAccessReview { return &authorizationv1.SelfSubjectAccessReview{} }, a.reviewOwnAccess})
	r.add(may, "selfsubjectrulesreviews", review[*authorizationv1.SelfSubjectRulesReview]{
		"selfsubjectrulesreview", false, func() *authorizationv1.SelfSubjectRulesReview { return &authorizationv1.SelfSubjectRulesReview{} }, a.reviewOwnRules})
}

func (a *access) reviewToken(ctx context.Context, asked *authenticationv1.TokenReview) (*authenticationv1.TokenReview, error) {
	if asked.Spec.Token == "" {
		return nil, apierrors.NewBadRequest("token is required for TokenReview in authentication")
	}
	wanted := authenticator.Audiences(asked.Spec.Audiences)
	if len(wanted) == 0 {
		wanted = a.audiences()
	}
	header := http.Header{"Authorization": []string{"Bearer " + asked.Spec.Token}}
	found, ok, err := a.tokens().AuthenticateRequest((&http.Request{Header: header}).WithContext(authenticator.WithAudiences(ctx, wanted)))
	asked.Status = authenticationv1.TokenReviewStatus{Authenticated: ok}
	if err != nil {
		asked.Status.Error = err.Error()
	}
	if found != nil {
		asked.Status.User, asked.Status.Audiences = userInfo(found.User), found.Audiences
	}
	return asked, nil
}

func userInfo(who user.Info) authenticationv1.UserInfo {
	info := authenticationv1.UserInfo{Username: who.GetName(), UID: who.GetUID(), Groups: who.GetGroups()}
	for key, values := range who.GetExtra() {
		if info.Extra == nil {
			info.Extra = map[string]authenticationv1.ExtraValue{}
		}
		info.Extra[key] = values
	}
	return info
}

func reviewSelf(ctx context.Context, _ *authenticationv1.SelfSubjectReview) (*authenticationv1.SelfSubjectReview, error) {
	who, err := asking(ctx)
	if err != nil {
		return nil, err
	}
	return &authenticationv1.SelfSubjectReview{
		ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.Now()}, Status: authenticationv1.SelfSubjectReviewStatus{UserInfo: userInfo(who)},
	}, nil
}

func asking(ctx context.Context) (user.Info, error) {
	who, ok := request.UserFrom(ctx)
	if !ok {
		return nil, apierrors.NewBadRequest("no user present on request")
	}
	return who, nil
}

func (a *access) reviewAccess(ctx context.Context, asked *authorizationv1.SubjectAccessReview) (*authorizationv1.SubjectAccessReview, error) {
	errs := append(validateAccessSpec(&asked.Spec), validateNoMeta(asked.ObjectMeta, "must be empty")...)
	if len(errs) > 0 {
		return nil, apierrors.NewInvalid(question, "", errs)
	}
	asked.Status = a.judge(ctx, subject(&asked.Spec), asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes)
	return asked, nil
}

func (a *access) reviewLocalAccess(ctx context.Context, asked *authorizationv1.LocalSubjectAccessReview) (*authorizationv1.LocalSubjectAccessReview, error) {
	meta := asked.ObjectMeta
	meta.Namespace = ""
	errs := append(validateAccessSpec(&asked.Spec), validateNoMeta(meta, "must be empty except for namespace")...)
	if in := asked.Spec.ResourceAttributes; in != nil && in.Namespace != asked.Namespace {
		errs = append(errs, field.Invalid(field.NewPath("spec.resourceAttributes.namespace"), in.Namespace, "must match metadata.namespace"))
	}
	if path := asked.Spec.NonResourceAttributes; path != nil {
		errs = append(errs, field.Invalid(field.NewPath("spec.nonResourceAttributes"), internalAttributes(*path), "disallowed on this kind of request"))
	}
	if len(errs) > 0 {
		return nil, apierrors.NewInvalid(question, "", errs)
	}
	if namespace := request.NamespaceValue(ctx); namespace != asked.Namespace {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("spec.resourceAttributes.namespace must match namespace: %v", namespace))
	}
	asked.Status = a.judge(ctx, subject(&asked.Spec), asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes)
	return asked, nil
}

func (a *access) reviewOwnAccess(ctx context.Context, asked *authorizationv1.SelfSubjectAccessReview) (*authorizationv1.SelfSubjectAccessReview, error) {
	errs := append(validateOneAttributes(asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes), validateNoMeta(asked.ObjectMeta, "must be empty")...)
	if len(errs) > 0 {
		return nil, apierrors.NewInvalid(question, "", errs)
	}
	who, err := asking(ctx)
	if err != nil {
		return nil, err
	}
	asked.Status = a.judge(ctx, who, asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes)
	return asked, nil
}

func (a *access) reviewOwnRules(ctx context.Context, asked *authorizationv1.SelfSubjectRulesReview) (*authorizationv1.SelfSubjectRulesReview, error) {
	who, err := asking(ctx)
	if err != nil {
		return nil, err
	}
	if asked.Spec.Namespace == "" {
		return nil, apierrors.NewBadRequest("no namespace on request")
	}
	rules, err := rbac.Authorizer{Source: a}.RulesFor(ctx, who, asked.Spec.Namespace)
	// What a node may do depends on its Pods.
	status := authorizationv1.SubjectRulesReviewStatus{
		ResourceRules: []authorizationv1.ResourceRule{}, NonResourceRules: []authorizationv1.NonResourceRule{}, Incomplete: rbac.NodeName(who) != "",
	}
	for _, rule := range rules {
		addRule(&status, rule)
	}
	if err != nil {
		status.EvaluationError = err.Error()
	}
	return &authorizationv1.SelfSubjectRulesReview{Status: status}, nil
}

func addRule(status *authorizationv1.SubjectRulesReviewStatus, rule rbacv1.PolicyRule) {
	if len(rule.Resources) > 0 {
		status.ResourceRules = append(status.ResourceRules, authorizationv1.ResourceRule{
			Verbs: rule.Verbs, APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames,
		})
	}
	if len(rule.NonResourceURLs) > 0 {
		status.NonResourceRules = append(status.NonResourceRules, authorizationv1.NonResourceRule{Verbs: rule.Verbs, NonResourceURLs: rule.NonResourceURLs})
	}
}

// judge asks the authorizer. A request about one of the two kinds of attributes is what validation leaves.
func (a *access) judge(ctx context.Context, who user.Info, resource *authorizationv1.ResourceAttributes, path *authorizationv1.NonResourceAttributes) authorizationv1.SubjectAccessReviewStatus {
	record := authorizer.AttributesRecord{User: who}
	if resource != nil {
		record.Verb, record.Namespace, record.Name, record.ResourceRequest = resource.Verb, resource.Namespace, resource.Name, true
		record.APIGroup, record.Resource, record.Subresource = resource.Group, resource.Resource, resource.Subresource
		if record.APIVersion = resource.Version; record.APIVersion == "" {
			record.APIVersion = "*"
		}
	} else {
		record.Verb, record.Path = path.Verb, path.Path
	}
	decision, reason, err := a.authorizer().Authorize(ctx, record)
	status := authorizationv1.SubjectAccessReviewStatus{
		Allowed: decision == authorizer.DecisionAllow, Denied: decision == authorizer.DecisionDeny, Reason: reason,
	}
	if err != nil {
		status.EvaluationError = err.Error()
	}
	return status
}

func subject(spec *authorizationv1.SubjectAccessReviewSpec) user.Info {
	extra := map[string][]string{}
	for key, values := range spec.Extra {
		extra[key] = values
	}
	return &user.DefaultInfo{Name: spec.User, UID: spec.UID, Groups: spec.Groups, Extra: extra}
}

func validateAccessSpec(spec *authorizationv1.SubjectAccessReviewSpec) field.ErrorList {
	errs := validateOneAttributes(spec.ResourceAttributes, spec.NonResourceAttributes)
	if spec.User == "" && len(spec.Groups) == 0 {
		errs = append(errs, field.Invalid(field.NewPath("spec", "user"), spec.User, "at least one of user or group must be specified"))
	}
	return errs
}

func validateOneAttributes(resource *authorizationv1.ResourceAttributes, path *authorizationv1.NonResourceAttributes) field.ErrorList {
	if (resource == nil) == (path == nil) {
		return field.ErrorList{field.Invalid(field.NewPath("spec"), path, "exactly one of nonResourceAttributes or resourceAttributes must be specified")}
	}
	return nil
}

// internalAttributes are printed as upstream's type of that name, whose fields have no names in JSON.
type internalAttributes struct{ Path, Verb string }

func validateNoMeta(meta metav1.ObjectMeta, message string) field.ErrorList {
	meta.ManagedFields = nil
	if equality.Semantic.DeepEqual(metav1.ObjectMeta{}, meta) {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("metadata"), meta, message)}
}
