package ci

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// endLimit is how long a run may take to clean up once it has been told to end.
const endLimit = time.Minute

// Run is a run of the compiled suite, not yet started, that cleans up before it ends with ctx. An interrupt at the terminal reaches
// whole groups of processes, and a second one ends a run without its clean-up: this one gets its own from here alone.
func Run(ctx context.Context, runner string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, runner, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = endLimit
	return cmd
}
