package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/plumbline/plumbline/reports"
)

// suitePatience bounds one run of the suite.
const suitePatience = 20 * time.Minute

// suite has the conformance run made, in a process of its own as `make conformance` does. Building is left out: it is the
// wall time less what the report says of it.
func suite(ctx context.Context, t *trial) error {
	folder, err := os.MkdirTemp("", "bench-suite-")
	if err != nil {
		return fmt.Errorf("make a folder for the suite's reports: %w", err)
	}
	defer os.RemoveAll(folder)
	t.say("running the suite")
	ctx, cancel := context.WithTimeout(ctx, suitePatience)
	defer cancel()
	// The test binary is run by itself, not by `go test`, so that an interrupt reaches it and it can clean up.
	program := filepath.Join(folder, "suite.test")
	var said bytes.Buffer
	compile := exec.CommandContext(ctx, "go", "test", "-c", "-trimpath", "-o", program, ".")
	compile.Env, compile.Stdout, compile.Stderr = append(os.Environ(), "CGO_ENABLED=0"), &said, &said
	if err := compile.Run(); err != nil {
		return fmt.Errorf("compile the suite: %w\n%s", err, tail(said.String(), 20))
	}
	said.Reset()
	run := exec.CommandContext(ctx, program, append([]string{"-test.run=^TestConformance$", "-test.timeout=0", "-out=" + folder}, t.target.suiteFlags...)...)
	run.Stdout, run.Stderr = &said, &said
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	run.WaitDelay = time.Minute
	failed := run.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("run the suite: %w", context.Cause(ctx))
	}
	report, err := reports.ReadJSON(filepath.Join(folder, "report.json"))
	if err != nil {
		return fmt.Errorf("run the suite: %w\n%s", err, tail(said.String(), 20))
	}
	wall := (report.Wall - report.Building).Duration().Seconds()
	t.round.record("suite", wall)
	t.say("the suite took %s s; %d of %d scenarios passed", short(wall), report.Counts.Passed, report.Counts.Planned)
	for _, slow := range slowest(report, 5) {
		t.say("  %s s %s", short(slow.Duration.Duration().Seconds()), slow.ID)
	}
	if failed != nil {
		// Its time stands, but whoever reads it has to know.
		t.round.note("the suite did not pass: " + strings.Join(report.Verdict.Reasons, "; "))
	}
	return nil
}
