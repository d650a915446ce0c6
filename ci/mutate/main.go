// Mutate breaks the reference orchestrator as mutants say, and wants the suite to notice.
//
//	go run ./ci/mutate NAME…       run the scenarios of these mutants against them
//
// The repository stays as it is: go builds from an overlay.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/plumbline/plumbline/ci"
	"github.com/plumbline/plumbline/reports"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	all, err := ci.Load(filepath.Join("ci", "mutants"))
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("usage: go run ./ci/mutate NAME… (from the repository's root; the names are those of ci/mutants/NAME.patch)")
	}
	var failed []error
	for _, name := range names {
		at := slices.IndexFunc(all, func(m ci.Mutant) bool { return m.Name == name })
		if at < 0 {
			return fmt.Errorf("there is no mutant %q", name)
		}
		begun := time.Now()
		if err := try(ctx, all[at]); err != nil {
			fmt.Printf("NOT CAUGHT %s after %.1f s: %v\n", name, time.Since(begun).Seconds(), err)
			failed = append(failed, err)
			continue
		}
		fmt.Printf("caught %s after %.1f s\n", name, time.Since(begun).Seconds())
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d mutants were not caught", len(failed), len(names))
	}
	return nil
}

// try runs a mutant's scenarios against a cluster of it.
func try(ctx context.Context, m ci.Mutant) error {
	folder, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	overlay, err := m.Overlay(ctx, ".", folder)
	if err != nil {
		return err
	}
	out := filepath.Join(folder, "out")
	cmd := exec.CommandContext(ctx, "go", "test", "-trimpath", "-vet=off", "-count=1", "-timeout=0", "-run=^TestConformance$",
		"-args", "-out="+out, "-scenario="+strings.Join(m.Scenarios, ","))
	cmd.Env = append(os.Environ(), strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay), "CGO_ENABLED=0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	said, _ := cmd.CombinedOutput() // it fails, if all is well; the report says how
	report, err := reports.ReadJSON(filepath.Join(out, "report.json"))
	if err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	return m.Caught(report)
}
