package apiserver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/reference/pki"
)

// nodePort is where a node's agent serves, unless the node's status says otherwise.
const nodePort = 10250

// nodeAddressTypes is the order in which the addresses of a node are tried.
var nodeAddressTypes = []corev1.NodeAddressType{corev1.NodeInternalIP, corev1.NodeExternalIP, corev1.NodeHostName}

// nodeConnection leads to the agents of the nodes, which know this server by its certificate.
type nodeConnection struct {
	nodes *store
	// transport trusts the cluster's authority only; insecure does not look whom it speaks to, and is for clients that ask for that.
	transport, insecure http.RoundTripper
}

func newNodeConnection(nodes *store, authority *pki.Authority) (*nodeConnection, error) {
	client, err := authority.Client("kube-apiserver-kubelet-client", user.SystemPrivilegedGroup)
	if err != nil {
		return nil, err
	}
	config := rest.TLSClientConfig{CAData: authority.PEM(), CertData: client.Cert, KeyData: client.Key}
	transport, err := rest.TransportFor(&rest.Config{TLSClientConfig: config})
	if err != nil {
		return nil, fmt.Errorf("make the transport to nodes: %w", err)
	}
	config.CAData, config.Insecure = nil, true
	insecure, err := rest.TransportFor(&rest.Config{TLSClientConfig: config})
	if err != nil {
		return nil, fmt.Errorf("make the insecure transport to nodes: %w", err)
	}
	return &nodeConnection{nodes: nodes, transport: transport, insecure: insecure}, nil
}

// address returns the host and port of a node's agent.
func (c *nodeConnection) address(ctx context.Context, name string) (host, port string, err error) {
	obj, err := c.nodes.Get(clusterScope(ctx, "nodes"), name, &metav1.GetOptions{})
	if err != nil {
		return "", "", err
	}
	node := obj.(*corev1.Node)
	port = strconv.Itoa(nodePort)
	if given := node.Status.DaemonEndpoints.KubeletEndpoint.Port; given > 0 {
		port = strconv.Itoa(int(given))
	}
	for _, wanted := range nodeAddressTypes {
		for _, address := range node.Status.Addresses {
			if address.Type == wanted {
				return address.Address, port, nil
			}
		}
	}
	return "", "", apierrors.NewServiceUnavailable(fmt.Sprintf("no preferred addresses found; known addresses: %v", node.Status.Addresses))
}

// url is the address of something that a node's agent serves.
func (c *nodeConnection) url(ctx context.Context, node, path string, query url.Values) (*url.URL, error) {
	host, port, err := c.address(ctx, node)
	if err != nil {
		return nil, err
	}
	return &url.URL{Scheme: "https", Host: net.JoinHostPort(host, port), Path: path, RawQuery: query.Encode()}, nil
}

// proxyTarget is where the proxy subresource of a node leads: to its agent, or to the port that the name carries.
func (c *nodeConnection) proxyTarget(ctx context.Context, id string) (*url.URL, http.RoundTripper, error) {
	scheme, name, wanted, valid := utilnet.SplitSchemeNamePort(id)
	if !valid {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("invalid node request %q", id))
	}
	host, port, err := c.address(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	if ip := net.ParseIP(host); ip != nil && !ip.IsGlobalUnicast() {
		return nil, nil, apierrors.NewBadRequest("address not allowed")
	}
	if wanted == "" || wanted == port {
		return &url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)}, c.transport, nil
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, wanted)}, proxyTransport, nil
}
