package steps

import (
	"context"
	"net/netip"
	"time"

	"k8s.io/client-go/rest"
)

// Cluster is what the sentences need of the cluster under test.
type Cluster interface {
	// Name is what people call the cluster in reports.
	Name() string
	// Config reaches the API server as an administrator. Callers copy it before they change it.
	Config() *rest.Config
	// Kubeconfig is the path of a file with the same access, for kubectl.
	Kubeconfig() string
	// Kubectl is the path of the pinned kubectl program.
	Kubectl() string
	// WorkloadImage is the reference of the workload image. Every node has it, so that no scenario pulls.
	WorkloadImage() string
}

// Machine is what a cluster that the run owns can do besides: its nodes are containers that may be stopped.
// A Cluster that is not a Machine has scenarios of the `cluster` and `implementation` profiles unsupported.
type Machine interface {
	// Nodes lists the names of the nodes, the one that runs the API server first.
	Nodes() []string
	// StopNode kills a node as a power cut would. It returns once the node is off.
	StopNode(ctx context.Context, name string) error
	// StartNode turns a stopped node on again. It does not wait for the node to be Ready.
	StartNode(ctx context.Context, name string) error
	// Exec runs a program on a node. A program that ran has no error, whatever its exit code.
	Exec(ctx context.Context, node string, command ...string) (stdout, stderr string, exit int, err error)
	// Process tells how the command line of a part of the orchestrator begins: of its "server", or of a node's "agent",
	// "runtime" or service "proxy". It is empty where the target does not tell.
	Process(part string) string
}

// Growing is a cluster that nodes may join while it runs.
type Growing interface {
	// AddNode starts one more node, and returns its name. It does not wait for the node to be Ready.
	AddNode(ctx context.Context) (string, error)
}

// Surrounded is a cluster on whose nodes' network the run has a machine of its own, which is no node.
type Surrounded interface {
	// Outside runs a program of the workload image on that machine. A program that ran has no error, whatever its exit code.
	Outside(ctx context.Context, command ...string) (stdout, stderr string, exit int, err error)
	// OutsideAddress is the machine's address on the nodes' network.
	OutsideAddress(ctx context.Context) (netip.Addr, error)
	// OutsideName is the machine's name on that network.
	OutsideName(ctx context.Context) (string, error)
}

// Balanced is a cluster that may have a provider of load balancers, which gives Services addresses of the nodes' network.
type Balanced interface {
	// LoadBalancerAddresses counts the addresses that the provider has to give, one to a Service; 0: there is no provider.
	LoadBalancerAddresses() int
}

// ClusterSpec describes a cluster of a scenario's own.
type ClusterSpec struct {
	// Nodes counts the machines, the server's among them; 0 means an API server and controllers without a node.
	Nodes int
	// ServerFlags are added to the server's command line, in upstream's spelling.
	ServerFlags []string
	// MustFailToStart expects the server to refuse its flags: Start then returns a *StartError. A server that comes up after
	// all is returned as a cluster, for the scenario to judge and release.
	MustFailToStart bool
	// NodeMemory is how many bytes each node but the server's has, so that a scenario can use them up; 0: what there is.
	NodeMemory int64
}

// StartError is how a server that refused to start ended.
type StartError struct {
	ExitCode int
	Output   string
}

func (e *StartError) Error() string {
	return "the server did not start: " + e.Output
}

// Provider starts clusters of a scenario's own, for the profile `cluster`. The returned function removes the cluster.
type Provider interface {
	Start(ctx context.Context, spec ClusterSpec) (Cluster, func(context.Context) error, error)
}

// Keeper is a Provider whose clusters may live on when their scenario and the run have ended, to be looked into.
type Keeper interface {
	// Keep leaves a cluster that the provider started. An error says why it cannot be left; it is then released as usual.
	Keep(cluster Cluster, scenario string) error
}

// Evidence is where a scenario leaves what it saw; the engine gives one to each scenario.
type Evidence interface {
	// Attach keeps a document under a name, for example the objects of the namespace as YAML.
	Attach(name, mediaType string, data []byte)
	// Observe adds a line to the scenario's timeline: what was seen of which object.
	Observe(at time.Time, object, what string)
}

// Env is what the engine hands to a scenario.
type Env struct {
	Cluster  Cluster
	Provider Provider // nil where clusters of a scenario's own cannot be had
	Evidence Evidence
	// Run is the value of the label plumbline.dev/run, which everything that the run creates carries.
	Run string
	// Scenario is the scenario's id.
	Scenario string
	Seed     int64
	// Latency is how long the cluster's API server takes for a cheap request; it scales the bounds, see Scale.
	Latency time.Duration
	// Outlives says that the cluster goes on when the run has ended, so that nothing in it may stay behind.
	Outlives bool
	// Keep leaves the namespace of a scenario that did not pass, and its own cluster, to be looked into.
	Keep bool
}

// RunLabel marks what a run created: namespaces, and objects outside of namespaces.
const RunLabel = "plumbline.dev/run"
