package apiserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	serving "k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"

	"github.com/plumbline/plumbline/reference/pki"
)

// playedNode is the agent of a node: the real protocols over the real certificates, and a program that is played.
type playedNode struct {
	name     string
	requests chan string // the paths and queries that came
}

// startNode joins a node and registers it with the address of a server that answers as its agent would.
func startNode(t *testing.T, name string) *playedNode {
	t.Helper()
	credentials, err := pki.Join(t.Context(), shared.config.Host, joinToken, name, []netip.Addr{netip.MustParseAddr("127.0.0.1")})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := credentials.ServingCert()
	if err != nil {
		t.Fatal(err)
	}
	clients, err := credentials.ClientCA()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &playedNode{name: name, requests: make(chan string, 16)}
	server := &http.Server{Handler: n}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // it ends by Close
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := shared.client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(listener.Addr().(*net.TCPAddr).Port)
	if _, err := shared.client.CoreV1().Nodes().UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.client.CoreV1().Nodes().Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return n
}

func (n *playedNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.requests <- r.URL.RequestURI()
	if user := r.TLS.PeerCertificates[0].Subject.CommonName; user != "kube-apiserver-kubelet-client" {
		http.Error(w, user+" may not come here", http.StatusForbidden)
		return
	}
	switch verb, _, _ := strings.Cut(r.URL.Path[1:], "/"); verb {
	case "exec":
		options, err := serving.NewOptions(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		serving.ServeExec(w, r, n, "", "", "", r.URL.Query()["command"], options, time.Minute, time.Minute, serving.SupportedStreamingProtocols)
	case "containerLogs":
		fmt.Fprint(w, "first line\nsecond line\n")
	default:
		http.Error(w, "unknown", http.StatusNotFound)
	}
}

// ExecInContainer plays a program that repeats what it reads, complains, and exits with 7.
func (n *playedNode) ExecInContainer(_ context.Context, _, _, _ string, command []string, in io.Reader, out, complaints io.WriteCloser,
	_ bool, _ <-chan serving.TerminalSize, _ time.Duration) error {
	_, err := io.Copy(out, in)
	_, err2 := fmt.Fprintf(complaints, "%q complains", command)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	return utilexec.CodeExitError{Err: errors.New("exit 7"), Code: 7}
}

func TestExec(t *testing.T) {
	node := startNode(t, "exec-node")
	ns := shared.namespace(t)
	podOn(t, ns, "pod", node.name)
	request := shared.client.CoreV1().RESTClient().Post().Namespace(ns).Resource("pods").Name("pod").SubResource("exec").VersionedParams(
		&corev1.PodExecOptions{Command: []string{"a program", "-x"}, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	webSocket, err := remotecommand.NewWebSocketExecutor(shared.config, "GET", request.URL().String())
	if err != nil {
		t.Fatal(err)
	}
	spdy, err := remotecommand.NewSPDYExecutor(shared.config, "POST", request.URL())
	if err != nil {
		t.Fatal(err)
	}
	for name, executor := range map[string]remotecommand.Executor{"WebSocket": webSocket, "SPDY": spdy} {
		t.Run(name, func(t *testing.T) {
			var out, complaints bytes.Buffer
			long := strings.Repeat("what is said ", 10000)
			err := executor.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdin: strings.NewReader(long), Stdout: &out, Stderr: &complaints})
			var exit utilexec.ExitError
			if !errors.As(err, &exit) || exit.ExitStatus() != 7 {
				t.Errorf("got %v, want exit code 7", err)
			}
			if out.String() != long || complaints.String() != `["a program" "-x"] complains` {
				t.Errorf("got %d bytes and %q", out.Len(), complaints.String())
			}
			if got := <-node.requests; !strings.HasPrefix(got, "/exec/"+ns+"/pod/main?") {
				t.Errorf("the node was asked for %s", got)
			}
		})
	}
}

func podOn(t *testing.T, ns, name, node string, containers ...string) {
	t.Helper()
	p := pod(name)
	for _, c := range containers {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: c, Image: "image"})
	}
	if _, err := shared.client.CoreV1().Pods(ns).Create(t.Context(), p, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if node == "" {
		return
	}
	if err := shared.client.CoreV1().Pods(ns).Bind(t.Context(), to(name, node), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestLog(t *testing.T) {
	node := startNode(t, "log-node")
	ns := shared.namespace(t)
	podOn(t, ns, "pod", node.name)
	podOn(t, ns, "two", node.name, "side")
	podOn(t, ns, "nowhere", "")
	podOn(t, ns, "lost", "no-such-node")
	path := "/api/v1/namespaces/" + ns + "/pods/"
	for _, tt := range []struct {
		request string
		code    int
		body    string
	}{
		{"pod/log", 200, "first line\nsecond line\n"},
		{"pod/log?container=main&tailLines=5&timestamps=true", 200, "first line"},
		{"nowhere/log", 204, ""},
		{"two/log", 400, `a container name must be specified for pod two, choose one of: [main side]`},
		{"pod/log?container=frob", 400, "container frob is not valid for pod pod"},
		{"pod/log?tailLines=x", 400, "invalid syntax"},
		{"pod/log?tailLines=-1", 422, "must be greater than or equal to 0"},
		{"pod/log?limitBytes=0", 422, "must be greater than 0"},
		{"pod/log?sinceSeconds=1&sinceTime=2020-01-01T00:00:00Z", 422, "at most one of"},
		{"missing/log", 404, `pods \"missing\" not found`},
		{"lost/log", 404, `nodes \"no-such-node\" not found`},
		{"nowhere/exec?command=x&stdout=1", 400, "pod nowhere does not have a host assigned"},
		{"two/exec?command=x&stdout=1", 400, "a container name must be specified"},
		{"pod/exec?command=x&stdout=1", 400, "Upgrade request required"},
		{"pod/proxy/x", 400, "address not allowed"},
	} {
		t.Run(tt.request, func(t *testing.T) {
			if a := shared.request(t, "GET", path+tt.request, ""); a.code != tt.code || !strings.Contains(string(a.body), tt.body) {
				t.Errorf("got %d %s; want %d %s", a.code, a.body, tt.code, tt.body)
			}
		})
	}
	for range 2 {
		<-node.requests
	}
	if a := shared.request(t, "GET", "/api/v1/nodes/log-node/proxy/containerLogs/a/b/c", ""); a.code != 400 || !strings.Contains(string(a.body), "address not allowed") {
		t.Errorf("proxy to a node on the loopback address: %d %s", a.code, a.body)
	}
	err := shared.client.CoreV1().Pods(ns).Bind(t.Context(), to("two", "other"), metav1.CreateOptions{})
	if !apierrors.IsConflict(err) {
		t.Errorf("got %v, want a conflict", err)
	}
}
