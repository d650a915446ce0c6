package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/node"
	"github.com/plumbline/plumbline/reference/node/runtime"
	"github.com/plumbline/plumbline/reference/node/shim"
	"github.com/plumbline/plumbline/reference/pki"
	"github.com/plumbline/plumbline/reference/proxy"
)

// agentFlags are the flags of the node agent, wherever it runs. The names are the kubelet's.
type agentFlags struct {
	maxPods        int
	systemReserved map[string]string
	evictionHard   map[string]string
	clusterDNS     []string
	clusterDomain  string
}

func (f *agentFlags) add(set *pflag.FlagSet) {
	set.IntVar(&f.maxPods, "max-pods", 110, "how many Pods the node runs at most")
	set.StringToStringVar(&f.systemReserved, "system-reserved", nil, "resources that are kept from Pods, such as cpu=200m,memory=150Mi")
	set.StringToStringVar(&f.evictionHard, "eviction-hard", map[string]string{"memory.available": "100Mi"},
		"what must stay available before Pods are evicted")
	set.StringSliceVar(&f.clusterDNS, "cluster-dns", nil, "addresses of DNS servers for Pods, instead of the Service kube-dns")
	set.StringVar(&f.clusterDomain, "cluster-domain", "cluster.local", "domain of the cluster")
}

// apply checks the flags and puts what they say into the agent's options.
func (f *agentFlags) apply(options *node.Options) error {
	var errs []error
	if f.maxPods < 1 {
		errs = append(errs, fmt.Errorf("invalid --max-pods: %d is not positive", f.maxPods))
	}
	options.MaxPods = f.maxPods
	options.SystemReserved = v1.ResourceList{}
	for name, amount := range f.systemReserved {
		quantity, err := resource.ParseQuantity(amount)
		switch {
		case name != string(v1.ResourceCPU) && name != string(v1.ResourceMemory) && name != string(v1.ResourceEphemeralStorage):
			errs = append(errs, fmt.Errorf("invalid --system-reserved: %q cannot be reserved", name))
		case err != nil || quantity.Sign() < 0:
			errs = append(errs, fmt.Errorf("invalid --system-reserved: %q is not a quantity such as 200m or 150Mi", amount))
		}
		options.SystemReserved[v1.ResourceName(name)] = quantity
	}
	for signal, amount := range f.evictionHard {
		quantity, err := resource.ParseQuantity(amount)
		switch {
		case signal != "memory.available":
			errs = append(errs, fmt.Errorf("invalid --eviction-hard: %q is not supported, only memory.available is", signal))
		case err != nil || quantity.Sign() < 0:
			errs = append(errs, fmt.Errorf("invalid --eviction-hard: %q is not a quantity such as 100Mi", amount))
		}
		options.EvictionMemory = &quantity
	}
	for _, server := range f.clusterDNS {
		if _, err := netip.ParseAddr(server); err != nil {
			errs = append(errs, fmt.Errorf("invalid --cluster-dns: %q is not an IP address", server))
		}
	}
	options.ClusterDNS = f.clusterDNS
	if problems := validation.IsDNS1123Subdomain(f.clusterDomain); len(problems) > 0 {
		errs = append(errs, fmt.Errorf("invalid --cluster-domain: %q: %s", f.clusterDomain, strings.Join(problems, "; ")))
	}
	options.ClusterDomain = f.clusterDomain
	return errors.Join(errs...)
}

// nodeFlags are the flags of `reference node` as they were typed.
type nodeFlags struct {
	agentFlags
	server      string
	token       string
	nodeName    string
	nodeIP      string
	clusterCIDR string
	dataDir     string
	verbosity   int
}

func newNodeCommand() *cobra.Command {
	var flags nodeFlags
	command := &cobra.Command{
		Use:   "node",
		Short: "Join a cluster as a node: run its Pods and forward its Services",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := flags.parse()
			if err != nil {
				return err
			}
			setVerbosity(flags.verbosity)
			return joinAndRun(command.Context(), config)
		},
	}
	flags.add(command.Flags())
	return command
}

func (f *nodeFlags) add(set *pflag.FlagSet) {
	f.agentFlags.add(set)
	set.StringVar(&f.server, "server", "", "URL of the API to join, such as https://server:6443")
	set.StringVar(&f.token, "token", "", "the cluster's join secret; also read from the environment variable REFERENCE_TOKEN")
	set.StringVar(&f.nodeName, "node-name", "", "name of the Node (default: the host name)")
	set.StringVar(&f.nodeIP, "node-ip", "", "address of the node for the API and other nodes (default: the one by which it reaches the server)")
	set.StringVar(&f.clusterCIDR, "cluster-cidr", "10.244.0.0/16", "where the addresses of all Pods come from, as the server has it")
	set.StringVar(&f.dataDir, "data-dir", "/var/lib/reference", "directory of what the node must remember")
	set.IntVar(&f.verbosity, "v", 0, "verbosity of the log")
}

// nodeConfig is what the flags say, checked.
type nodeConfig struct {
	server  *url.URL
	token   string
	dataDir string
	options node.Options // without what joining brings
}

func (f *nodeFlags) parse() (nodeConfig, error) {
	config := nodeConfig{token: f.token, dataDir: f.dataDir}
	var errs []error
	server, err := url.Parse(f.server)
	if err != nil || server.Scheme != "https" || server.Host == "" {
		errs = append(errs, fmt.Errorf("invalid --server: %q is not a URL such as https://server:6443", f.server))
	}
	config.server = server
	if config.token == "" {
		config.token = os.Getenv("REFERENCE_TOKEN")
	}
	if config.options.Name, err = nodeNameOr(f.nodeName); err != nil {
		errs = append(errs, err)
	}
	if f.nodeIP != "" {
		if config.options.IP, err = netip.ParseAddr(f.nodeIP); err != nil {
			errs = append(errs, fmt.Errorf("invalid --node-ip: %q is not an IP address", f.nodeIP))
		}
	}
	if config.options.ClusterCIDR, err = netip.ParsePrefix(f.clusterCIDR); err != nil {
		errs = append(errs, fmt.Errorf("invalid --cluster-cidr: %q is not an address range such as 10.244.0.0/16", f.clusterCIDR))
	}
	if f.dataDir == "" {
		errs = append(errs, errors.New("invalid --data-dir: a directory is needed"))
	}
	return config, errors.Join(append(errs, f.apply(&config.options))...)
}

// nodeNameOr is the given name, or else the host's.
func nodeNameOr(name string) (string, error) {
	if name == "" {
		host, err := os.Hostname()
		if err != nil {
			return "", fmt.Errorf("invalid --node-name: none was given, and this host has no name: %w", err)
		}
		name = strings.ToLower(host)
	}
	if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
		return "", fmt.Errorf("invalid --node-name: %q: %s", name, strings.Join(problems, "; "))
	}
	return name, nil
}

// joinAndRun joins, unless the node has done so before, and is a node until ctx ends.
func joinAndRun(ctx context.Context, config nodeConfig) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	containers := beginRuntime(ctx, config.dataDir)
	defer func() {
		cancel()
		err = errors.Join(err, containers.close())
	}()
	own, err := config.ownAddress(ctx)
	if err != nil {
		return err
	}
	config.options.IP = own
	store := filepath.Join(config.dataDir, "pki")
	credentials, err := pki.LoadCredentials(store)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if config.token == "" {
			return errors.New("invalid --token: without the cluster's join secret no node can join")
		}
		if credentials, err = pki.Join(ctx, config.server.String(), config.token, config.options.Name, []netip.Addr{own}); err != nil {
			return fmt.Errorf("join the cluster at %s: %w", config.server, err)
		}
		if err := credentials.Save(store); err != nil {
			return err
		}
	}
	return runNode(ctx, credentials, containers, config.dataDir, config.options)
}

// ownAddress is the node's address: as given, or the one that a connection to the server comes from. The name of a
// server that does not exist yet is asked for again.
func (c *nodeConfig) ownAddress(ctx context.Context) (netip.Addr, error) {
	if c.options.IP.IsValid() {
		return c.options.IP, nil
	}
	port := c.server.Port()
	if port == "" {
		port = "443"
	}
	for {
		// No packet is sent for a UDP connection; the kernel only picks the way.
		conn, err := (&net.Dialer{}).DialContext(ctx, "udp", net.JoinHostPort(c.server.Hostname(), port))
		if err == nil {
			own := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
			return own, conn.Close()
		}
		klog.FromContext(ctx).Info("The server is not known yet", "server", c.server.Host, "reason", err.Error())
		select {
		case <-ctx.Done():
			return netip.Addr{}, ctx.Err()
		case <-time.After(serverRetry):
		}
	}
}

// Archives of images that every node has: of the cluster's own Pods, and what somebody put there.
const (
	ownImagesDir = "/usr/local/lib/reference/images"
	imagesDir    = "/images"
)

const (
	serverRetry     = 500 * time.Millisecond
	containerdRetry = 50 * time.Millisecond
)

// runNode is a node until ctx ends or a part of it fails: containers, agent, and service proxy.
func runNode(ctx context.Context, credentials *pki.Credentials, containers *opening, dataDir string, options node.Options) error {
	var err error
	if options.ServingCert, err = credentials.ServingCert(); err != nil {
		return err
	}
	if options.ClientCA, err = credentials.ClientCA(); err != nil {
		return err
	}
	options.Config = credentials.Config()
	options.DataDir = filepath.Join(dataDir, "node")
	group, partsCtx := errgroup.WithContext(ctx)
	services := make(chan struct{})
	options.ServicesReady = services
	group.Go(func() error {
		var err error
		if options.Runtime, err = containers.wait(partsCtx); err != nil {
			return err
		}
		return node.Run(partsCtx, options)
	})
	// The rules are written while the runtime still loads its images.
	group.Go(func() error {
		return proxy.Run(partsCtx, proxy.Options{
			Config: options.Config, NodeName: options.Name, NodeIP: options.IP, ClusterCIDR: options.ClusterCIDR,
			Installed: func() { close(services) },
		})
	})
	return group.Wait()
}

// opening is a connection to containerd that is on its way, with the images that the node came with. A node has the time for that while
// it waits for the API, or brings it up itself.
type opening struct {
	done       chan struct{} // is closed when one of the following is set
	containers *runtime.Containerd
	err        error
}

// beginRuntime begins to open the runtime. Whoever calls it has to end ctx, and to call close then.
func beginRuntime(ctx context.Context, dataDir string) *opening {
	o := &opening{done: make(chan struct{})}
	go func() {
		defer close(o.done)
		o.containers, o.err = openRuntime(ctx, dataDir)
	}()
	return o
}

func (o *opening) wait(ctx context.Context) (runtime.Runtime, error) {
	select {
	case <-o.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if o.err != nil {
		return nil, o.err
	}
	return o.containers, nil
}

// close waits until the runtime is open or was given up, and closes it. Why it was given up, wait tells.
func (o *opening) close() error {
	<-o.done
	if o.err != nil {
		return nil
	}
	return o.containers.Close()
}

// openRuntime connects to containerd, which starts beside this program, and loads the images that the node came with.
func openRuntime(ctx context.Context, dataDir string) (*runtime.Containerd, error) {
	for told := ""; ; {
		containers, err := runtime.New(ctx, runtime.Options{
			Address: shim.Containerd, StateDir: filepath.Join(dataDir, "runtime"),
		})
		if err == nil {
			if err := containers.ImportImages(ctx, ownImagesDir, imagesDir); err != nil {
				return nil, errors.Join(fmt.Errorf("import images: %w", err), containers.Close())
			}
			return containers, nil
		}
		if reason := err.Error(); reason != told {
			klog.FromContext(ctx).Info("The runtime cannot be opened, trying again", "reason", reason)
			told = reason
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(containerdRetry):
		}
	}
}
