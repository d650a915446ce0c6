// Command reference is Plumbline's reference orchestrator: `reference server` runs the API, the controllers, the scheduler
// and a node agent; `reference node` an agent that joins.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// commands lists the subcommands; each stands in the file of its name.
func commands() []*cobra.Command {
	return []*cobra.Command{
		newServerCommand(),
		newNodeCommand(),
	}
}

// settled is when what a start reads and throws away is no longer needed by anybody.
const settled = 10 * time.Second

func main() {
	time.AfterFunc(settled, debug.FreeOSMemory) // or it stays with the process until it is next short of memory
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	root := &cobra.Command{
		Use:           "reference",
		Short:         "The reference orchestrator of Plumbline",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(commands()...)
	err := root.ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}
