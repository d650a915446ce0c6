package plumbline

import (
	"context"
	"io"
	"time"

	"github.com/plumbline/plumbline/steps"
)

// target is what a run judges: where its clusters come from.
type target interface {
	// kind is the name by which it is chosen.
	kind() string
	// prepare makes whatever a start needs, such as programs and images, and reaches what is there already. The first time
	// it may take minutes.
	prepare(ctx context.Context, needs needs, run string, log io.Writer) error
	// start brings up the cluster that the scenarios share.
	start(ctx context.Context, needs needs) (steps.Cluster, error)
	// provider starts clusters of a scenario's own; nil where the target cannot.
	provider() steps.Provider
	// unsupported says why no scenario of a profile can run on this target; nothing if they can.
	unsupported(profile string) string
	// gone says that the shared cluster has ended for good. It is asked when the API does not answer.
	gone(ctx context.Context) error
	// logs are those of the target's components, by name: evidence, never judged.
	logs(ctx context.Context) (map[string][]byte, error)
	// keep leaves the shared cluster when the run ends, and says how to use and how to remove it.
	keep(ctx context.Context) (string, error)
	// stop removes everything that the run started, but what is kept.
	stop(ctx context.Context) error
}

// needs is what the planned scenarios need of the shared cluster.
type needs struct {
	workloads bool // nodes that run containers, and not an API server alone
}

// startLimit is how long a target may take to start, once everything is built. The bounds of its parts are shorter, and
// their messages better.
const startLimit = 5 * time.Minute
