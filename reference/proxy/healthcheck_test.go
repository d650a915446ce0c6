package proxy

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func TestHealthChecksCountLocalEndpoints(t *testing.T) {
	checked := func(s *corev1.Service) { s.Spec.HealthCheckNodePort = 32000 }
	slices := []*discoveryv1.EndpointSlice{testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.1.6", "n1", "draining"), endpoint("10.244.2.6", "n2", "ready"))}
	got := newFragment(testService(balancedAt("203.0.113.1"), externalLocal, checked), slices, testNode).healthChecks
	want := []healthCheck{{namespace: "ns", name: "web", port: 32000, local: 1}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(healthCheck{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := newFragment(testService(balancedAt("203.0.113.1"), checked), slices, testNode).healthChecks; got != nil {
		t.Errorf("policy Cluster has health checks %v", got)
	}
}

func TestHealthServers(t *testing.T) {
	l, err := net.Listen("tcp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	port := int32(l.Addr().(*net.TCPAddr).Port)
	servers := &healthServers{}
	t.Cleanup(servers.close)
	servers.sync(t.Context(), []healthCheck{{"ns", "web", port, 1}}) // taken: no server, no harm
	_ = l.Close()
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	for _, local := range []int{2, 0} {
		servers.sync(t.Context(), []healthCheck{{"ns", "web", port, local}})
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			LocalEndpoints int
			Service        struct{ Namespace, Name string }
		}
		if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		_ = answer.Body.Close()
		want := http.StatusOK
		if local == 0 {
			want = http.StatusServiceUnavailable
		}
		if answer.StatusCode != want || body.LocalEndpoints != local || body.Service.Name != "web" {
			t.Errorf("with %d local endpoints: %d %+v", local, answer.StatusCode, body)
		}
	}
	servers.sync(t.Context(), nil)
	if _, err := http.Get(url); err == nil {
		t.Error("the port answers although no Service wants it")
	}
	recorder := httptest.NewRecorder()
	(&healthServer{}).ServeHTTP(recorder, nil)
	if recorder.Code != http.StatusServiceUnavailable {
		t.Errorf("before anything is known: %d", recorder.Code)
	}
}
