package invariants

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// server answers as an API server does that lets Namespaces and Pods be watched, and nothing else. It shows a Pod on node a, and
// then, when the watch has begun, on node b.
func server(t *testing.T, watched chan<- string) *httptest.Server {
	namespace := &corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: "ns", UID: "ns", ResourceVersion: "1", Annotations: map[string]string{"scenario": "labels/in/x"}}}
	pod := func(version, node string) *corev1.Pod {
		p := podOf("p", version, on(node))
		p.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
		return p
	}
	answer := func(w http.ResponseWriter, o any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(o); err != nil {
			t.Error(err)
		}
		w.(http.Flusher).Flush()
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watching := r.URL.Query().Get("watch") != ""
		switch {
		case strings.HasSuffix(r.URL.Path, "/namespaces") && !watching:
			answer(w, &corev1.NamespaceList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NamespaceList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []corev1.Namespace{*namespace}})
		case strings.HasSuffix(r.URL.Path, "/pods") && !watching:
			answer(w, &corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: metav1.ListMeta{ResourceVersion: "2"}, Items: []corev1.Pod{*pod("2", "a")}})
		case strings.HasSuffix(r.URL.Path, "/namespaces"):
			w.Header().Set("Content-Type", "application/json")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case strings.HasSuffix(r.URL.Path, "/pods"):
			answer(w, map[string]any{"type": "MODIFIED", "object": pod("3", "b")})
			select {
			case watched <- r.URL.Path:
			default:
			}
			<-r.Context().Done()
		default:
			w.WriteHeader(http.StatusForbidden)
			answer(w, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure", Reason: metav1.StatusReasonForbidden, Code: 403, Message: "not yours"})
		}
	}))
	t.Cleanup(s.CloseClientConnections)
	return s
}

// TestCollector: what is shown is judged, what is refused is said, and somebody's cluster is looked into by namespace.
func TestCollector(t *testing.T) {
	for name, c := range map[string]struct {
		everything bool
		path       string
	}{"a cluster of the run's own": {true, "/api/v1/pods"}, "somebody's": {false, "/api/v1/namespaces/ns/pods"}} {
		t.Run(name, func(t *testing.T) {
			watched := make(chan string, 1)
			s := server(t, watched)
			collector, err := Watch(t.Context(), &rest.Config{Host: s.URL}, Scope{Selector: "run=r", Everything: c.everything, Bound: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			select {
			case path := <-watched:
				if path != c.path {
					t.Errorf("watched %s, want %s", path, c.path)
				}
			case <-time.After(10 * time.Second):
				t.Error("nothing was watched")
			}
			// Asked again and again: a collector tells of breaches when it is stopped, and nobody before.
			for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
				collector.mu.Lock()
				done := len(collector.breaches) > 0 && len(collector.unsupported) == len(Kinds)-1
				collector.mu.Unlock()
				if done {
					break
				}
			}
			found := collector.Stop(t.Context())
			if diff := cmp.Diff([]told{{NodeNameIsFinal, `it was bound to node "a", and then stood at "b"`}}, tell(found.Breaches)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, kind := range Kinds {
				if (found.Unsupported[kind] == "") != (kind == kindPod) {
					t.Errorf("%s: %q", kind, found.Unsupported[kind])
				}
			}
			if got := found.Namespaces["ns"]["scenario"]; got != "labels/in/x" {
				t.Errorf("the namespace's scenario is %q", got)
			}
		})
	}
}

// Many breaches of one invariant leave room for those of another.
func TestEachInvariantHasRoom(t *testing.T) {
	c := &Collector{kept: map[string]int{}, more: map[string]int{}}
	for range mostBreaches + 2 {
		c.keep([]Breach{{Invariant: NodeNameIsFinal}})
	}
	c.keep([]Breach{{Invariant: PhaseIsFinal}})
	if len(c.breaches) != mostBreaches+1 || c.breaches[mostBreaches].Invariant != PhaseIsFinal || c.more[NodeNameIsFinal] != 2 || c.more[PhaseIsFinal] != 0 {
		t.Errorf("%d breaches, and more: %v", len(c.breaches), c.more)
	}
}
