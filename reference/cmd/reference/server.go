package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/apiserver"
	"github.com/plumbline/plumbline/reference/controller"
	"github.com/plumbline/plumbline/reference/scheduler"
)

func newServerCommand() *cobra.Command {
	var flags serverFlags
	command := &cobra.Command{
		Use:   "server",
		Short: "Run the API server, the controllers, the scheduler and, unless --no-node is given, a node agent",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := flags.parse(net.InterfaceAddrs)
			if err != nil {
				return err
			}
			setVerbosity(flags.verbosity)
			return runServer(command.Context(), config)
		},
	}
	flags.add(command.Flags())
	return command
}

func setVerbosity(level int) {
	set := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(set)
	// The flag exists, and a number is what it wants.
	_ = set.Set("v", strconv.Itoa(level))
}

// runServer runs all the parts until ctx ends or one of them fails. The API outlives the others, which may have last words.
func runServer(ctx context.Context, config serverConfig) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var containers *opening
	if !config.noNode {
		containers = beginRuntime(ctx, config.api.DataDir)
		defer func() {
			cancel()
			err = errors.Join(err, containers.close())
		}()
	}
	server, err := apiserver.New(ctx, config.api)
	if err != nil {
		return err
	}
	apiCtx, stopAPI := context.WithCancel(context.WithoutCancel(ctx))
	defer stopAPI()
	served := make(chan error, 1)
	go func() {
		defer cancel()
		served <- server.Run(apiCtx)
	}()
	err = runParts(ctx, server, containers, config)
	stopAPI()
	return errors.Join(err, <-served)
}

// runParts runs what needs the API, as soon as that is ready. Containers are nil where this machine is no node.
func runParts(ctx context.Context, server *apiserver.Server, containers *opening, config serverConfig) error {
	if err := server.WriteKubeconfig(config.kubeconfigOut); err != nil {
		return fmt.Errorf("--kubeconfig-out: %w", err)
	}
	select {
	case <-server.Ready():
	case <-ctx.Done():
		return nil
	}
	klog.InfoS("The API is ready", "address", config.api.AdvertiseAddress, "port", server.Port())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return controller.Run(ctx, controller.Options{
			Config: server.ClientConfig(), ClusterCIDR: config.clusterCIDR, NodeMonitorGracePeriod: config.nodeMonitorGracePeriod,
			LoadBalancers: config.loadBalancers,
		})
	})
	group.Go(func() error {
		return scheduler.Run(ctx, scheduler.Options{Config: server.ClientConfig()})
	})
	if containers != nil {
		group.Go(func() error { return runOwnNode(ctx, server, containers, config) })
	}
	return group.Wait()
}

// runOwnNode makes this machine a node of its own cluster.
func runOwnNode(ctx context.Context, server *apiserver.Server, containers *opening, config serverConfig) error {
	credentials, err := server.NodeCredentials(config.nodeName)
	if err != nil {
		return err
	}
	options := config.agent
	options.Name, options.IP, options.ClusterCIDR = config.nodeName, config.api.AdvertiseAddress, config.clusterCIDR
	return runNode(ctx, credentials, containers, config.api.DataDir, options)
}
