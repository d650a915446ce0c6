// Command shim is a node's one containerd shim: it starts, watches and reaps the processes of all containers by runc.
//
// containerd by itself starts a shim for each container, which takes more CPU than the rest of a short container's
// life. This one runs from the node's start to its end, and containerd is told its address with each task. What the shim does for a
// task is containerd's own code; only that it does not end with its last container is ours.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/manager"
	containerdshim "github.com/containerd/containerd/v2/pkg/shim"

	"github.com/plumbline/plumbline/reference/node/shim"
)

func main() {
	// For runc, which lives a few milliseconds, and would collect its garbage three times in them.
	os.Setenv("GOGC", "off")
	if slices.Contains(os.Args, "-socket") { // otherwise containerd asks for something else, as it would of any shim
		if err := makeWay(); err != nil {
			fmt.Fprintln(os.Stderr, "Error:", err)
			os.Exit(1)
		}
	}
	containerdshim.RunShim(context.Background(), manager.NewShimManager(shim.Runtime), func(config *containerdshim.Config) {
		config.NoSetupLogger = true // its words go where those of the node's other programs go, not into the pipe of one container
	})
}

// makeWay removes the socket of a former shim, which has died: PID 1 runs one at a time.
func makeWay() error {
	if err := os.MkdirAll(filepath.Dir(shim.Socket), 0o700); err != nil {
		return fmt.Errorf("make the socket's folder: %w", err)
	}
	if err := os.Remove(shim.Socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the socket of a former shim: %w", err)
	}
	return nil
}
