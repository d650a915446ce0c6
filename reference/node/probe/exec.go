package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// doExec runs a command in the container; exit code 0 is success.
func doExec(ctx context.Context, t Target, command []string, timeout time.Duration) Outcome {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	output, exitCode, err := t.Exec(limited, command)
	if len(output) > maxOutput {
		output = output[:maxOutput]
	}
	switch {
	case ctx.Err() != nil:
		return Outcome{Result: Unknown, Err: ctx.Err()}
	case err != nil && errors.Is(limited.Err(), context.DeadlineExceeded):
		return Outcome{Result: Failure, Output: fmt.Sprintf("command timed out: %q timed out after %s", strings.Join(command, " "), timeout)}
	case err != nil:
		return Outcome{Result: Unknown, Err: err}
	case exitCode != 0:
		return Outcome{Result: Failure, Output: string(output)}
	}
	return Outcome{Result: Success, Output: string(output)}
}
