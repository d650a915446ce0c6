// Command init is PID 1 of a node's container: it prepares the container (cgroups, mounts, forwarding), then runs containerd, its shim and
// `reference server` or `reference node` with the given flags. A child that dies is started again. A first start that fails of its own, as
// with a flag that makes no sense, ends the container with the child's exit code.
//
// It is a program of its own because it does nothing for most of its time: it takes 3 MB, and took 32 as a part of `reference`, where the
// initialisation of all of Kubernetes' packages comes first.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/plumbline/plumbline/reference/node/shim"
)

const (
	// reference is the program whose command and flags the arguments are.
	reference = "/usr/local/bin/reference"
	// stopTimeout is how long a child may take to end after SIGTERM. Docker's
	// own patience is ten seconds, and the children are stopped one after another.
	stopTimeout = 3 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
	}
	os.Exit(code)
}

// run lives as long as the container. The exit code is that of the child which could not start, 1 where the container
// could not be prepared, and 0 where it was told to end.
func run(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 || (args[0] != "server" && args[0] != "node") {
		return 1, errors.New(`init needs "server" or "node" as its first argument, and then the flags of "reference server" or "reference node"`)
	}
	if err := prepareNode(); err != nil {
		return 1, fmt.Errorf("prepare the node's container: %w", err)
	}
	// The socket for events stands beside containerd's other.
	if err := os.Setenv("TTRPC_ADDRESS", shim.Containerd+".ttrpc"); err != nil {
		return 1, fmt.Errorf("tell the shim where containerd takes events: %w", err)
	}

	s := newSupervisor(os.Stdout, os.Stderr)
	defer s.close()
	containerd := s.start("containerd", "containerd")
	processes := s.start("shim", shim.Program, "-namespace", shim.Namespace, "-id", "node", "-address", shim.Containerd, "-socket", shim.Socket)
	node := s.start("reference", reference, args...)
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
