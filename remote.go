package plumbline

import (
	"context"
	"fmt"
	"io"

	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/steps"
)

// remote is somebody's cluster, which a kubeconfig leads to. The run uses it as it is: it starts, stops and configures
// nothing there.
type remote struct {
	access   *fixtures.Access
	workload string // name of the workload image, if it was given
	kubectl  string // instead of the pinned one
	open     int    // nodes that take Pods
	measures bool   // it tells what Pods use
	kit      fixtures.Kit
	cluster  *fixtures.Remote
	left     bool
}

func (t *remote) kind() string { return targetKubeconfig }

func (t *remote) survey(ctx context.Context, wants []fixtures.Want) (*fixtures.Survey, error) {
	survey, err := t.access.Survey(ctx, wants, t.workload)
	if err == nil {
		t.open, t.measures = survey.Open, survey.Measures
	}
	return survey, err
}

func (t *remote) refusals() []string {
	if t.cluster == nil {
		return nil
	}
	return t.cluster.Refusals()
}

func (t *remote) prepare(ctx context.Context, _ needs, run string, log io.Writer) (err error) {
	t.cluster, err = t.kit.Attach(ctx, run, log, t.access, t.workload)
	if err == nil && t.kubectl != "" {
		t.cluster.UseKubectl(t.kubectl)
	}
	return err
}

func (t *remote) start(ctx context.Context, needs needs) (steps.Cluster, error) {
	if needs.workloads {
		if err := t.cluster.CheckWorkload(ctx); err != nil {
			return nil, err
		}
	}
	return t.cluster, nil
}

func (t *remote) provider() steps.Provider { return nil }

func (t *remote) unsupported(profile string) string {
	switch profile {
	case "cluster":
		return "the cluster of a kubeconfig is not the run's own: no other is started beside it, and none of its servers and nodes is stopped"
	case "implementation":
		return "the cluster of a kubeconfig is not the run's own: nothing is run on its nodes themselves"
	case loadBalancer:
		return "the cluster of a kubeconfig is not the run's own: whether it has a provider of load balancers is not known, and nothing is run on its nodes' network"
	case multiNode:
		if t.open < 2 {
			return fmt.Sprintf("two nodes are needed that are Ready and take Pods, and the cluster has %d", t.open)
		}
	case "autoscaling":
		if !t.measures {
			return "the cluster does not serve metrics.k8s.io, which metrics-server usually brings"
		}
	}
	return ""
}

func (t *remote) gone(context.Context) error                      { return nil }
func (t *remote) logs(context.Context) (map[string][]byte, error) { return nil, nil }

func (t *remote) keep(context.Context) (string, error) {
	t.left = true
	return t.cluster.Leave()
}

func (t *remote) stop(ctx context.Context) error {
	if t.cluster == nil || t.left {
		return nil
	}
	return t.cluster.Close(ctx)
}
