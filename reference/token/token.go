// Package token makes and reads the tokens by which service accounts are known: JSON web tokens, signed by the cluster, each for an
// audience and a time, and mostly bound to a Pod.
//
// What a token holds is what upstream puts there (pkg/serviceaccount/claims.go in Kubernetes), so that whoever reads tokens finds it.
package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
)

// Named is an object that a token speaks of.
type Named struct {
	Name string `json:"name,omitempty"`
	UID  string `json:"uid,omitempty"`
}

// Bearer is whom a token is for, and what it is bound to: when that goes, the token is worth nothing.
type Bearer struct {
	Namespace      string `json:"namespace,omitempty"`
	ServiceAccount Named  `json:"serviceaccount"`
	// At most one of Pod and Secret is set. Node says where the Pod runs, or is what the token is bound to.
	Pod    *Named `json:"pod,omitempty"`
	Secret *Named `json:"secret,omitempty"`
	Node   *Named `json:"node,omitempty"`
	// WarnAfter is when a token is older than was asked for, and still good.
	WarnAfter *jwt.NumericDate `json:"warnafter,omitempty"`
}

// Claims is all that a token says.
type Claims struct {
	jwt.RegisteredClaims
	Bearer Bearer `json:"kubernetes.io"`
}

// Issuer signs tokens, and knows its own.
type Issuer struct {
	url string
	key *ecdsa.PrivateKey
	id  string
}

// NewIssuer is one of the given name, which is a URL.
func NewIssuer(url string, key *ecdsa.PrivateKey) (*Issuer, error) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("encode the public key of tokens: %w", err)
	}
	if key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("the key of tokens is of the curve %s, not P-256", key.Params().Name)
	}
	sum := sha256.Sum256(der)
	return &Issuer{url: url, key: key, id: base64.RawURLEncoding.EncodeToString(sum[:])}, nil
}

// URL is the issuer's name.
func (i *Issuer) URL() string { return i.url }

// Issue makes a token that is good from now for the given time.
func (i *Issuer) Issue(bearer Bearer, audiences []string, now time.Time, lifetime time.Duration) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodES256, Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: i.url, Subject: serviceaccount.MakeUsername(bearer.Namespace, bearer.ServiceAccount.Name), Audience: audiences, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		},
		Bearer: bearer,
	})
	token.Header["kid"] = i.id
	signed, err := token.SignedString(i.key)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed, nil
}

// ErrForeign is said of what is no token of this issuer's: somebody else may know it.
var ErrForeign = errors.New("not a token of this cluster")

// leeway forgives clocks that disagree a little.
const leeway = time.Minute

// Read returns what a token says, if this issuer has signed it and its time has not passed.
func (i *Issuer) Read(text string, now time.Time) (*Claims, error) {
	claims := &Claims{}
	if _, _, err := jwt.NewParser().ParseUnverified(text, claims); err != nil || claims.Issuer != i.url {
		return nil, ErrForeign
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}), jwt.WithExpirationRequired(), jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(func() time.Time { return now }))
	claims = &Claims{}
	_, err := parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return &i.key.PublicKey, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, errors.New("service account token has expired")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return nil, errors.New("service account token is not valid yet")
	case err != nil:
		return nil, errors.New("invalid bearer token")
	case claims.Bearer.Namespace == "" || claims.Subject != serviceaccount.MakeUsername(claims.Bearer.Namespace, claims.Bearer.ServiceAccount.Name):
		return nil, errors.New("invalid bearer token")
	}
	return claims, nil
}

// Keys is the public key as a JSON web key set.
func (i *Issuer) Keys() map[string]any {
	point, err := i.key.PublicKey.Bytes()
	if err != nil { // of a curve that NewIssuer lets pass there is an encoding
		panic(err)
	}
	// An uncompressed point is a byte that says so, and two coordinates.
	half := (len(point) - 1) / 2
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]any{"keys": []map[string]string{{
		"use": "sig", "kty": "EC", "kid": i.id, "crv": "P-256", "alg": "ES256", "x": encode(point[1 : 1+half]), "y": encode(point[1+half:]),
	}}}
}

// Discovery is the issuer's description for OpenID clients.
func (i *Issuer) Discovery(keysURL string) map[string]any {
	return map[string]any{
		"issuer": i.url, "jwks_uri": keysURL, "response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
	}
}
