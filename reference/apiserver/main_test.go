package apiserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/plumbline/plumbline/reference/apiserver"
)

const joinToken = "a join token"

// shared is the server that the tests use which need none of their own; each works in its own namespace.
var shared *target

// target is a server under test, and an administrator's way to it.
type target struct {
	server *apiserver.Server
	config *rest.Config
	client kubernetes.Interface
	http   *http.Client
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveDir); dir != "" {
		os.Exit(serveUntilKilled(dir))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "apiserver-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var stop func() error
	shared, stop, err = start(ctx, dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the shared server:", err)
		return 1
	}
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop the shared server:", err)
		return 1
	}
	return code
}

func serverOptions(dir string) apiserver.Options {
	return apiserver.Options{
		DataDir:                dir,
		BindAddress:            netip.MustParseAddr("127.0.0.1"),
		AdvertiseAddress:       netip.MustParseAddr("192.0.2.1"),
		ServiceClusterIPRanges: []netip.Prefix{netip.MustParsePrefix("10.96.0.0/16")},
		ServiceNodePorts:       utilnet.PortRange{Base: 30000, Size: 2768},
		Token:                  joinToken,
	}
}

// start runs a server in dir until stop is called.
func start(ctx context.Context, dir string) (*target, func() error, error) {
	server, err := apiserver.New(ctx, serverOptions(dir))
	if err != nil {
		return nil, nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(running) }()
	stop := func() error {
		cancel()
		return <-ended
	}
	select {
	case <-server.Ready():
	case err := <-ended:
		cancel()
		return nil, nil, fmt.Errorf("the server ended: %w", err)
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("the server did not become ready: %w", stop())
	}
	kubeconfig := filepath.Join(dir, "admin.conf")
	if err := server.WriteKubeconfig(kubeconfig); err != nil {
		return nil, nil, fmt.Errorf("%w, %w", err, stop())
	}
	t, err := targetOf(kubeconfig)
	if err != nil {
		return nil, nil, fmt.Errorf("%w, %w", err, stop())
	}
	t.server = server
	return t, stop, nil
}

func targetOf(kubeconfig string) (*target, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	// Nobody has the advertised address here.
	config.Host = strings.Replace(config.Host, "192.0.2.1", "127.0.0.1", 1)
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return &target{config: config, client: client, http: transport}, nil
}

// namespace makes a namespace for a test, with the account that a controller would give it, and returns its name.
func (t *target) namespace(tb testing.TB) string {
	tb.Helper()
	ns, err := t.client.CoreV1().Namespaces().Create(tb.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	if _, err := t.client.CoreV1().ServiceAccounts(ns.Name).Create(tb.Context(), account, metav1.CreateOptions{}); err != nil {
		tb.Fatal(err)
	}
	return ns.Name
}

// answer is what the server answered to a request.
type answer struct {
	code   int
	header http.Header
	body   []byte
	status metav1.Status // of the body, where it is one
}

// request is an HTTP request; headers are pairs of name and value.
func (t *target) request(tb testing.TB, method, path, body string, headers ...string) answer {
	tb.Helper()
	return send(tb, t.http, method, t.config.Host+path, body, headers...)
}

func send(tb testing.TB, client *http.Client, method, url, body string, headers ...string) answer {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	a := answer{code: response.StatusCode, header: response.Header, body: data}
	if bytes.Contains(data, []byte(`"kind":"Status"`)) {
		if err := json.Unmarshal(data, &a.status); err != nil {
			tb.Fatalf("%s %s: %v: %s", method, url, err, data)
		}
	}
	return a
}

// stranger is a client without a certificate.
func stranger() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
}

func pod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "image"}}},
	}
}

// boundPod creates a Pod and puts it on a node that need not exist.
func (t *target) boundPod(tb testing.TB, ns, name string) *corev1.Pod {
	tb.Helper()
	pods := t.client.CoreV1().Pods(ns)
	if _, err := pods.Create(tb.Context(), pod(name), metav1.CreateOptions{}); err != nil {
		tb.Fatal(err)
	}
	if err := pods.Bind(tb.Context(), to(name, "node-1"), metav1.CreateOptions{}); err != nil {
		tb.Fatal(err)
	}
	bound, err := pods.Get(tb.Context(), name, metav1.GetOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return bound
}

func to(pod, node string) *corev1.Binding {
	return &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: pod}, Target: corev1.ObjectReference{Kind: "Node", Name: node}}
}

// uid makes a reference to one that is easy to write.
func uid(s string) *types.UID {
	u := types.UID(s)
	return &u
}
