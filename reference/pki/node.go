package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// What the certificate of a node says. (https://kubernetes.io/docs/reference/access-authn-authz/node)
const (
	nodeUserPrefix = "system:node:"
	nodesGroup     = "system:nodes"
)

// NodeRequest makes a key and a request for the certificate of a node. Both are PEM.
func NodeRequest(nodeName string, ips []netip.Addr) (request, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make the node's key: %w", err)
	}
	template := &x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: nodeUserPrefix + nodeName, Organization: []string{nodesGroup}},
		DNSNames: []string{nodeName},
	}
	for _, ip := range ips {
		template.IPAddresses = append(template.IPAddresses, net.IP(ip.AsSlice()))
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, private)
	if err != nil {
		return nil, nil, fmt.Errorf("make the node's certificate request: %w", err)
	}
	key, err = encodeKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), key, nil
}

// SignNode answers a request of NodeRequest. It refuses whatever asks to be more than a node, or has one of the addresses in taken.
func (a *Authority) SignNode(request []byte, taken ...netip.Prefix) (cert []byte, nodeName string, err error) {
	block, _ := pem.Decode(request)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, "", errors.New("not a certificate request")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, "", fmt.Errorf("parse the certificate request: %w", err)
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, "", fmt.Errorf("check the certificate request: %w", err)
	}
	nodeName, err = checkNodeRequest(csr, taken)
	if err != nil {
		return nil, "", err
	}
	cert, err = a.signLeaf(&x509.Certificate{
		Subject:     pkix.Name{CommonName: csr.Subject.CommonName, Organization: []string{nodesGroup}},
		DNSNames:    csr.DNSNames,
		IPAddresses: csr.IPAddresses,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, csr.PublicKey)
	return cert, nodeName, err
}

func checkNodeRequest(csr *x509.CertificateRequest, taken []netip.Prefix) (string, error) {
	nodeName, ok := strings.CutPrefix(csr.Subject.CommonName, nodeUserPrefix)
	if !ok {
		return "", fmt.Errorf("the request is of %q, which is not a node", csr.Subject.CommonName)
	}
	if problems := validation.IsDNS1123Subdomain(nodeName); len(problems) > 0 {
		return "", fmt.Errorf("node name %q: %s", nodeName, strings.Join(problems, "; "))
	}
	if groups := csr.Subject.Organization; len(groups) != 1 || groups[0] != nodesGroup {
		return "", fmt.Errorf("the request is of the groups %q, and nodes are of %q", groups, nodesGroup)
	}
	if len(csr.DNSNames) > 1 || len(csr.DNSNames) == 1 && csr.DNSNames[0] != nodeName {
		return "", fmt.Errorf("the request is for the names %q, and the node is %q", csr.DNSNames, nodeName)
	}
	for _, ip := range csr.IPAddresses {
		address, ok := netip.AddrFromSlice(ip)
		if !ok {
			return "", fmt.Errorf("%v is no address", ip)
		}
		for _, prefix := range taken {
			if prefix.Contains(address.Unmap()) {
				return "", fmt.Errorf("the node's address %s is in %s, where the addresses of Services come from", address.Unmap(), prefix)
			}
		}
	}
	return nodeName, nil
}

// Node makes credentials for a node in this process, which needs no token.
func (a *Authority) Node(server, nodeName string, ips []netip.Addr) (*Credentials, error) {
	request, key, err := NodeRequest(nodeName, ips)
	if err != nil {
		return nil, err
	}
	cert, _, err := a.SignNode(request)
	if err != nil {
		return nil, fmt.Errorf("certify node %s: %w", nodeName, err)
	}
	return &Credentials{Server: server, CA: a.pem, Pair: Pair{Cert: cert, Key: key}}, nil
}
