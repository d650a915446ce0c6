package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/plumbline/plumbline/ci"
	"github.com/plumbline/plumbline/reports"
)

// buildLimit bounds the making of a mutant's image, and runLimit a run against it: more than what its slowest scenario may
// take, and not so much that a mutant on which everything hangs keeps the others waiting.
const (
	buildLimit = 10 * time.Minute
	runLimit   = 6 * time.Minute
)

// try runs a mutant's scenarios against a cluster of it. It returns nothing if the mutant is caught, and why not
// otherwise. One that seems to live in the program that it shares with others, on one node if its scenarios need no second one, is tried in
// a program of its own on as many nodes as any run has; that has the last word.
func (h *hunt) try(ctx context.Context, m ci.Mutant) (why error) {
	folder := filepath.Join(h.folder, m.Name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	defer func() { why = errors.Join(why, os.RemoveAll(folder)) }()
	if err := m.Applies(ctx, "."); err != nil {
		return fmt.Errorf("%w: %w", ci.ErrStale, err)
	}
	if h.shares(m) {
		nodes := 1
		if slices.ContainsFunc(m.Runs(), func(id string) bool { return h.wide[id] }) {
			nodes = 0
		}
		lives := h.tryImage(ctx, m, nodes, func(ctx context.Context) (string, error) {
			return h.forge.Varied(ctx, h.shared, ci.TurnVariable+"="+m.Name)
		})
		if lives == nil || ctx.Err() != nil {
			return lives
		}
		h.say("%s lives in the program that it shares, and is tried in one of its own\n    %s", m.Name, firstLine(lives))
	}
	return h.tryImage(ctx, m, 0, func(ctx context.Context) (string, error) {
		overlay, err := m.Overlay(ctx, ".", folder)
		if err != nil {
			return "", err
		}
		return h.forge.Overlaid(ctx, overlay, filepath.Join(folder, "bin"))
	})
}

// tryImage makes an image of a mutant, and runs the mutant's scenarios against a cluster of it, of so many nodes; 0 is what any run has.
func (h *hunt) tryImage(ctx context.Context, m ci.Mutant, nodes int, make func(context.Context) (string, error)) (why error) {
	within, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	image, err := make(within)
	if within.Err() != nil {
		err = fmt.Errorf("it took more than %s", buildLimit)
	}
	if err != nil {
		return fmt.Errorf("the mutant %s cannot be built: %w", m.Name, err)
	}
	defer func() { why = errors.Join(why, h.forge.Remove(context.WithoutCancel(ctx), image)) }()
	return h.judged(ctx, m, nodes, image)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// judged runs the suite against an image of the mutant, and reads the report.
func (h *hunt) judged(ctx context.Context, m ci.Mutant, nodes int, image string) error {
	limit := cmp.Or(m.Limit, runLimit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the run against it took more than %s", limit))
	defer cancel()
	out := filepath.Join(h.out, m.Name)
	if err := os.RemoveAll(out); err != nil {
		return fmt.Errorf("clear the folder of an earlier run: %w", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("make a folder for the report: %w", err)
	}
	cmd := ci.Run(ctx, h.runner, "-target=image", "-image="+image, fmt.Sprintf("-nodes=%d", nodes), "-out="+out, "-scenario="+strings.Join(m.Runs(), ","))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	_ = cmd.Run() // it fails, if all is well; the report says how
	logged := os.WriteFile(filepath.Join(out, "run.log"), said.Bytes(), 0o644)
	if ctx.Err() != nil {
		return errors.Join(fmt.Errorf("the mutant %s: %w", m.Name, context.Cause(ctx)), logged)
	}
	report, err := reports.ReadJSON(filepath.Join(out, "report.json"))
	if err != nil {
		return errors.Join(fmt.Errorf("the mutant %s: %w\n%s", m.Name, err, lastLines(said.Bytes(), 10)), logged)
	}
	return errors.Join(m.Caught(report), logged)
}

// lastLines is the end of what a program said.
func lastLines(said []byte, n int) []byte {
	lines := bytes.Split(bytes.TrimSpace(said), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}
