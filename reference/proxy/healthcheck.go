package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/klog/v2"
)

// healthCheck is what a node answers at a Service's healthCheckNodePort: a balancer outside asks every node whether it
// has endpoints of its own, because with external policy Local the others drop the traffic.
type healthCheck struct {
	namespace, name string
	port            int32
	local           int // ready endpoints on this node
}

// healthServers answer the health checks of all Services.
type healthServers struct {
	serving sync.WaitGroup
	byPort  map[int32]*healthServer
}

// healthServer answers for one Service.
type healthServer struct {
	check atomic.Pointer[healthCheck]
	http  http.Server
}

// sync opens the ports that are wanted, closes those that are not, and tells each its number. A port that somebody else
// has is tried again with the next change.
func (s *healthServers) sync(ctx context.Context, wanted []healthCheck) {
	ports := map[int32]bool{}
	for _, check := range wanted {
		ports[check.port] = true
		server := s.byPort[check.port]
		if server == nil {
			var err error
			if server, err = s.open(check.port); err != nil {
				klog.FromContext(ctx).Error(err, "The health check port cannot be opened", "service", check.namespace+"/"+check.name)
				continue
			}
		}
		server.check.Store(&check)
	}
	for port, server := range s.byPort {
		if !ports[port] {
			_ = server.http.Close()
			delete(s.byPort, port)
		}
	}
}

func (s *healthServers) open(port int32) (*healthServer, error) {
	listener, err := net.Listen("tcp4", ":"+strconv.Itoa(int(port)))
	if err != nil {
		return nil, err
	}
	server := &healthServer{}
	server.http = http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
	if s.byPort == nil {
		s.byPort = map[int32]*healthServer{}
	}
	s.byPort[port] = server
	s.serving.Go(func() {
		if err := server.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			klog.Background().Error(err, "A health check port stopped answering", "port", port)
		}
	})
	return server, nil
}

// close ends them all and waits.
func (s *healthServers) close() {
	for _, server := range s.byPort {
		_ = server.http.Close()
	}
	s.serving.Wait()
}

// ServeHTTP answers as kube-proxy does (k8s.io/kubernetes/pkg/proxy/healthcheck).
func (s *healthServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	check := s.check.Load()
	if check == nil {
		http.Error(w, "not known yet", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("X-Load-Balancing-Endpoint-Weight", strconv.Itoa(check.local))
	status := http.StatusOK
	if check.local == 0 {
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"service":             map[string]string{"namespace": check.namespace, "name": check.name},
		"localEndpoints":      check.local,
		"serviceProxyHealthy": true,
	})
}
