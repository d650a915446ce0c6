// Mutate breaks the reference orchestrator as mutants say, and wants the suite to notice.
//
//	go run ./ci/mutate [flags]       in the repository's root; -help lists the flags
//
// The repository stays as it is: go builds from an overlay. Results are kept in out/mutants/results.json, and a mutant that was
// caught at the very contents of its patch, of the reference and of the scenarios is not tried again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/plumbline/plumbline"
	"github.com/plumbline/plumbline/ci"
	"github.com/plumbline/plumbline/features"
)

// options are what the flags set.
type options struct {
	names, claims []string
	sample        int
	seed          string
	again         bool
	atATime       int
	out           string
	ledger        string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	var o options
	list := func(into *[]string) func(string) error {
		return func(text string) error { *into = append(*into, strings.Split(text, ",")...); return nil }
	}
	flag.Func("name", "try the mutant of this `name`: ci/mutants/NAME.patch; repeatable, or several between commas", list(&o.names))
	flag.Func("claim", "try the mutants of this `claim`; repeatable, or several between commas", list(&o.claims))
	flag.IntVar(&o.sample, "sample", 0, "try only this `number` of them, which the seed chooses")
	flag.StringVar(&o.seed, "seed", "", "the `text` that chooses the sample; the commit that is checked out by default")
	flag.BoolVar(&o.again, "again", false, "try also what has been caught at this very state")
	flag.IntVar(&o.atATime, "at-a-time", 2, "mutants at a time, each with a cluster of its own")
	flag.StringVar(&o.out, "out", filepath.Join("out", "mutants"), "the `folder` of the results")
	flag.StringVar(&o.ledger, "ledger", "", "the `file` of mutants that were seen caught: what it has at this very state is not tried, and what is caught is added")
	flag.Parse()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("nobody knows what %q means; -help lists the flags", rest)
	case o.atATime < 1 || o.sample < 0:
		return errors.New("-at-a-time has to be 1 or more, and -sample not below 0")
	}
	all, err := ci.Load(filepath.Join("ci", "mutants"))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("there are no mutants in ci/mutants; is this the repository's root?")
	}
	chosen, err := ci.Choose(all, o.names, o.claims)
	if err != nil {
		return err
	}
	if o.sample > 0 {
		if o.seed == "" {
			if o.seed, err = commit(ctx); err != nil {
				return err
			}
		}
		chosen = ci.Sample(chosen, o.sample, o.seed)
	}
	census, err := plumbline.Census()
	if err != nil {
		return err
	}
	texts, wide := map[string]string{}, map[string]bool{}
	for _, scenario := range census {
		texts[scenario.ID] = strings.Join(scenario.Profiles, " ") + "\n" + scenario.Text
		wide[scenario.ID] = scenario.NeedsTwoNodes()
	}
	state, err := ci.ReadState(".", texts)
	if err != nil {
		return err
	}
	results, err := ci.OpenResults(filepath.Join(o.out, "results.json"))
	if err == nil {
		err = results.Forget(all)
	}
	if err != nil {
		return err
	}
	claims, err := features.Claims()
	if err != nil {
		return err
	}
	var seen ci.Ledger
	if o.ledger != "" {
		if seen, err = ci.ReadLedger(o.ledger); err != nil {
			return err
		}
	}
	begun := time.Now()
	h := &hunt{options: o, state: state, results: results, begun: begun, wide: wide, seen: seen}
	tried := h.run(ctx, chosen)
	if o.ledger != "" {
		tried = errors.Join(tried, h.keep(all))
	}
	stale, err := matrix(ctx, claims, all, state, results, o.out)
	if tried != nil || err != nil {
		return errors.Join(tried, err)
	}
	return errors.Join(conclude(chosen, h, results, o.out), stale)
}

// matrix writes the kill matrix of all mutants, by the results at this state. Stale are the patches of any mutant that do not
// fit, tried or not.
func matrix(ctx context.Context, claims []features.Claim, all []ci.Mutant, state ci.State, results *ci.Results, out string) (stale, err error) {
	ctx = context.WithoutCancel(ctx) // an interrupted hunt has a matrix too
	unfit := map[string]string{}
	for _, m := range all {
		if err := m.Applies(ctx, "."); err != nil {
			unfit[m.Name] = err.Error()
			stale = errors.Join(stale, err)
		}
	}
	of := func(m ci.Mutant) (ci.Result, bool) {
		result, tried := results.Get(m.Name)
		key, err := state.Key(m)
		return result, tried && err == nil && result.Key == key
	}
	return stale, ci.NewMatrix(claims, all, of, unfit).Write(out)
}

// conclude writes the table, and says whether every mutant has been caught.
func conclude(chosen []ci.Mutant, h *hunt, results *ci.Results, out string) error {
	var rows []ci.Result
	lives := 0
	for _, m := range chosen {
		row, _ := results.Get(m.Name)
		rows = append(rows, row)
		if !row.Caught {
			lives++
		}
	}
	fmt.Println()
	ci.Table(os.Stdout, rows)
	fmt.Printf("\n%d of %d mutants are caught, %d of them earlier at this very state, in %.0f s; %s, and the kill matrix in %s\n",
		len(chosen)-lives, len(chosen), h.earlier, time.Since(h.begun).Seconds(), filepath.Join(out, "results.json"), filepath.Join(out, "matrix.html"))
	if lives > 0 {
		return fmt.Errorf("%d of %d mutants were not caught", lives, len(chosen))
	}
	return nil
}

// commit is the one that is checked out.
func commit(ctx context.Context) (string, error) {
	said, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("ask git for the commit, which chooses the sample (-seed chooses without): %w", err)
	}
	return strings.TrimSpace(string(said)), nil
}
