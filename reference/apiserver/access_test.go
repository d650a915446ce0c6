package apiserver_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/plumbline/plumbline/reference/pki"
)

func TestAnonymousIsRefused(t *testing.T) {
	for _, path := range []string{"/", "/api", "/apis", "/api/v1/pods", "/openapi/v2", "/metrics", "/nothing"} {
		if a := send(t, stranger(), "GET", shared.config.Host+path, ""); a.code != http.StatusForbidden {
			t.Errorf("GET %s without a certificate: %d, want 403", path, a.code)
		}
	}
	for _, path := range []string{"/version", "/readyz"} {
		if a := send(t, stranger(), "GET", shared.config.Host+path, ""); a.code != http.StatusOK {
			t.Errorf("GET %s without a certificate: %d, want 200", path, a.code)
		}
	}
	if a := send(t, stranger(), "GET", shared.config.Host+"/api/v1/pods", "", "Authorization", "Bearer nonsense"); a.code != http.StatusUnauthorized {
		t.Errorf("a token that nobody gave: %d, want 401", a.code)
	}
}

func TestForeignCertificateIsRefused(t *testing.T) {
	authority, err := pki.LoadOrCreateAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Client("kubernetes-admin", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := pair.TLS()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}}}}
	if a := send(t, client, "GET", shared.config.Host+"/api/v1/pods", ""); a.code != http.StatusUnauthorized {
		t.Errorf("a certificate of another authority: %d, want 401", a.code)
	}
}

func TestJoin(t *testing.T) {
	address := []netip.Addr{netip.MustParseAddr("192.0.2.7")}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	credentials, err := pki.Join(ctx, shared.config.Host, joinToken, "node-7", address)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := credentials.Save(dir); err != nil {
		t.Fatal(err)
	}
	if credentials, err = pki.LoadCredentials(dir); err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(credentials.Config())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{}); err != nil {
		t.Errorf("list Pods with the node's certificate: %v", err)
	}
	cert, err := credentials.ServingCert()
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.Leaf.VerifyHostname("192.0.2.7"); err != nil {
		t.Errorf("the node's certificate as a server's: %v", err)
	}
	if got, want := cert.Leaf.Subject.String(), "CN=system:node:node-7,O=system:nodes"; got != want {
		t.Errorf("the certificate is of %s, want %s", got, want)
	}
}

func TestJoinIsRefused(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, tt := range []struct{ name, token, node, address string }{
		{"wrong token", "wrong", "node-7", "192.0.2.7"},
		{"no token", "", "node-7", "192.0.2.7"},
		{"bad name", joinToken, "Node_7", "192.0.2.7"},
		{"address of a Service", joinToken, "node-7", "10.96.3.4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := pki.Join(ctx, shared.config.Host, tt.token, tt.node, []netip.Addr{netip.MustParseAddr(tt.address)})
			if !errors.Is(err, pki.ErrRefused) {
				t.Errorf("got %v, want it refused", err)
			}
		})
	}
	if a := send(t, stranger(), "POST", shared.config.Host+pki.NodePath, "x", "Authorization", "Bearer wrong"); a.code != http.StatusUnauthorized {
		t.Errorf("a certificate request with the wrong token: %d, want 401", a.code)
	}
	if a := send(t, stranger(), "POST", shared.config.Host+pki.NodePath, "x", "Authorization", "Bearer "+joinToken); a.code != http.StatusBadRequest {
		t.Errorf("a request that is none: %d, want 400", a.code)
	}
}

func TestDefaultNamespaceStays(t *testing.T) {
	for _, name := range []string{"default", "kube-system", "kube-public"} {
		if err := shared.client.CoreV1().Namespaces().Delete(t.Context(), name, metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
			t.Errorf("delete namespace %s: %v, want it forbidden", name, err)
		}
	}
}
