package apiserver

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	utilproxy "k8s.io/apimachinery/pkg/util/proxy"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/proxy"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// stream is a subresource that joins the client and the node's agent for a while: exec, attach and port-forward. Clients
// that speak WebSocket are translated; the agent speaks SPDY.
type stream struct {
	pods    *store
	nodes   *nodeConnection
	options func() runtime.Object
	// locate returns the path and the query at the node's agent.
	locate func(pod *corev1.Pod, options runtime.Object) (string, url.Values, error)
	// translate wraps the handler for clients that speak WebSocket.
	translate func(handler http.Handler, location *url.URL, transport http.RoundTripper, options runtime.Object) http.Handler
}

func (s stream) New() runtime.Object { return s.options() }

// Destroy has nothing to end: the connections belong to their requests.
func (stream) Destroy() {}

func (stream) ConnectMethods() []string { return upgradableMethods }

func (s stream) NewConnectOptions() (runtime.Object, bool, string) { return s.options(), false, "" }

func (s stream) Connect(ctx context.Context, name string, options runtime.Object, responder rest.Responder) (http.Handler, error) {
	pod, err := getPod(ctx, s.pods, name)
	if err != nil {
		return nil, err
	}
	path, query, err := s.locate(pod, options)
	if err != nil {
		return nil, err
	}
	if pod.Spec.NodeName == "" {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("pod %s does not have a host assigned", name))
	}
	location, err := s.nodes.url(ctx, pod.Spec.NodeName, path, query)
	if err != nil {
		return nil, err
	}
	handler := utilproxy.NewUpgradeAwareHandler(location, s.nodes.transport, false, true, utilproxy.NewErrorResponder(responder))
	return s.translate(handler, location, s.nodes.transport, options), nil
}

func newExec(pods *store, nodes *nodeConnection) stream {
	return stream{
		pods: pods, nodes: nodes,
		options: func() runtime.Object { return &corev1.PodExecOptions{} },
		locate: func(pod *corev1.Pod, options runtime.Object) (string, url.Values, error) {
			o := options.(*corev1.PodExecOptions)
			query := streamQuery(o.Stdin, o.Stdout, o.Stderr, o.TTY)
			query["command"] = o.Command
			return containerPath("exec", pod, o.Container, query)
		},
		translate: func(handler http.Handler, location *url.URL, transport http.RoundTripper, options runtime.Object) http.Handler {
			o := options.(*corev1.PodExecOptions)
			return translateStreams(handler, location, transport, proxy.Options{Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Tty: o.TTY})
		},
	}
}

func newAttach(pods *store, nodes *nodeConnection) stream {
	return stream{
		pods: pods, nodes: nodes,
		options: func() runtime.Object { return &corev1.PodAttachOptions{} },
		locate: func(pod *corev1.Pod, options runtime.Object) (string, url.Values, error) {
			o := options.(*corev1.PodAttachOptions)
			return containerPath("attach", pod, o.Container, streamQuery(o.Stdin, o.Stdout, o.Stderr, o.TTY))
		},
		translate: func(handler http.Handler, location *url.URL, transport http.RoundTripper, options runtime.Object) http.Handler {
			o := options.(*corev1.PodAttachOptions)
			return translateStreams(handler, location, transport, proxy.Options{Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Tty: o.TTY})
		},
	}
}

func newPortForward(pods *store, nodes *nodeConnection) stream {
	return stream{
		pods: pods, nodes: nodes,
		options: func() runtime.Object { return &corev1.PodPortForwardOptions{} },
		locate: func(pod *corev1.Pod, options runtime.Object) (string, url.Values, error) {
			query := url.Values{}
			if ports := options.(*corev1.PodPortForwardOptions).Ports; len(ports) > 0 {
				text := make([]string, len(ports))
				for i, port := range ports {
					text[i] = strconv.Itoa(int(port))
				}
				query.Set(corev1.PortHeader, strings.Join(text, ","))
			}
			return fmt.Sprintf("/portForward/%s/%s", pod.Namespace, pod.Name), query, nil
		},
		translate: func(handler http.Handler, _ *url.URL, _ http.RoundTripper, _ runtime.Object) http.Handler {
			return proxy.NewTranslatingHandler(handler, proxy.NewTunnelingHandler(handler), wsstream.IsWebSocketRequestWithTunnelingProtocol)
		},
	}
}

func translateStreams(handler http.Handler, location *url.URL, transport http.RoundTripper, options proxy.Options) http.Handler {
	translator := proxy.NewStreamTranslatorHandler(location, transport, 0, options)
	return proxy.NewTranslatingHandler(handler, translator, wsstream.IsWebSocketRequestWithStreamCloseProtocol)
}

func streamQuery(stdin, stdout, stderr, tty bool) url.Values {
	query := url.Values{}
	for name, wanted := range map[string]bool{
		corev1.ExecStdinParam: stdin, corev1.ExecStdoutParam: stdout, corev1.ExecStderrParam: stderr, corev1.ExecTTYParam: tty,
	} {
		if wanted {
			query.Set(name, "1")
		}
	}
	return query
}

// containerPath is where the node's agent serves something of a container.
func containerPath(verb string, pod *corev1.Pod, container string, query url.Values) (string, url.Values, error) {
	container, err := chosenContainer(pod, container)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/%s/%s/%s/%s", verb, pod.Namespace, pod.Name, container), query, nil
}

// chosenContainer is the container that a client named, or the only one.
func chosenContainer(pod *corev1.Pod, name string) (string, error) {
	var names []string
	for _, c := range pod.Spec.InitContainers {
		names = append(names, c.Name)
	}
	for _, c := range pod.Spec.Containers {
		names = append(names, c.Name)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		names = append(names, c.Name)
	}
	if name == "" {
		switch len(pod.Spec.Containers) {
		case 0:
			return "", apierrors.NewBadRequest(fmt.Sprintf("a container name must be specified for pod %s", pod.Name))
		case 1:
			return pod.Spec.Containers[0].Name, nil
		}
		return "", apierrors.NewBadRequest(fmt.Sprintf("a container name must be specified for pod %s, choose one of: %s", pod.Name, names))
	}
	for _, known := range names {
		if known == name {
			return name, nil
		}
	}
	return "", apierrors.NewBadRequest(fmt.Sprintf("container %s is not valid for pod %s", name, pod.Name))
}
