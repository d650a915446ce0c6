package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/dialer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/node/network"
	"github.com/plumbline/plumbline/reference/node/shim"
)

// containerdNamespace keeps what is ours apart from other users of the same containerd.
const containerdNamespace = shim.Namespace

// Options of New. Empty fields have the values given here.
type Options struct {
	Address  string // of containerd's socket; /run/containerd/containerd.sock
	StateDir string // survives a restart of the node; /var/lib/reference/runtime
	RunDir   string // does not, as nothing that it describes does; /run/reference
}

func (o *Options) complete() {
	if o.Address == "" {
		o.Address = "/run/containerd/containerd.sock"
	}
	if o.StateDir == "" {
		o.StateDir = "/var/lib/reference/runtime"
	}
	if o.RunDir == "" {
		o.RunDir = "/run/reference"
	}
}

// Containerd is the Runtime on containerd.
type Containerd struct {
	client      *client.Client
	snapshotter string
	network     *network.Network
	cgroups     cgroups
	node        node
	states      stateDir // of containers
	nsDir       string   // of sandboxes
	ioDir       string   // of FIFOs

	images    imageCache
	importing sync.Mutex

	mu         sync.Mutex
	containers map[string]*container
	sandboxes  map[string]*sandbox
	burstable  map[string]uint64 // CPU shares by Pod UID
	listeners  map[*listener]bool

	stop    context.CancelFunc
	running sync.WaitGroup // everything that was started, awaited by Close
	ctx     context.Context
}

var _ Runtime = (*Containerd)(nil)

// New connects to containerd, waiting for it until ctx ends, recovers what
// runs, and follows its logs and exits again. Close ends that and leaves the containers
// running. Only one Containerd may use the directories at a time.
func New(ctx context.Context, options Options) (*Containerd, error) {
	options.complete()
	groups, err := findCgroups("/sys/fs/cgroup")
	if err != nil {
		return nil, err
	}
	own, err := describeNode(groups)
	if err != nil {
		return nil, err
	}
	c := &Containerd{
		node:       own,
		network:    network.New(),
		cgroups:    groups,
		states:     stateDir(filepath.Join(options.StateDir, "containers")),
		nsDir:      filepath.Join(options.RunDir, "ns"),
		ioDir:      filepath.Join(options.RunDir, "io"),
		containers: map[string]*container{},
		sandboxes:  map[string]*sandbox{},
		burstable:  map[string]uint64{},
		listeners:  map[*listener]bool{},
	}
	for _, dir := range []string{string(c.states), c.nsDir, c.ioDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the runtime's directories: %w", err)
		}
	}
	if c.client, err = dial(options.Address); err != nil {
		return nil, err
	}
	if err := c.recover(ctx); err != nil {
		c.client.Close()
		return nil, err
	}
	c.ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.running.Go(func() { c.followEvents(c.ctx) })
	return c, nil
}

// dial makes a client whose calls wait while containerd is being restarted,
// for as long as their context allows, instead of failing at once.
func dial(address string) (*client.Client, error) {
	c, err := client.New(address,
		client.WithDefaultNamespace(containerdNamespace),
		client.WithDialOpts([]grpc.DialOption{
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(dialer.ContextDialer),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 500 * time.Millisecond},
				MinConnectTimeout: 2 * time.Second,
			}),
		}),
		client.WithCallOpts([]grpc.CallOption{grpc.WaitForReady(true)}),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to containerd at %s: %w", address, err)
	}
	return c, nil
}

// Close stops following containers and closes the connection. Containers go
// on, and their output waits in the FIFOs.
func (c *Containerd) Close() error {
	c.stop()
	c.mu.Lock()
	for _, ctr := range c.containers {
		ctr.io.close()
	}
	c.mu.Unlock()
	err := c.client.Close()
	c.running.Wait()
	return err
}

// Ready is nil when containerd answers and the network is configured.
func (c *Containerd) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := c.client.VersionService().Version(ctx, nil); err != nil {
		return fmt.Errorf("container runtime is down: %w", err)
	}
	if errors.Is(c.network.Ready(), network.ErrNotConfigured) {
		return ErrNetworkNotReady
	}
	return nil
}

// ConfigureNetwork tells the node's Pod range and the other nodes.
func (c *Containerd) ConfigureNetwork(ctx context.Context, config NetworkConfig) error {
	return c.network.Configure(ctx, config)
}

// recover reads what a former process left: sandboxes, containers, tasks.
func (c *Containerd) recover(ctx context.Context) error {
	var err error
	if c.snapshotter, err = findSnapshotter(ctx, c.client); err != nil {
		return err
	}
	if err := c.createSandbox(ctx); err != nil {
		return err
	}
	if err := c.recoverSandboxes(ctx); err != nil {
		return err
	}
	return c.recoverContainers(ctx)
}

func logger(ctx context.Context) klog.Logger { return klog.FromContext(ctx).WithName("runtime") }
