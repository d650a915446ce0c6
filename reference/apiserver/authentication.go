package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/anonymous"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/request/websocket"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	tokenjwt "k8s.io/apiserver/pkg/authentication/token/jwt"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/pki"
	"github.com/plumbline/plumbline/reference/token"
)

// access knows who a client is, and what it may do. Its stores are set before anything is served.
type access struct {
	issuer *token.Issuer
	stores map[*kind.Kind]*store
}

// audiences are those that the tokens of this server's clients are for.
func (a *access) audiences() authenticator.Audiences {
	return authenticator.Audiences{a.issuer.URL()}
}

// authenticator knows users by client certificates of the cluster's authority, and service accounts by the cluster's tokens. Who shows
// nothing is anonymous; who shows something wrong is refused.
func (a *access) authenticator(authority *pki.Authority) authenticator.Request {
	options := x509.DefaultVerifyOptions()
	options.Roots = authority.Pool()
	known := union.New(x509.New(options, x509.CommonNameUserConversion), a.tokens(), websocket.NewProtocolAuthenticator(a))
	return union.NewFailOnError(group.NewAuthenticatedGroupAdder(known), anonymous.NewAuthenticator(nil))
}

// tokens reads the header of a request.
func (a *access) tokens() authenticator.Request { return bearertoken.New(a) }

// AuthenticateToken tells whose a token is. One that this cluster did not issue is not known, and no error.
func (a *access) AuthenticateToken(ctx context.Context, text string) (*authenticator.Response, bool, error) {
	now := time.Now()
	claims, err := a.issuer.Read(text, now)
	if errors.Is(err, token.ErrForeign) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	wanted, ok := authenticator.AudiencesFrom(ctx)
	if !ok {
		wanted = a.audiences()
	}
	shared := authenticator.Audiences(claims.Audience).Intersect(wanted)
	if len(shared) == 0 {
		return nil, false, fmt.Errorf("token audiences %q is invalid for the target audiences %q", []string(claims.Audience), []string(wanted))
	}
	if err := a.alive(ctx, &claims.Bearer, now); err != nil {
		return nil, false, err
	}
	info := serviceaccount.ServiceAccountInfo{
		Namespace: claims.Bearer.Namespace, Name: claims.Bearer.ServiceAccount.Name, UID: claims.Bearer.ServiceAccount.UID,
		CredentialID: tokenjwt.CredentialIDForJTI(claims.ID),
	}
	if pod := claims.Bearer.Pod; pod != nil {
		info.PodName, info.PodUID = pod.Name, pod.UID
	}
	if node := claims.Bearer.Node; node != nil {
		info.NodeName, info.NodeUID = node.Name, node.UID
	}
	return &authenticator.Response{User: info.UserInfo(), Audiences: shared}, true, nil
}

// terminationLeeway is how long a token outlives the time at which what it is bound to should have gone.
const terminationLeeway = time.Minute

// alive tells whether the account of a token, and what the token is bound to, are still there.
func (a *access) alive(ctx context.Context, bearer *token.Bearer, now time.Time) error {
	account := bearer.ServiceAccount
	if err := a.exists(ctx, &kind.ServiceAccount, bearer.Namespace, account, now); err != nil {
		return err
	}
	invalidated := errors.New("service account token has been invalidated")
	switch {
	case bearer.Pod != nil && a.exists(ctx, &kind.Pod, bearer.Namespace, *bearer.Pod, now) != nil,
		bearer.Secret != nil && a.exists(ctx, &kind.Secret, bearer.Namespace, *bearer.Secret, now) != nil,
		bearer.Pod == nil && bearer.Node != nil && a.exists(ctx, &kind.Node, "", *bearer.Node, now) != nil:
		return invalidated
	}
	return nil
}

// exists looks for an object first in the cache, which may not know yet what is new.
func (a *access) exists(ctx context.Context, k *kind.Kind, namespace string, wanted token.Named, now time.Time) error {
	var err error
	for _, version := range []string{"0", ""} {
		var have metav1.Object
		have, err = a.object(ctx, k, namespace, wanted.Name, version)
		switch {
		case err != nil:
		case have.GetUID() != types.UID(wanted.UID):
			err = fmt.Errorf("%s UID (%s) does not match claim (%s)", k.Singular, have.GetUID(), wanted.UID)
		case have.GetDeletionTimestamp() != nil && have.GetDeletionTimestamp().Add(terminationLeeway).Before(now):
			err = fmt.Errorf("%s %s/%s has been deleted", k.Singular, namespace, wanted.Name)
		default:
			return nil
		}
	}
	return err
}

// object reads one object; the resource version "0" is whatever the cache has.
func (a *access) object(ctx context.Context, k *kind.Kind, namespace, name, version string) (metav1.Object, error) {
	obj, err := a.stores[k].Get(scopeOf(ctx, k, namespace), name, &metav1.GetOptions{ResourceVersion: version})
	if err != nil {
		return nil, err
	}
	return obj.(metav1.Object), nil
}

// account reads a service account, wherever it is sooner known of.
func (a *access) account(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	obj, err := a.object(ctx, &kind.ServiceAccount, namespace, name, "0")
	if err != nil {
		obj, err = a.object(ctx, &kind.ServiceAccount, namespace, name, "")
	}
	if err != nil {
		return nil, err
	}
	return obj.(*corev1.ServiceAccount), nil
}

// newAccess makes what knows clients. Its stores are still missing.
func (s *Server) newAccess() (*access, error) {
	key, err := pki.LoadOrCreateTokenKey(filepath.Join(s.options.DataDir, "pki"))
	if err != nil {
		return nil, err
	}
	issuer, err := token.NewIssuer("https://kubernetes.default.svc."+s.options.clusterDomain(), key)
	if err != nil {
		return nil, err
	}
	return &access{issuer: issuer}, nil
}

// serveDiscovery tells OpenID clients how to know the cluster's tokens.
func (a *access) serveDiscovery(server *genericapiserver.GenericAPIServer) {
	const keys = "/openid/v1/jwks"
	serve := func(path, contentType string, content any) {
		server.Handler.NonGoRestfulMux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			if err := json.NewEncoder(w).Encode(content); err != nil {
				klog.V(2).InfoS("A client did not wait for the issuer's description", "path", path, "reason", err)
			}
		})
	}
	serve("/.well-known/openid-configuration", "application/json", a.issuer.Discovery(a.issuer.URL()+keys))
	serve(keys, "application/jwk-set+json", a.issuer.Keys())
}
