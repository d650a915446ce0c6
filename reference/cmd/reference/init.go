package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline/plumbline/reference/node/shim"
)

// containerdSocket is containerd's own default.
const containerdSocket = "/run/containerd/containerd.sock"

// stopTimeout is how long a child may take to end after SIGTERM. Docker's
// own patience is ten seconds, and the children are stopped one after another.
const stopTimeout = 3 * time.Second

// newInitCommand is PID 1 of a node's container: it prepares the container,
// runs containerd, its shim and `reference server|node …` with the remaining
// arguments, and restarts whichever of them dies.
func newInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init {server|node} [flags of server or node]",
		Short: "Be the first process of a node's container",
		Long: `Prepare the container (cgroups, mounts, forwarding), then run containerd, its shim and
"reference server" or "reference node" with the given flags. A child that dies is
started again. A first start that fails of its own, as with a flag that
makes no sense, ends the container with the child's exit code.`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || (args[0] != "server" && args[0] != "node") {
				return errors.New(`init needs "server" or "node" as its first argument`)
			}
			code, err := runInit(cmd.Context(), args)
			if err != nil {
				return err
			}
			if code != 0 {
				os.Exit(code)
			}
			return nil
		},
	}
}

func runInit(ctx context.Context, args []string) (int, error) {
	if err := prepareNode(); err != nil {
		return 1, fmt.Errorf("prepare the node's container: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return 1, fmt.Errorf("find the program's own path: %w", err)
	}

	s := newSupervisor(os.Stdout, os.Stderr)
	defer s.close()
	// The socket for events stands beside containerd's other.
	os.Setenv("TTRPC_ADDRESS", containerdSocket+".ttrpc")
	containerd := s.start("containerd", "containerd")
	processes := s.start("shim", shim.Program, "-namespace", shim.Namespace, "-id", "node", "-address", containerdSocket, "-socket", shim.Socket)
	node := s.start("reference", self, args...)
	code := 0
	select {
	case <-ctx.Done():
	case code = <-containerd.failed:
	case code = <-processes.failed:
	case code = <-node.failed:
	}
	// The agent first, so that it does not restart what is being ended.
	node.stop(stopTimeout)
	containerd.stop(stopTimeout)
	endPods()
	processes.stop(stopTimeout)
	return code, nil
}
