package plumbline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/steps"
)

// ClusterSpec describes a cluster that Options.Provide is asked for.
type ClusterSpec struct {
	// Nodes counts the machines, the server's among them; 0 asks for an API server, controllers and a scheduler without a node.
	Nodes int
	// ServerFlags are those of the server, in the spelling of kube-apiserver and kube-controller-manager.
	ServerFlags []string
	// MustFailToStart says that the server has to refuse its flags, with a *StartError. One that comes up after all is
	// returned as a cluster.
	MustFailToStart bool
	// NodeMemory is how many bytes each node but the server's has, so that a scenario can use them up; 0: what there is.
	NodeMemory int64
	// WorkloadArchive is the path of the workload image, as `docker save` writes images. Every node has to have the image
	// before a Pod needs it, under the name WorkloadImage: no scenario pulls it from anywhere.
	WorkloadArchive string
	WorkloadImage   string
}

// Cluster is what Options.Provide makes.
type Cluster struct {
	// Name is what reports call the cluster; "provided" by default.
	Name string
	// Config reaches the API server as an administrator, and Kubeconfig is the path of a file with the same access. One of
	// them may be left out: the other is made of it.
	Config     *rest.Config
	Kubeconfig string
	// WorkloadImage is the name under which the nodes have the workload image, if not under the spec's.
	WorkloadImage string
	// Machine stops, starts and looks into nodes. Without it, scenarios that need that are unsupported.
	Machine Machine
	// Logs returns what the cluster's components wrote, by name, as evidence. It may be left out.
	Logs func(ctx context.Context) (map[string][]byte, error)
	// Gone returns why the cluster has ended for good, or nil. It is asked when the API does not answer, and may be left out.
	Gone func(ctx context.Context) error
	// Stop removes the cluster. Without it, the cluster stays, and what the run left in it is removed.
	Stop func(ctx context.Context) error
}

// These come from package steps, where scenarios meet them.
type (
	// Machine stops, starts and looks into the nodes of a cluster.
	Machine = steps.Machine
	// StartError is a server that refused to start, with its exit code and what it said.
	StartError = steps.StartError
	// Unsupported is the error of something that a target cannot have, and why. It makes a scenario unsupported, not failed.
	Unsupported = steps.Unsupported
)

// provided is a target whose clusters Options.Provide makes.
type provided struct {
	provide   func(ctx context.Context, spec ClusterSpec) (*Cluster, error)
	nodes     int    // of the shared cluster; 0 if nobody said
	kubectl   string // instead of the pinned one
	kit       fixtures.Kit
	equipment *fixtures.Equipment
	shared    *providedCluster
	left      bool

	mu  sync.Mutex
	all []*providedCluster
}

// providedCluster is one cluster with what scenarios need besides it.
type providedCluster struct {
	*fixtures.Remote
	made *Cluster
	stop func(ctx context.Context) error // once
}

func (t *provided) kind() string { return "provided" }

func (t *provided) prepare(ctx context.Context, _ needs, run string, log io.Writer) (err error) {
	t.equipment, err = t.kit.Equip(ctx, run, log)
	if err == nil && t.kubectl != "" {
		t.equipment.UseKubectl(t.kubectl)
	}
	return err
}

func (t *provided) start(ctx context.Context, needs needs) (steps.Cluster, error) {
	var err error
	if t.shared, err = t.make(ctx, steps.ClusterSpec{Nodes: sharedNodes(needs, t.nodes)}); err != nil {
		return nil, err
	}
	if needs.workloads {
		if err := t.shared.CheckWorkload(ctx); err != nil {
			return nil, err
		}
	}
	return t.shared.forScenarios(), nil
}

// make has a cluster made, and gives it what scenarios need.
func (t *provided) make(ctx context.Context, spec steps.ClusterSpec) (*providedCluster, error) {
	archive, image := t.equipment.Workload()
	made, err := t.provide(ctx, ClusterSpec{
		Nodes: spec.Nodes, ServerFlags: spec.ServerFlags, MustFailToStart: spec.MustFailToStart, NodeMemory: spec.NodeMemory, WorkloadArchive: archive, WorkloadImage: image,
	})
	if err != nil {
		return nil, err
	}
	if made == nil {
		return nil, errors.New("Options.Provide returned neither a cluster nor an error")
	}
	if made.Name == "" {
		made.Name = "provided"
	}
	attached, err := t.equipment.Attach(made.Name, made.Config, made.Kubeconfig, made.WorkloadImage)
	if err != nil {
		err = fmt.Errorf("the cluster that Options.Provide returned cannot be used: %w", err)
		if made.Stop != nil {
			err = errors.Join(err, made.Stop(context.WithoutCancel(ctx)))
		}
		return nil, err
	}
	remove := attached.Close
	if made.Stop != nil {
		remove = made.Stop
	}
	c := &providedCluster{Remote: attached, made: made, stop: once(remove)}
	t.mu.Lock()
	t.all = append(t.all, c)
	t.mu.Unlock()
	return c, nil
}

// once has a clean-up done by whoever comes first.
func once(do func(context.Context) error) func(context.Context) error {
	var first sync.Once
	return func(ctx context.Context) (err error) {
		first.Do(func() { err = do(ctx) })
		return err
	}
}

// forScenarios is the cluster as scenarios see it: with machines only if it has some.
func (c *providedCluster) forScenarios() steps.Cluster {
	if c.made.Machine == nil {
		return c.Remote
	}
	return struct {
		*fixtures.Remote
		Machine
	}{c.Remote, c.made.Machine}
}

func (t *provided) provider() steps.Provider { return ownProvided{t} }

// unsupported is what Provide says, cluster by cluster; but one node is known from the start. It has no way to speak of load balancers.
func (t *provided) unsupported(profile string) string {
	if profile == loadBalancer {
		return "whether the clusters of Options.Provide have a provider of load balancers is not known, and nothing is run on their nodes' network"
	}
	return oneNode(profile, t.nodes)
}

func (t *provided) gone(ctx context.Context) error {
	if t.shared == nil || t.shared.made.Gone == nil {
		return nil
	}
	return t.shared.made.Gone(ctx)
}

func (t *provided) logs(ctx context.Context) (map[string][]byte, error) {
	if t.shared == nil || t.shared.made.Logs == nil {
		return nil, nil
	}
	return t.shared.made.Logs(ctx)
}

func (t *provided) keep(context.Context) (string, error) {
	t.left = true
	return t.shared.Leave()
}

// stop stops every cluster that is still there, but what is kept.
func (t *provided) stop(ctx context.Context) error {
	var errs []error
	for _, c := range t.all {
		if !t.left || c != t.shared {
			errs = append(errs, c.stop(ctx))
		}
	}
	if t.equipment != nil && !t.left {
		errs = append(errs, t.equipment.Close())
	}
	return errors.Join(errs...)
}

// ownProvided provides clusters of scenarios' own.
type ownProvided struct{ target *provided }

func (o ownProvided) Start(ctx context.Context, spec steps.ClusterSpec) (steps.Cluster, func(context.Context) error, error) {
	c, err := o.target.make(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	return c.forScenarios(), c.stop, nil
}
