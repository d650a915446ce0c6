package stream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// Host is the node agent, as far as streaming needs it.
type Host interface {
	// Pod finds a Pod of the node, with the status that the node gives it.
	Pod(namespace, name string) (*v1.Pod, bool)
	// LogPath is the log of a container's instance.
	LogPath(pod *v1.Pod, container string, attempt int) string
	// Ended returns a channel that is closed when the container of the ID has
	// ended, or has long. release gives it back.
	Ended(pod *v1.Pod, id string) (ended <-chan struct{}, release func())
	// NodeUsage is what the node uses; not ok until it was measured.
	NodeUsage() (usage metricsv1beta1.NodeMetrics, ok bool)
	// PodUsage is what each of the node's Pods uses that was measured.
	PodUsage() []metricsv1beta1.PodMetrics
}

// Server answers the API server's requests to the node over HTTPS, as the
// kubelet does on port 10250.
type Server struct {
	Host    Host
	Runtime runtime.Runtime
	// Certificate is the node's; Clients is the authority whose clients may
	// come, if they are administrators or the API server.
	Certificate tls.Certificate
	Clients     *x509.CertPool
}

// apiServerUser is the API server as a client of nodes.
const apiServerUser = "kube-apiserver-kubelet-client"

// Serve answers until ctx ends, then cuts the connections that are left.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.authorized(s.routes()),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{s.Certificate},
			ClientAuth:   tls.VerifyClientCertIfGiven,
			ClientCAs:    s.Clients,
			MinVersion:   tls.VersionTLS12,
		},
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    klog.NewStandardLogger("INFO"),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = server.Close() // streams may last for hours; nothing waits for them
		close(stopped)
	})
	err := server.ServeTLS(listener, "", "")
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
}

// authorized lets in only the cluster's administrators and its API server.
func (s *Server) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		who := r.TLS.VerifiedChains[0][0].Subject
		if who.CommonName != apiServerUser && !slices.Contains(who.Organization, "system:masters") {
			http.Error(w, fmt.Sprintf("Forbidden (user=%s, verb=%s, resource=nodes, subresource=proxy)", who.CommonName, verb(r.Method)), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func verb(method string) string {
	if method == http.MethodGet {
		return "get"
	}
	return "create"
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok") // who asked has gone
	}
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ok)
	mux.HandleFunc("GET "+nodeUsagePath, s.nodeUsage)
	mux.HandleFunc("GET "+podUsagePath, s.podUsage)
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", s.logs)
	for _, method := range []string{"GET ", "POST "} {
		mux.HandleFunc(method+"/exec/{namespace}/{pod}/{container}", s.exec)
		mux.HandleFunc(method+"/exec/{namespace}/{pod}/{uid}/{container}", s.exec)
		mux.HandleFunc(method+"/attach/{namespace}/{pod}/{container}", s.attach)
		mux.HandleFunc(method+"/attach/{namespace}/{pod}/{uid}/{container}", s.attach)
		mux.HandleFunc(method+"/portForward/{namespace}/{pod}", s.portForward)
		mux.HandleFunc(method+"/portForward/{namespace}/{pod}/{uid}", s.portForward)
	}
	return mux
}

// find is the Pod that a request names.
func (s *Server) find(r *http.Request) (*v1.Pod, bool) {
	pod, ok := s.Host.Pod(r.PathValue("namespace"), r.PathValue("pod"))
	if uid := r.PathValue("uid"); ok && uid != "" && string(pod.UID) != uid {
		return nil, false
	}
	return pod, ok
}
