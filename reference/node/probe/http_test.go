package probe

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestHTTP(t *testing.T) {
	var seen *http.Request
	mux := http.NewServeMux()
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		seen = r
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("where"), http.StatusFound)
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	plain, secure := httptest.NewServer(mux), httptest.NewTLSServer(mux)
	defer plain.Close()
	defer secure.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().(*net.TCPAddr).Port
	closed.Close()

	port := func(s *httptest.Server) int { return s.Listener.Addr().(*net.TCPAddr).Port }
	tests := []struct {
		name   string
		action v1.HTTPGetAction
		want   Result
		output string
	}{
		{name: "200", action: v1.HTTPGetAction{Path: "/status/200"}, want: Success},
		{name: "399", action: v1.HTTPGetAction{Path: "/status/399"}, want: Warning, output: "Probe terminated redirects, Response body: "},
		{name: "400", action: v1.HTTPGetAction{Path: "/status/400"}, want: Failure, output: "HTTP probe failed with statuscode: 400"},
		{name: "503", action: v1.HTTPGetAction{Path: "/status/503"}, want: Failure, output: "HTTP probe failed with statuscode: 503"},
		{name: "a redirect here is judged by its target", action: v1.HTTPGetAction{Path: "/to?where=/status/500"}, want: Failure,
			output: "HTTP probe failed with statuscode: 500"},
		{name: "one elsewhere is a success", action: v1.HTTPGetAction{Path: "/to?where=http://elsewhere.example/"}, want: Warning},
		{name: "one in circles is not", action: v1.HTTPGetAction{Path: "/to?where=/to"}, want: Failure},
		{name: "HTTPS is not verified", action: v1.HTTPGetAction{Path: "/status/200", Scheme: v1.URISchemeHTTPS, Port: intstr.FromInt32(int32(port(secure)))}, want: Success},
		{name: "a port by name", action: v1.HTTPGetAction{Path: "/status/200", Port: intstr.FromString("web")}, want: Success},
		{name: "a name that no port has", action: v1.HTTPGetAction{Port: intstr.FromString("nosuch")}, want: Unknown},
		{name: "nobody listens", action: v1.HTTPGetAction{Port: intstr.FromInt32(int32(nobody))}, want: Failure},
		{name: "too slow", action: v1.HTTPGetAction{Path: "/slow"}, want: Failure},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.action.Port == (intstr.IntOrString{}) {
				test.action.Port = intstr.FromInt32(int32(port(plain)))
			}
			target := Target{PodIP: "127.0.0.1", Container: &v1.Container{Ports: []v1.ContainerPort{{Name: "web", ContainerPort: int32(port(plain))}}}}
			got := doHTTP(t.Context(), target, &test.action, time.Second)
			if got.Result != test.want || !strings.HasPrefix(got.Output, test.output) {
				t.Errorf("got %+v, want %s %q", got, test.want, test.output)
			}
			if test.name == "nobody listens" && !got.Refused {
				t.Error("a refused connection was not known as one")
			}
		})
	}
	t.Run("what the server sees", func(t *testing.T) {
		action := v1.HTTPGetAction{Path: "/status/200?a=b", Port: intstr.FromInt32(int32(port(plain))),
			HTTPHeaders: []v1.HTTPHeader{{Name: "Host", Value: "shop.example"}, {Name: "X-Twice", Value: "1"}, {Name: "X-Twice", Value: "2"}}}
		doHTTP(t.Context(), Target{PodIP: "127.0.0.1", Container: &v1.Container{}}, &action, time.Second)
		got := []any{seen.Host, seen.URL.RawQuery, seen.UserAgent(), seen.Header.Get("Accept"), seen.Header["X-Twice"]}
		want := []any{"shop.example", "a=b", "kube-probe/1.37", "*/*", []string{"1", "2"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
