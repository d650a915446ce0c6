package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sentences about clusters of a scenario's own, for what cannot be tried on a shared one.

func clusterSentences(sc vocabulary) {
	sc.Step(`^a cluster of its own with the server flags "([^"]*)"$`, ownCluster)
	sc.Step(`^a cluster of its own with the server flags "([^"]*)", if there are such$`, ownClusterIfKnown)
	sc.Step(`^a cluster of its own with (\d+) nodes? and the server flags "([^"]*)", if there are such$`, ownNodesIfKnown)
	sc.Step(`^a server with the flags "([^"]*)" refuses to start and says "([^"]*)"$`, refusesToStart)
}

// ownedCluster is a cluster of the scenario's own, and what removes it.
type ownedCluster struct {
	cluster Cluster
	release func(context.Context) error
}

// startOwn turns the scenario to a cluster of its own, which End removes.
func startOwn(ctx context.Context, spec ClusterSpec) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if s.env.Provider == nil {
		return &Unsupported{Why: "the scenario needs a cluster of its own, and this target provides none"}
	}
	limited, cancel := context.WithTimeout(ctx, boundCluster.within(ctx))
	defer cancel()
	cluster, release, err := s.env.Provider.Start(limited, spec)
	var refused *StartError
	if errors.As(err, &refused) {
		return failed("a server with the flags "+strings.Join(spec.ServerFlags, " "), "it starts", fmt.Sprintf("it ended with %d: %s", refused.ExitCode, refused.Output))
	}
	if err != nil {
		return fmt.Errorf("start a cluster of the scenario's own: %w", err)
	}
	if s.shared == nil {
		s.elsewhere, s.shared = append(s.elsewhere, s.namespace), s.typed
	}
	s.own = append(s.own, ownedCluster{cluster, release})
	if err := s.use(ctx, cluster); err != nil {
		return err
	}
	_, err = s.settledNodes(ctx)
	return err
}

// leaveShared removes the namespace that the scenario had on the shared cluster before it got its own.
func (s *scenario) leaveShared(ctx context.Context) error {
	s.typed = s.shared
	var errs []error
	for _, namespace := range s.elsewhere {
		errs = append(errs, s.removeNamespace(ctx, namespace))
	}
	return errors.Join(errs...)
}

// leave removes a cluster of the scenario's own, unless the scenario failed and its clusters are to be looked into.
func (s *scenario) leave(ctx context.Context, own ownedCluster) error {
	keeper, able := s.env.Provider.(Keeper)
	if !s.failed || !s.env.Keep || !able || own.cluster == nil {
		return own.release(ctx)
	}
	name := "Cluster " + own.cluster.Name()
	if err := keeper.Keep(own.cluster, s.env.Scenario); err != nil {
		s.observe(name, "not kept: "+err.Error())
		return own.release(ctx)
	}
	s.observe(name, "kept, to be looked into")
	return nil
}

func ownCluster(ctx context.Context, flags string) error {
	return startOwn(ctx, ClusterSpec{ServerFlags: strings.Fields(flags)})
}

// ownClusterIfKnown is for flags about something that not every implementation has, such as a history that is compacted. One that
// knows no such flag refuses to start and names it, by the container contract. Any other end at the start is a failure.
func ownClusterIfKnown(ctx context.Context, flags string) error {
	return ownNodesIfKnown(ctx, 0, flags)
}

func ownNodesIfKnown(ctx context.Context, nodes int, flags string) error {
	err := startOwn(ctx, ClusterSpec{Nodes: nodes, ServerFlags: strings.Fields(flags)})
	var refused *Failure
	if errors.As(err, &refused) && namesFlag(refused.Seen, flags) {
		return &Unsupported{Why: "the server does not know the flags " + flags + ": " + refused.Seen}
	}
	return err
}

// namesFlag says whether a server's output names one of the flags that it was given.
func namesFlag(output, flags string) bool {
	return slices.ContainsFunc(strings.Fields(flags), func(flag string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		return strings.Contains(output, name)
	})
}

// tells says whether an output has a text, be it as the name of a flag or in words.
func tells(output, text string) bool {
	fold := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", " ")) }
	return strings.Contains(fold(output), fold(text))
}

func refusesToStart(ctx context.Context, flags, text string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if s.env.Provider == nil {
		return &Unsupported{Why: "the scenario needs a server of its own, and this target provides none"}
	}
	what := "a server with the flags " + flags
	limited, cancel := context.WithTimeout(ctx, boundCluster.within(ctx))
	defer cancel()
	cluster, release, err := s.env.Provider.Start(limited, ClusterSpec{ServerFlags: strings.Fields(flags), MustFailToStart: true})
	if release != nil {
		s.own = append(s.own, ownedCluster{cluster, release})
	}
	var refused *StartError
	switch {
	case err == nil:
		return failed(what, "it refuses to start", "it started")
	case !errors.As(err, &refused):
		return fmt.Errorf("start %s: %w", what, err)
	case refused.ExitCode == 0:
		return failed(what, "it ends with an exit code that is not 0", "0, and this output: "+refused.Output)
	case !tells(refused.Output, text):
		return &Failure{What: what, Expected: fmt.Sprintf("it ends with a message that contains %q", text), Seen: refused.Output, At: time.Now()}
	}
	return nil
}
