package pki

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"k8s.io/klog/v2"
)

// Where the server answers nodes that have no certificate yet.
const (
	// AuthorityPath answers GET ?nonce=N with an AuthorityAnswer.
	AuthorityPath = "/bootstrap/ca"
	// NodePath answers POST of a certificate request, with the token as bearer, with a certificate; all PEM.
	NodePath = "/bootstrap/node"
)

const (
	joinRetry     = 500 * time.Millisecond
	joinTimeout   = 10 * time.Second
	maxJoinAnswer = 64 << 10
)

// ErrRefused says that the server or the token is not what it should be, so that trying again is of no use.
var ErrRefused = errors.New("joining was refused")

// AuthorityAnswer introduces the server to a node: MAC shows that whoever sent CA knows the token.
type AuthorityAnswer struct {
	CA  string `json:"ca"`
	MAC string `json:"mac"`
}

// Vouch is the MAC by which a server shows that it knows the token: hexadecimal HMAC-SHA256 over the nonce, a bar and the authority.
func Vouch(token, nonce string, ca []byte) string {
	mac := hmac.New(sha256.New, []byte(token))
	fmt.Fprintf(mac, "%s|%s", nonce, ca)
	return hex.EncodeToString(mac.Sum(nil))
}

// Join gets credentials for a node from server, e.g. https://10.0.0.1:6443. The token is sent only after the server has shown
// that it knows it. While the server cannot be reached, Join logs why and tries again, until ctx ends; an error that wraps
// ErrRefused is final.
func Join(ctx context.Context, server, token, nodeName string, ips []netip.Addr) (*Credentials, error) {
	if u, err := url.Parse(server); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("join %s: not a URL such as https://10.0.0.1:6443: %w", server, ErrRefused)
	}
	if token == "" {
		return nil, fmt.Errorf("join %s: a token is needed: %w", server, ErrRefused)
	}
	said := ""
	for {
		credentials, err := join(ctx, server, token, nodeName, ips)
		if err == nil {
			return credentials, nil
		}
		if errors.Is(err, ErrRefused) || ctx.Err() != nil {
			return nil, fmt.Errorf("join %s: %w", server, err)
		}
		if err.Error() != said {
			said = err.Error()
			klog.FromContext(ctx).Info("Cannot join yet; trying again", "server", server, "reason", said)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("join %s: %w", server, errors.Join(ctx.Err(), err))
		case <-time.After(joinRetry):
		}
	}
}

func join(ctx context.Context, server, token, nodeName string, ips []netip.Addr) (*Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	ca, err := authorityOf(ctx, server, token)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("the server's authority is no certificate: %w", ErrRefused)
	}
	request, key, err := NodeRequest(nodeName, ips)
	if err != nil {
		return nil, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, server+NodePath, bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Authorization", "Bearer "+token)
	cert, err := send(post, &tls.Config{RootCAs: roots})
	if err != nil {
		return nil, err
	}
	credentials := &Credentials{Server: server, CA: ca, Pair: Pair{Cert: cert, Key: key}}
	if _, err := credentials.ServingCert(); err != nil {
		return nil, err
	}
	return credentials, nil
}

// authorityOf asks a server that cannot be trusted yet for its authority, and checks that it knows the token.
func authorityOf(ctx context.Context, server, token string) ([]byte, error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	nonce := hex.EncodeToString(random)
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, server+AuthorityPath+"?nonce="+nonce, nil)
	if err != nil {
		return nil, err
	}
	// The answer is checked by the token instead.
	body, err := send(get, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	var answer AuthorityAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("read the server's authority: %w", err)
	}
	if !hmac.Equal([]byte(answer.MAC), []byte(Vouch(token, nonce, []byte(answer.CA)))) {
		return nil, fmt.Errorf("the server does not know the token: %w", ErrRefused)
	}
	return []byte(answer.CA), nil
}

func send(request *http.Request, config *tls.Config) ([]byte, error) {
	transport := &http.Transport{TLSClientConfig: config, Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxJoinAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	switch {
	case response.StatusCode == http.StatusOK:
		return body, nil
	case response.StatusCode >= 400 && response.StatusCode < 500:
		return nil, fmt.Errorf("the server answered %s: %s: %w", response.Status, bytes.TrimSpace(body), ErrRefused)
	default:
		return nil, fmt.Errorf("the server answered %s: %s", response.Status, bytes.TrimSpace(body))
	}
}
