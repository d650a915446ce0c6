// Package apiserver serves the API of the reference orchestrator: k8s.io/apiserver as a library over the kinds' table and
// etcd. Watch, patch, server-side apply, pagination and OpenAPI are the library's; what a kind is, is the table's.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/allocate"
	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/pki"
)

// Server is an API server with its database. It serves while Run runs.
type Server struct {
	options   Options
	authority *pki.Authority
	database  *database // nil with an external etcd
	etcd      *clientv3.Client
	services  *allocate.Services
	generic   *genericapiserver.GenericAPIServer
	stores    map[*kind.Kind]*store
	loopback  *rest.Config
	port      int
	ready     chan struct{}
}

// New starts the database, if it is to run here, and builds the server; ctx bounds the start only. The port is taken when New returns, but nothing is
// answered before Run.
func New(ctx context.Context, options Options) (*Server, error) {
	if err := options.validate(); err != nil {
		return nil, fmt.Errorf("configure the API server: %w", err)
	}
	authority, err := pki.LoadOrCreateAuthority(filepath.Join(options.DataDir, "pki"))
	if err != nil {
		return nil, err
	}
	s := &Server{options: options, authority: authority, ready: make(chan struct{})}
	endpoints := options.EtcdServers
	if len(endpoints) == 0 {
		if s.database, err = startDatabase(ctx, filepath.Join(options.DataDir, "etcd")); err != nil {
			return nil, err
		}
		endpoints = []string{s.database.endpoint}
	}
	if err := s.prepareAllocation(ctx, endpoints); err != nil {
		s.close()
		return nil, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(bindHost(options.BindAddress), strconv.Itoa(options.SecurePort)))
	if err != nil {
		s.close()
		return nil, fmt.Errorf("listen for the API: %w", err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	if err := s.build(listener, endpoints); err != nil {
		err = errors.Join(err, listener.Close())
		s.close()
		return nil, err
	}
	return s, nil
}

func bindHost(address netip.Addr) string {
	if !address.IsValid() {
		return ""
	}
	return address.String()
}

// etcdTimeout is how long an external etcd may take to answer at the start.
const etcdTimeout = 20 * time.Second

// prepareAllocation connects to etcd for the addresses and ports of Services.
func (s *Server) prepareAllocation(ctx context.Context, endpoints []string) (err error) {
	s.etcd, err = clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		return fmt.Errorf("connect to etcd: %w", err)
	}
	// The library would wait for each kind, one after the other, and not listen to ctx.
	answered, cancel := context.WithTimeout(ctx, etcdTimeout)
	defer cancel()
	if _, err := s.etcd.Get(answered, registryPrefix, clientv3.WithCountOnly()); err != nil {
		return fmt.Errorf("reach etcd at %s: %w", strings.Join(endpoints, ", "), err)
	}
	s.services, err = allocate.New(allocate.Options{
		Client: s.etcd, ClusterIPs: s.options.ServiceClusterIPRanges, NodePorts: s.options.ServiceNodePorts, Sole: s.database != nil,
	})
	if err != nil {
		return fmt.Errorf("prepare the allocation of service addresses: %w", err)
	}
	return nil
}

func (s *Server) close() {
	if s.etcd != nil {
		if err := s.etcd.Close(); err != nil {
			klog.ErrorS(err, "Could not close the connection to etcd")
		}
	}
	if s.database != nil {
		s.database.close()
	}
}

// Port is the port that the API is served on.
func (s *Server) Port() int { return s.port }

// Ready is closed when the API serves and the system's objects are there.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// ClientConfig is how other parts in this process reach the server: with all rights, and unthrottled.
func (s *Server) ClientConfig() *rest.Config { return rest.CopyConfig(s.loopback) }

// NodeCredentials are for a node agent in this process, whose node has the advertised address.
func (s *Server) NodeCredentials(nodeName string) (*pki.Credentials, error) {
	return s.authority.Node(s.loopback.Host, nodeName, []netip.Addr{s.options.AdvertiseAddress})
}

// Run serves until ctx ends, then finishes the requests under way and closes the database.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if s.database != nil {
		go func() {
			select {
			case err := <-s.database.err():
				cancel(fmt.Errorf("etcd failed: %w", err))
			case <-ctx.Done():
			}
		}()
	}
	prepared := s.generic.PrepareRun()
	var repair sync.WaitGroup
	defer repair.Wait() // before the database closes
	defer cancel(nil)
	repair.Go(func() {
		if err := s.services.Run(ctx); err != nil {
			cancel(fmt.Errorf("repair the allocation of service addresses: %w", err))
		}
	})
	if err := prepared.RunWithContext(ctx); err != nil {
		return fmt.Errorf("serve the API: %w", err)
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
