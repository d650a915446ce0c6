package apiserver_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/plumbline/plumbline/reference/pki"
)

// bearer is a client that shows a token.
func (t *target) bearer(tb testing.TB, token string) *kubernetes.Clientset {
	tb.Helper()
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host: t.config.Host, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: t.config.CAData}, QPS: -1,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

func (t *target) token(tb testing.TB, namespace, account string, spec authenticationv1.TokenRequestSpec) string {
	tb.Helper()
	asked, err := t.client.CoreV1().ServiceAccounts(namespace).CreateToken(tb.Context(), account, &authenticationv1.TokenRequest{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return asked.Status.Token
}

// within waits for what follows a write by way of a cache, by asking again and again: no watch tells when the authorizer has read what one sees.
func within(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("%s: not within 10 s", what)
		}
	}
}

func TestRolesDecide(t *testing.T) {
	ns := shared.namespace(t)
	api := shared.client.RbacV1()
	client := shared.bearer(t, shared.token(t, ns, "default", authenticationv1.TokenRequestSpec{}))
	list := func(namespace string) error {
		_, err := client.CoreV1().Endpoints(namespace).List(t.Context(), metav1.ListOptions{})
		return err
	}
	who, err := client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	groups := []string{"system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"}
	if diff := cmp.Diff(groups, who.Status.UserInfo.Groups); diff != "" || who.Status.UserInfo.Username != "system:serviceaccount:"+ns+":default" {
		t.Errorf("user %q, groups (-want +got):\n%s", who.Status.UserInfo.Username, diff)
	}
	want := `endpoints is forbidden: User "system:serviceaccount:` + ns + `:default" cannot list resource "endpoints" in API group "" in the namespace "` + ns + `"`
	if err := list(ns); !apierrors.IsForbidden(err) || err.Error() != want {
		t.Errorf("without a role: %v, want %q", err, want)
	}

	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "reader"}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"endpoints"}}}}
	if _, err := api.Roles(ns).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "reader"}, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "reader"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "default", Namespace: ns}}}
	if _, err := api.RoleBindings(ns).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	within(t, "allowed by the role", func() bool { return list(ns) == nil })
	if err := list("default"); !apierrors.IsForbidden(err) {
		t.Errorf("in another namespace: %v, want Forbidden", err)
	}
	if _, err := client.CoreV1().Endpoints(ns).Get(t.Context(), "x", metav1.GetOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("another verb: %v, want Forbidden", err)
	}
	review, err := shared.client.AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "system:serviceaccount:" + ns + ":default", ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Resource: "endpoints", Namespace: ns},
	}}, metav1.CreateOptions{})
	if err != nil || !review.Status.Allowed || !strings.HasPrefix(review.Status.Reason, `RBAC: allowed by RoleBinding "reader/`) {
		t.Errorf("review: %v, %+v", err, review.Status)
	}
	if err := api.RoleBindings(ns).Delete(t.Context(), "reader", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	within(t, "refused again", func() bool { return apierrors.IsForbidden(list(ns)) })
}

func TestNobodyGivesWhatItHasNot(t *testing.T) {
	ns := shared.namespace(t)
	client := shared.bearer(t, shared.token(t, ns, "default", authenticationv1.TokenRequestSpec{}))
	rules := func(resource string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{resource}}}
	}
	own := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "own"}, Rules: append(rules("pods"), rbacv1.PolicyRule{
		Verbs: []string{"create", "update"}, APIGroups: []string{rbacv1.GroupName}, Resources: []string{"roles", "rolebindings"}})}
	if _, err := shared.client.RbacV1().Roles(ns).Create(t.Context(), own, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "own"}, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "own"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "default", Namespace: ns}}}
	if _, err := shared.client.RbacV1().RoleBindings(ns).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	create := func(name, resource string) error {
		_, err := client.RbacV1().Roles(ns).Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules(resource)}, metav1.CreateOptions{})
		return err
	}
	within(t, "a role within its rights", func() bool { return create("less", "pods") == nil })
	err := create("more", "secrets")
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `is attempting to grant RBAC permissions not currently held:`+"\n"+`{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`) {
		t.Errorf("a role beyond its rights: %v", err)
	}
	cluster := binding.DeepCopy()
	cluster.ObjectMeta, cluster.RoleRef = metav1.ObjectMeta{Name: "cluster"}, rbacv1.RoleRef{Kind: "ClusterRole", Name: "cluster-admin"}
	if _, err := client.RbacV1().RoleBindings(ns).Create(t.Context(), cluster, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("binding a role with more rights: %v, want Forbidden", err)
	}
}

func TestTokensAreBound(t *testing.T) {
	ns := shared.namespace(t)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "example.com/app"}}}}
	created, err := shared.client.CoreV1().Pods(ns).Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if volume := created.Spec.Volumes[0]; !strings.HasPrefix(volume.Name, "kube-api-access-") || created.Spec.Containers[0].VolumeMounts[0].MountPath != "/var/run/secrets/kubernetes.io/serviceaccount" {
		t.Errorf("volume %+v, mounts %+v", volume, created.Spec.Containers[0].VolumeMounts)
	}
	ref := &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: "pod", UID: created.UID}
	text := shared.token(t, ns, "default", authenticationv1.TokenRequestSpec{BoundObjectRef: ref})
	review := func(token string, audiences ...string) authenticationv1.TokenReviewStatus {
		t.Helper()
		r, err := shared.client.AuthenticationV1().TokenReviews().Create(t.Context(), &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: audiences}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Status
	}
	if got := review(text); !got.Authenticated || got.User.Extra["authentication.kubernetes.io/pod-name"][0] != "pod" {
		t.Errorf("a good token: %+v", got)
	}
	if got := review(text, "elsewhere"); got.Authenticated || !strings.Contains(got.Error, "invalid for the target audiences") {
		t.Errorf("for another audience: %+v", got)
	}
	if got := review(text[:len(text)-4] + "AAAA"); got.Authenticated {
		t.Errorf("with another signature: %+v", got)
	}
	for name, tc := range map[string]struct {
		spec authenticationv1.TokenRequestSpec
		code int32
	}{
		"too short a life":      {authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](599)}, http.StatusUnprocessableEntity},
		"a Pod that is not":     {authenticationv1.TokenRequestSpec{BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: "none"}}, http.StatusNotFound},
		"another Pod's UID":     {authenticationv1.TokenRequestSpec{BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: "pod", UID: "x"}}, http.StatusConflict},
		"a kind that binds not": {authenticationv1.TokenRequestSpec{BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Service", Name: "x"}}, http.StatusBadRequest},
	} {
		_, err := shared.client.CoreV1().ServiceAccounts(ns).CreateToken(t.Context(), "default", &authenticationv1.TokenRequest{Spec: tc.spec}, metav1.CreateOptions{})
		if status, ok := err.(apierrors.APIStatus); !ok || status.Status().Code != tc.code {
			t.Errorf("%s: %v, want %d", name, err, tc.code)
		}
	}
	if err := shared.client.CoreV1().Pods(ns).Delete(t.Context(), "pod", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}); err != nil {
		t.Fatal(err)
	}
	within(t, "a token of a Pod that is gone is refused", func() bool { return !review(text).Authenticated })

	// What a mounted token is asked for, it is told to be good for; what it says of itself is longer.
	pod.ResourceVersion = ""
	if _, err := shared.client.CoreV1().Pods(ns).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ref.UID = ""
	mounted := shared.token(t, ns, "default", authenticationv1.TokenRequestSpec{BoundObjectRef: ref, ExpirationSeconds: ptr.To[int64](3607)})
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(mounted, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Iat, Exp int64
		K        struct {
			WarnAfter int64 `json:"warnafter"`
		} `json:"kubernetes.io"`
	}
	if err := json.Unmarshal(body, &claims); err != nil || claims.Exp-claims.Iat != 365*24*3600 || claims.K.WarnAfter-claims.Iat != 3607 {
		t.Errorf("claims %+v, error %v", claims, err)
	}
}

func TestNodesKeepToThemselves(t *testing.T) {
	ns := shared.namespace(t)
	credentials, err := pki.Join(t.Context(), shared.config.Host, joinToken, "keeper", []netip.Addr{netip.MustParseAddr("192.0.2.8")})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(credentials.Config())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"used", "other"} {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := shared.client.CoreV1().Secrets(ns).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	uid := map[string]types.UID{}
	for name, node := range map[string]string{"own": "keeper", "foreign": "elsewhere"} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{
			NodeName: node, Containers: []corev1.Container{{Name: "app", Image: "example.com/app"}},
			Volumes: []corev1.Volume{{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: map[string]string{"own": "used", "foreign": "other"}[name]}}}},
		}}
		created, err := shared.client.CoreV1().Pods(ns).Create(t.Context(), pod, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		uid[name] = created.UID
	}
	secret := func(name string) error {
		_, err := client.CoreV1().Secrets(ns).Get(t.Context(), name, metav1.GetOptions{})
		return err
	}
	within(t, "a secret of its own Pod", func() bool { return secret("used") == nil })
	if err := secret("other"); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "no relationship found between node 'keeper' and this object") {
		t.Errorf("a secret of another node's Pod: %v", err)
	}
	if _, err := client.CoreV1().Secrets(ns).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("all secrets: %v, want Forbidden", err)
	}
	token := func(pod string) error {
		spec := authenticationv1.TokenRequestSpec{}
		if pod != "" {
			spec.BoundObjectRef = &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod}
			spec.BoundObjectRef.UID = uid[pod]
		}
		_, err := client.CoreV1().ServiceAccounts(ns).CreateToken(t.Context(), "default", &authenticationv1.TokenRequest{Spec: spec}, metav1.CreateOptions{})
		return err
	}
	if err := token("own"); err != nil {
		t.Errorf("a token for its own Pod: %v", err)
	}
	for pod, want := range map[string]string{"": "not bound to a pod", "foreign": "bound to a pod scheduled on a different node"} {
		if err := token(pod); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("a token for Pod %q: %v, want %q", pod, err, want)
		}
	}
	none := metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}
	if err := client.CoreV1().Pods(ns).Delete(t.Context(), "foreign", none); !apierrors.IsForbidden(err) {
		t.Errorf("deleting another node's Pod: %v, want Forbidden", err)
	}
	if err := client.CoreV1().Pods(ns).Delete(t.Context(), "own", none); err != nil {
		t.Errorf("deleting its own Pod: %v", err)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "another"}}
	if _, err := client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("another node's object: %v, want Forbidden", err)
	}
}
