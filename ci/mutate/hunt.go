package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/plumbline/plumbline/ci"
	"github.com/plumbline/plumbline/fixtures"
)

// hunt tries mutants, several at a time.
type hunt struct {
	options
	state   ci.State
	results *ci.Results
	begun   time.Time
	earlier int       // caught at this very state before
	seen    ci.Ledger // caught, on whatever machine

	runner string // the compiled suite, which needs nothing from the source
	folder string // of what is needed for the hunt only
	forge  *fixtures.Forge

	wide map[string]bool // the scenarios that need two nodes

	shared  string          // the image of the mutants that share a program
	sharing map[string]bool // their names

	mu    sync.Mutex
	total int
	tried int
	spent time.Duration // by those that were tried
}

// run tries the mutants that have not been caught at this state. It returns after everything that it started is gone.
// An error means that not all could be tried; a mutant that lives is none, but a result.
func (h *hunt) run(ctx context.Context, chosen []ci.Mutant) error {
	open, err := h.open(chosen)
	if err != nil || len(open) == 0 {
		return err
	}
	h.total = len(open)
	err = h.prepare(ctx)
	if err == nil {
		err = h.share(ctx, open)
	}
	if err != nil {
		return errors.Join(err, h.close(ctx))
	}
	queue, problems := make(chan ci.Mutant), make(chan error, len(open))
	var workers sync.WaitGroup
	for range min(h.atATime, len(open)) {
		workers.Go(func() {
			for m := range queue {
				if ctx.Err() == nil {
					problems <- h.judge(ctx, m)
				}
			}
		})
	}
	for _, m := range open {
		queue <- m
	}
	close(queue)
	workers.Wait()
	close(problems)
	var errs []error
	for err := range problems {
		errs = append(errs, err)
	}
	if ctx.Err() != nil {
		errs = append(errs, fmt.Errorf("interrupted after %d of %d mutants; what was caught is kept", h.tried, h.total))
	}
	return errors.Join(append(errs, h.close(ctx))...)
}

// open are the mutants that have to be tried.
func (h *hunt) open(chosen []ci.Mutant) ([]ci.Mutant, error) {
	var open []ci.Mutant
	for _, m := range chosen {
		key, err := h.state.Key(m)
		if err != nil {
			return nil, err
		}
		if h.again || !h.caught(m.Name, key) {
			open = append(open, m)
			continue
		}
		h.earlier++
		if h.results.Caught(m.Name, key) {
			continue
		}
		if err := h.results.Put(h.result(m, key, nil)); err != nil { // the ledger's, for the table and the matrix
			return nil, err
		}
	}
	return open, nil
}

// result is what became of a mutant: nothing, if it was caught.
func (h *hunt) result(m ci.Mutant, key string, lives error) ci.Result {
	result := ci.Result{Name: m.Name, Key: key, State: ci.StateOf(lives), Caught: lives == nil, Claims: m.Claims, Scenarios: m.Scenarios(), Invariants: m.Invariants()}
	if lives != nil {
		result.Why = lives.Error()
	}
	return result
}

// keep writes the ledger: of all mutants those that are caught at this state.
func (h *hunt) keep(all []ci.Mutant) error {
	caught := ci.Ledger{}
	for _, m := range all {
		key, err := h.state.Key(m)
		if err != nil {
			return err
		}
		if h.caught(m.Name, key) {
			caught[m.Name] = key
		}
	}
	return caught.Write(h.ledger)
}

// caught says whether a mutant has been seen caught at the state that the key names, here or by the ledger, and not seen to live here since.
func (h *hunt) caught(name, key string) bool {
	if result, found := h.results.Get(name); found && result.Key == key {
		return result.Caught
	}
	return h.seen[name] == key
}

// prepare builds the whole reference, and compiles the suite, which is the same for all mutants.
func (h *hunt) prepare(ctx context.Context) (err error) {
	// Go does not look for packages in folders whose names begin so, and what a killed hunt left there goes first.
	if h.folder, err = filepath.Abs(filepath.Join(h.out, "_work")); err == nil {
		err = errors.Join(os.RemoveAll(h.folder), os.MkdirAll(h.folder, 0o755))
	}
	if err != nil {
		return fmt.Errorf("make a folder for what is built: %w", err)
	}
	if h.forge, err = fixtures.NewForge(ctx, os.Stdout); err != nil {
		return err
	}
	h.say("compiling the suite")
	h.runner, err = h.forge.Runner(ctx, filepath.Join(h.folder, "_runner"))
	return err
}

func (h *hunt) close(ctx context.Context) error {
	var errs []error
	if h.forge != nil {
		errs = append(errs, h.forge.Close(context.WithoutCancel(ctx)))
	}
	if h.folder != "" {
		errs = append(errs, os.RemoveAll(h.folder))
	}
	return errors.Join(errs...)
}

// judge tries one mutant and keeps the result. Its error is one of the tool: the result could not be had or kept.
func (h *hunt) judge(ctx context.Context, m ci.Mutant) error {
	key, err := h.state.Key(m)
	if err != nil {
		return err
	}
	begun := time.Now()
	h.say("trying %s", m.Name)
	caught := h.try(ctx, m)
	if ctx.Err() != nil {
		return nil // an interrupted try says nothing
	}
	took := time.Since(begun)
	result := h.result(m, key, caught)
	result.Seconds = float64(took.Round(100*time.Millisecond)) / float64(time.Second)
	result.Finished = time.Now().UTC().Truncate(time.Second)
	h.mu.Lock()
	h.tried++
	h.spent += took
	h.mu.Unlock()
	if caught == nil {
		h.say("caught %s after %.1f s%s", m.Name, took.Seconds(), h.left())
	} else {
		h.say("NOT CAUGHT %s after %.1f s%s\n    %s", m.Name, took.Seconds(), h.left(), strings.ReplaceAll(result.Why, "\n", "\n    "))
	}
	return h.results.Put(result)
}

// left says how far the hunt is, and guesses how long it will go on.
func (h *hunt) left() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	open := h.total - h.tried
	if open == 0 {
		return fmt.Sprintf(": %d of %d", h.tried, h.total)
	}
	each := h.spent / time.Duration(h.tried)
	rest := each * time.Duration(open) / time.Duration(min(h.atATime, h.total))
	return fmt.Sprintf(": %d of %d, about %s left", h.tried, h.total, max(rest.Round(10*time.Second), 10*time.Second))
}

// say writes a line of progress.
func (h *hunt) say(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fmt.Printf("[%6.1f s] %s\n", time.Since(h.begun).Seconds(), fmt.Sprintf(format, args...))
}
