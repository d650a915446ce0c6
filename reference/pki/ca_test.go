package pki

import (
	"crypto/x509"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAuthorityIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	first, err := LoadOrCreateAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadOrCreateAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	if string(first.PEM()) != string(second.PEM()) {
		t.Error("the second start made another authority")
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v; want it to be the owner's alone", info.Mode(), err)
	}
	if err := os.Remove(filepath.Join(dir, "ca.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateAuthority(dir); err == nil {
		t.Error("a certificate without its key was replaced, which locks all nodes out; want an error")
	}
}

func TestNodeCredentials(t *testing.T) {
	authority, err := LoadOrCreateAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := authority.Node("https://127.0.0.1:6443", "node-1", []netip.Addr{netip.MustParseAddr("192.0.2.1")})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := credentials.ServingCert()
	if err != nil {
		t.Fatal(err)
	}
	for name, usage := range map[string]x509.ExtKeyUsage{"client": x509.ExtKeyUsageClientAuth, "server": x509.ExtKeyUsageServerAuth} {
		if _, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: authority.Pool(), KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			t.Errorf("as a %s's: %v", name, err)
		}
	}
}

func TestNodesCannotBecomeMore(t *testing.T) {
	for _, tt := range []struct {
		name string
		csr  x509.CertificateRequest
		want string
	}{
		{"not a node", request("kubernetes-admin", "system:nodes"), "not a node"},
		{"another group", request("system:node:a", "system:masters"), "groups"},
		{"one group more", request("system:node:a", "system:nodes", "system:masters"), "groups"},
		{"another name", withNames(request("system:node:a", "system:nodes"), "kubernetes.default.svc"), "names"},
		{"no name", request("system:node:", "system:nodes"), "node name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := checkNodeRequest(&tt.csr, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it refused for its %s", err, tt.want)
			}
		})
	}
}

func request(name string, groups ...string) x509.CertificateRequest {
	var csr x509.CertificateRequest
	csr.Subject.CommonName, csr.Subject.Organization = name, groups
	return csr
}

func withNames(csr x509.CertificateRequest, names ...string) x509.CertificateRequest {
	csr.DNSNames = names
	return csr
}
