package apiserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	utilproxy "k8s.io/apimachinery/pkg/util/proxy"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/proxy"
)

// proxyTransport reaches Pods. Their certificates mean nothing to the server: the client chose where to go.
var proxyTransport = utilnet.SetTransportDefaults(&http.Transport{
	TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
})

var (
	proxyMethods      = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
	upgradableMethods = []string{"GET", "POST"} // browsers open WebSockets by GET
)

// forward is a proxy subresource: requests below its path go to what target says.
type forward struct {
	target  func(ctx context.Context, id string) (*url.URL, http.RoundTripper, error)
	options func() runtime.Object
	path    func(runtime.Object) string
}

func (f forward) New() runtime.Object { return f.options() }

// Destroy has nothing to end.
func (forward) Destroy() {}

func (forward) ConnectMethods() []string { return proxyMethods }

func (f forward) NewConnectOptions() (runtime.Object, bool, string) { return f.options(), true, "path" }

func (f forward) Connect(ctx context.Context, id string, options runtime.Object, responder rest.Responder) (http.Handler, error) {
	location, transport, err := f.target(ctx, id)
	if err != nil {
		return nil, err
	}
	location.Path = utilnet.JoinPreservingTrailingSlash(location.Path, f.path(options))
	// The transport is wrapped, so that links and redirects in answers lead back through the proxy.
	return utilproxy.NewUpgradeAwareHandler(location, transport, true, false, utilproxy.NewErrorResponder(responder)), nil
}

func nodeProxy(nodes *nodeConnection) rest.Storage {
	return forward{
		target:  nodes.proxyTarget,
		options: func() runtime.Object { return &corev1.NodeProxyOptions{} },
		path:    func(o runtime.Object) string { return o.(*corev1.NodeProxyOptions).Path },
	}
}

func podProxy(pods *store) rest.Storage {
	return forward{
		target:  podTarget(pods),
		options: func() runtime.Object { return &corev1.PodProxyOptions{} },
		path:    func(o runtime.Object) string { return o.(*corev1.PodProxyOptions).Path },
	}
}

func serviceProxy(services, slices, pods *store) rest.Storage {
	return forward{
		target:  serviceTarget(services, slices, pods),
		options: func() runtime.Object { return &corev1.ServiceProxyOptions{} },
		path:    func(o runtime.Object) string { return o.(*corev1.ServiceProxyOptions).Path },
	}
}

// podTarget understands name, name:port and scheme:name:port. Without a port it takes the first that the Pod declares.
func podTarget(pods *store) func(context.Context, string) (*url.URL, http.RoundTripper, error) {
	return func(ctx context.Context, id string) (*url.URL, http.RoundTripper, error) {
		scheme, name, port, valid := utilnet.SplitSchemeNamePort(id)
		if !valid {
			return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("invalid pod request %q", id))
		}
		pod, err := getPod(ctx, pods, name)
		if err != nil {
			return nil, nil, err
		}
		for _, container := range pod.Spec.Containers {
			if port == "" && len(container.Ports) > 0 {
				port = strconv.Itoa(int(container.Ports[0].ContainerPort))
			}
		}
		// A Pod's status can be written by its node: it must not lead to the server's own machine.
		if ip := net.ParseIP(podIP(pod)); ip == nil || !ip.IsGlobalUnicast() {
			return nil, nil, apierrors.NewBadRequest("address not allowed")
		}
		host := podIP(pod)
		if port != "" {
			host = net.JoinHostPort(host, port)
		} else if net.ParseIP(host).To4() == nil {
			host = "[" + host + "]"
		}
		return &url.URL{Scheme: scheme, Host: host}, proxyTransport, nil
	}
}

func getPod(ctx context.Context, pods *store, name string) (*corev1.Pod, error) {
	obj, err := pods.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return obj.(*corev1.Pod), nil
}

func podIP(pod *corev1.Pod) string {
	if len(pod.Status.PodIPs) > 0 {
		return pod.Status.PodIPs[0].IP
	}
	return pod.Status.PodIP
}

// serviceTarget understands name, name:port and scheme:name:port, the port by name or number, and takes any ready endpoint
// that is a Pod.
func serviceTarget(services, slices, pods *store) func(context.Context, string) (*url.URL, http.RoundTripper, error) {
	return func(ctx context.Context, id string) (*url.URL, http.RoundTripper, error) {
		scheme, name, port, valid := utilnet.SplitSchemeNamePort(id)
		if !valid {
			return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("invalid service request %q", id))
		}
		if number, err := strconv.ParseInt(port, 10, 64); err == nil {
			if port, err = portName(ctx, services, name, number); err != nil {
				return nil, nil, err
			}
		}
		candidates, err := slicesOf(ctx, slices, name)
		if err != nil {
			return nil, nil, err
		}
		if len(candidates) == 0 {
			return nil, nil, apierrors.NewServiceUnavailable(fmt.Sprintf("no endpoints available for service %q", name))
		}
		host, err := proxy.RandomEndpoint(name, candidates, port, corev1.IPv4Protocol, func(e *discoveryv1.Endpoint) bool {
			return isPod(ctx, pods, e)
		})
		if err != nil {
			return nil, nil, err
		}
		return &url.URL{Scheme: scheme, Host: host}, proxyTransport, nil
	}
}

func portName(ctx context.Context, services *store, name string, number int64) (string, error) {
	obj, err := services.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	for _, port := range obj.(*corev1.Service).Spec.Ports {
		if int64(port.Port) == number {
			return port.Name, nil
		}
	}
	return "", apierrors.NewServiceUnavailable(fmt.Sprintf("no service port %d found for service %q", number, name))
}

func slicesOf(ctx context.Context, slices *store, service string) ([]*discoveryv1.EndpointSlice, error) {
	list, err := slices.List(ctx, &metainternalversion.ListOptions{
		LabelSelector: labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service}), ResourceVersion: "0",
	})
	if err != nil {
		return nil, err
	}
	var found []*discoveryv1.EndpointSlice
	for i := range list.(*discoveryv1.EndpointSliceList).Items {
		found = append(found, &list.(*discoveryv1.EndpointSliceList).Items[i])
	}
	return found, nil
}

// isPod says whether an endpoint is a Pod of the request's namespace, with an address that is that Pod's.
func isPod(ctx context.Context, pods *store, endpoint *discoveryv1.Endpoint) bool {
	if endpoint.TargetRef == nil || endpoint.TargetRef.Namespace != genericapirequest.NamespaceValue(ctx) {
		return false
	}
	pod, err := getPod(ctx, pods, endpoint.TargetRef.Name)
	if err != nil {
		return false
	}
	for _, ip := range pod.Status.PodIPs {
		for _, address := range endpoint.Addresses {
			if ip.IP == address {
				return true
			}
		}
	}
	return false
}
