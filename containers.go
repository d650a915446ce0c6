package plumbline

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/steps"
)

// defaultNodes is the size of the shared cluster: one server, which is a node too, and two more nodes.
const defaultNodes = 3

// sharedNodes is how many nodes the shared cluster gets: a run that needs none gets none.
func sharedNodes(needs needs, wanted int) int {
	if !needs.workloads {
		return 0
	}
	return cmp.Or(wanted, defaultNodes)
}

// oneNode says why what needs two nodes cannot run on a shared cluster of so many, or nothing.
func oneNode(profile string, nodes int) string {
	if profile == multiNode && nodes == 1 {
		return "two nodes are needed, and the run was told to start one"
	}
	return ""
}

// containers is an orchestrator whose nodes are containers of this machine's Docker, all of one image: the run owns its
// clusters, and can have more of them.
type containers struct {
	name     string // of the target
	nodes    int    // of the shared cluster; 0 if nobody said
	source   fixtures.Source
	kubectl  string // instead of the pinned one
	kit      fixtures.Kit
	tried    bool // the image is ours, and brings the workload image onto its nodes
	clusters *fixtures.Clusters
	shared   *fixtures.Cluster
	left     bool
}

func (t *containers) kind() string { return t.name }

func (t *containers) prepare(ctx context.Context, _ needs, run string, log io.Writer) (err error) {
	t.clusters, err = t.kit.New(ctx, run, log, t.source)
	if err == nil && t.kubectl != "" {
		t.clusters.UseKubectl(t.kubectl)
	}
	return err
}

func (t *containers) start(ctx context.Context, needs needs) (steps.Cluster, error) {
	shared, err := t.clusters.Start(ctx, fixtures.Spec{Nodes: sharedNodes(needs, t.nodes)})
	if err != nil {
		return nil, err
	}
	t.shared = shared
	if needs.workloads && !t.tried {
		if err := shared.CheckWorkload(ctx); err != nil {
			return nil, err
		}
	}
	return shared, nil
}

func (t *containers) provider() steps.Provider { return ownClustersOf{t} }

// unsupported: what Kubernetes leaves to others is in a container only if its image says so, which is known once it is there. One node is
// known from the start.
func (t *containers) unsupported(profile string) string {
	if profile == loadBalancer && t.clusters != nil && !t.clusters.Balances() {
		return "the image declares no provider of load balancers (label plumbline.dev/load-balancer)"
	}
	return oneNode(profile, t.nodes)
}

func (t *containers) gone(ctx context.Context) error {
	if t.shared == nil {
		return nil
	}
	return t.shared.Gone(ctx)
}

func (t *containers) logs(ctx context.Context) (map[string][]byte, error) {
	if t.shared == nil {
		return nil, nil
	}
	return t.shared.Logs(ctx)
}

func (t *containers) keep(ctx context.Context) (string, error) {
	t.left = true
	return t.clusters.Leave(ctx, t.shared, "make reference-down RUN="+t.clusters.Run())
}

func (t *containers) stop(ctx context.Context) error {
	if t.clusters == nil || t.left {
		return nil
	}
	return t.clusters.Close(ctx)
}

// ownClustersOf provides clusters of scenarios' own. It translates between what steps ask for and what fixtures offer,
// which do not know each other.
type ownClustersOf struct{ target *containers }

func (o ownClustersOf) Start(ctx context.Context, spec steps.ClusterSpec) (steps.Cluster, func(context.Context) error, error) {
	cluster, err := o.target.clusters.Start(ctx, fixtures.Spec{Nodes: spec.Nodes, ServerFlags: spec.ServerFlags, MustFailToStart: spec.MustFailToStart, NodeMemory: spec.NodeMemory})
	if err != nil {
		var refused *fixtures.StartError
		if errors.As(err, &refused) {
			return nil, nil, &steps.StartError{Output: refused.Output, ExitCode: refused.Exit}
		}
		return nil, nil, err
	}
	return cluster, cluster.Stop, nil
}

// Keep leaves a scenario's own cluster when the run ends.
func (o ownClustersOf) Keep(cluster steps.Cluster, scenario string) error {
	own, ours := cluster.(*fixtures.Cluster)
	if !ours {
		return errors.New("it is no cluster of containers")
	}
	return own.Keep(scenario)
}
