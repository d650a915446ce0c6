package plumbline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"

	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/steps"
)

// defaultNodes is the size of the shared cluster: one server, which is a node too, and two more nodes.
const defaultNodes = 3

// referenceTarget is the orchestrator that is bundled with the suite, in containers of this machine's Docker.
type referenceTarget struct {
	clusters *fixtures.Clusters
	kubectl  string // instead of the pinned one
	shared   *fixtures.Cluster
	left     bool
}

func newReference(kubectl string) (*referenceTarget, error) {
	if kubectl == "" {
		return &referenceTarget{}, nil
	}
	path, err := exec.LookPath(kubectl)
	if err != nil {
		return nil, fmt.Errorf("the flag -kubectl: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("the flag -kubectl: %w", err)
	}
	return &referenceTarget{kubectl: path}, nil
}

func (t *referenceTarget) kind() string { return "reference" }

func (t *referenceTarget) prepare(ctx context.Context, run string, log io.Writer) (err error) {
	t.clusters, err = fixtures.New(ctx, run, log, fixtures.Bundled())
	if err == nil && t.kubectl != "" {
		t.clusters.UseKubectl(t.kubectl)
	}
	return err
}

func (t *referenceTarget) start(ctx context.Context, needs needs) (steps.Cluster, error) {
	spec := fixtures.Spec{Nodes: defaultNodes}
	if !needs.workloads {
		spec.Nodes = 0
	}
	shared, err := t.clusters.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	t.shared = shared
	return shared, nil
}

func (t *referenceTarget) provider() steps.Provider { return ownClustersOf{t} }

// unsupported: nobody hands out addresses of load balancers here.
func (t *referenceTarget) unsupported(profile string) string {
	if profile == "load-balancer" {
		return "the reference has no provider of load balancers"
	}
	return ""
}

func (t *referenceTarget) gone(ctx context.Context) error {
	if t.shared == nil {
		return nil
	}
	return t.shared.Gone(ctx)
}

func (t *referenceTarget) logs(ctx context.Context) (map[string][]byte, error) {
	if t.shared == nil {
		return nil, nil
	}
	return t.shared.Logs(ctx)
}

func (t *referenceTarget) keep(ctx context.Context) (string, error) {
	t.left = true
	return t.clusters.Leave(ctx, t.shared, "make reference-down RUN="+t.clusters.Run())
}

func (t *referenceTarget) stop(ctx context.Context) error {
	if t.clusters == nil || t.left {
		return nil
	}
	return t.clusters.Close(ctx)
}

// ownClustersOf provides clusters of scenarios' own. It translates between what steps ask for and what fixtures offer,
// which do not know each other.
type ownClustersOf struct{ target *referenceTarget }

func (o ownClustersOf) Start(ctx context.Context, spec steps.ClusterSpec) (steps.Cluster, func(context.Context) error, error) {
	cluster, err := o.target.clusters.Start(ctx, fixtures.Spec{Nodes: spec.Nodes, ServerFlags: spec.ServerFlags, MustFailToStart: spec.MustFailToStart})
	if err != nil {
		var refused *fixtures.StartError
		if errors.As(err, &refused) {
			return nil, nil, &steps.StartError{Output: refused.Output, ExitCode: refused.Exit}
		}
		return nil, nil, err
	}
	return cluster, cluster.Stop, nil
}
