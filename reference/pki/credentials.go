package pki

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
)

// Credentials are what a node has in order to speak to the server, and to be spoken to.
type Credentials struct {
	// Server is the URL of the API.
	Server string
	// CA is the certificate of the cluster's authority, PEM.
	CA []byte
	// Pair is the node's certificate: as a client it is system:node:NAME, and the node's own server shows it too.
	Pair
}

// Config is how the node reaches the API.
func (c *Credentials) Config() *rest.Config {
	return &rest.Config{
		Host:            c.Server,
		TLSClientConfig: rest.TLSClientConfig{CAData: c.CA, CertData: c.Cert, KeyData: c.Key},
	}
}

// ServingCert is the certificate of the node's own server.
func (c *Credentials) ServingCert() (tls.Certificate, error) {
	cert, err := c.TLS()
	if err != nil {
		return cert, fmt.Errorf("load the node's certificate: %w", err)
	}
	return cert, nil
}

// ClientCA is the authority of those who may come to the node's own server.
func (c *Credentials) ClientCA() (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(c.CA) {
		return nil, errors.New("load the cluster's authority: no certificate in it")
	}
	return pool, nil
}

// credentialFiles are the files of credentials in a directory.
const (
	serverFile = "server"
	caFile     = "ca.crt"
	certFile   = "node.crt"
	keyFile    = "node.key"
)

// Save keeps the credentials in dir, for LoadCredentials. The certificate is written last: where it is, all is.
func (c *Credentials) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of the node's credentials: %w", err)
	}
	for _, file := range []struct {
		name string
		data []byte
		mode fs.FileMode
	}{{serverFile, []byte(c.Server), 0o644}, {caFile, c.CA, 0o644}, {keyFile, c.Key, 0o600}, {certFile, c.Cert, 0o644}} {
		if err := writeFile(filepath.Join(dir, file.name), file.data, file.mode); err != nil {
			return err
		}
	}
	return nil
}

// LoadCredentials reads what Save kept in dir. The error wraps fs.ErrNotExist when nothing was.
func LoadCredentials(dir string) (*Credentials, error) {
	read := func(name string) (data []byte, err error) {
		if data, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, fmt.Errorf("read the node's credentials: %w", err)
		}
		return data, nil
	}
	cert, err := read(certFile)
	if err != nil {
		return nil, err
	}
	server, err1 := read(serverFile)
	ca, err2 := read(caFile)
	key, err3 := read(keyFile)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	c := &Credentials{Server: string(server), CA: ca, Pair: Pair{Cert: cert, Key: key}}
	if _, err := c.ServingCert(); err != nil {
		return nil, err
	}
	return c, nil
}
