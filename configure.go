package plumbline

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/steps"
)

// configure has the importer prepare a cluster that answers.
func (e *engine) configure(ctx context.Context, cluster steps.Cluster) error {
	if e.options.Configure == nil {
		return nil
	}
	if err := e.options.Configure(ctx, rest.CopyConfig(cluster.Config())); err != nil {
		return fmt.Errorf("Options.Configure could not prepare the cluster %s: %w", cluster.Name(), err)
	}
	return nil
}

// provider starts clusters of scenarios' own, each configured and watched as the shared one is; nil where the target has none.
func (e *engine) provider() steps.Provider {
	provider := e.target.provider()
	if provider == nil {
		return nil
	}
	if e.options.Configure != nil {
		provider = configuring{e, provider}
	}
	return watching{e, provider}
}

// configuring is a provider whose clusters are configured before scenarios see them.
type configuring struct {
	engine *engine
	steps.Provider
}

func (c configuring) Start(ctx context.Context, spec steps.ClusterSpec) (steps.Cluster, func(context.Context) error, error) {
	cluster, release, err := c.Provider.Start(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	if err := c.engine.configure(ctx, cluster); err != nil {
		if gone := release(context.WithoutCancel(ctx)); gone != nil {
			err = fmt.Errorf("%w; and its removal failed: %v", err, gone)
		}
		return nil, nil, err
	}
	return cluster, release, nil
}

// Keep asks the provider below.
func (c configuring) Keep(cluster steps.Cluster, scenario string) error {
	return keepBy(c.Provider, cluster, scenario)
}

// keepBy asks a provider to keep a cluster.
func keepBy(provider steps.Provider, cluster steps.Cluster, scenario string) error {
	keeper, able := provider.(steps.Keeper)
	if !able {
		return errors.New("the target cannot keep clusters of scenarios' own")
	}
	return keeper.Keep(cluster, scenario)
}
