package apiserver_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// TestProxy: requests to a Pod and to a Service by way of the API arrive with their method, path, query and body.
func TestProxy(t *testing.T) {
	ip, port := serveEcho(t)
	ns := shared.namespace(t)
	p := shared.boundPod(t, ns, "pod")
	p.Status.Phase, p.Status.PodIP, p.Status.PodIPs = corev1.PodRunning, ip, []corev1.PodIP{{IP: ip}}
	if _, err := shared.client.CoreV1().Pods(ns).UpdateStatus(t.Context(), p, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "service"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "web", Port: 80, TargetPort: intstr.FromInt32(port)}}},
	}
	if _, err := shared.client.CoreV1().Services(ns).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	path := "/api/v1/namespaces/" + ns
	if a := shared.request(t, "GET", path+"/services/service:80/proxy/", ""); a.code != http.StatusServiceUnavailable {
		t.Errorf("a Service without endpoints: %d %s, want 503", a.code, a.body)
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "slice", Labels: map[string]string{discoveryv1.LabelServiceName: "service"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{ip}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: ns, Name: "pod"},
		}},
		Ports: []discoveryv1.EndpointPort{{Name: ptr.To("web"), Port: &port}},
	}
	if _, err := shared.client.DiscoveryV1().EndpointSlices(ns).Create(t.Context(), slice, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		target string
		code   int
		body   string
	}{
		{fmt.Sprintf("pods/pod:%d/proxy/a/b?c=d", port), 200, "POST /a/b?c=d body"},
		{fmt.Sprintf("pods/http:pod:%d/proxy/a/", port), 200, "POST /a/ body"},
		{fmt.Sprintf("pods/pod:%d/proxy", port), 200, "POST / body"},
		{"pods/:::/proxy", 400, "invalid pod request"},
		{"pods/missing:80/proxy", 404, "not found"},
		{"services/service:80/proxy/x", 200, "POST /x body"},
		{"services/service:web/proxy/x", 200, "POST /x body"},
		{"services/service:81/proxy/x", 503, "no service port 81 found"},
		{"services/missing:80/proxy/x", 404, "not found"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			a := shared.request(t, "POST", path+"/"+tt.target, "body")
			if a.code != tt.code || !strings.Contains(string(a.body), tt.body) {
				t.Errorf("got %d %s; want %d %s", a.code, a.body, tt.code, tt.body)
			}
		})
	}
}

// serveEcho serves on an address of this machine that is not the loopback one, to which nothing is proxied.
func serveEcho(t *testing.T) (ip string, port int32) {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil && network.IP.IsGlobalUnicast() {
			ip = network.IP.String()
		}
	}
	if ip == "" {
		t.Fatal("this machine has only the loopback address")
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), body)
	})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // it ends by Close
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	return ip, int32(listener.Addr().(*net.TCPAddr).Port)
}
