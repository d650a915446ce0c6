// Package conformance shows how another project judges its orchestrator as part of its own tests.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/plumbline/plumbline"
	"github.com/plumbline/plumbline/fixtures"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// some keeps the example quick; without a selection everything is judged.
var some = plumbline.Selection{Claims: []string{"labels/in", "labels/exists"}}

// The bundled reference needs nothing from the project. An image that keeps the contract of fixtures/CONTRACT.md is judged
// with Target: "image" and its name in Image, a cluster that is there already with Target: "kubeconfig".
func TestReference(t *testing.T) {
	plumbline.Run(t, plumbline.Options{Selection: some, Out: t.TempDir()})
}

// A project that makes its clusters itself provides them, and prepares each before it is judged.
func TestOwnClusters(t *testing.T) {
	var configured atomic.Int32
	plumbline.Run(t, plumbline.Options{
		Selection: some, Out: t.TempDir(),
		Provide: provide,
		Configure: func(ctx context.Context, config *rest.Config) error {
			clients, err := kubernetes.NewForConfig(config)
			if err != nil {
				return err
			}
			// Here an orchestrator would have its add-ons installed.
			_, err = clients.CoreV1().Namespaces().Get(ctx, metav1.NamespaceDefault, metav1.GetOptions{})
			configured.Add(1)
			return err
		},
	})
	if configured.Load() != 1 {
		t.Errorf("Configure was called for %d clusters, want the shared one", configured.Load())
	}
}

var made atomic.Int32

// provide makes a cluster. For want of an orchestrator of its own the example takes the reference's containers; a project
// would call what it starts its clusters with.
func provide(ctx context.Context, spec plumbline.ClusterSpec) (*plumbline.Cluster, error) {
	if spec.MustFailToStart {
		return nil, &plumbline.Unsupported{Why: "the example does not start servers that are to refuse"}
	}
	run := fmt.Sprintf("example-%d", made.Add(1))
	clusters, err := fixtures.New(ctx, run, io.Discard, fixtures.Bundled())
	if err != nil {
		return nil, err
	}
	// Its nodes get the workload image as spec.WorkloadArchive has it: fixtures sees to that.
	cluster, err := clusters.Start(ctx, fixtures.Spec{Nodes: spec.Nodes, ServerFlags: spec.ServerFlags})
	if err != nil {
		return nil, errors.Join(err, clusters.Close(context.WithoutCancel(ctx)))
	}
	return &plumbline.Cluster{
		Name: "example", Config: cluster.Config(), Machine: cluster, Logs: cluster.Logs, Gone: cluster.Gone, Stop: clusters.Close,
	}, nil
}
