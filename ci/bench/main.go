// Bench measures an orchestrator in clusters of its own, from outside: starts, Pods, a ReplicaSet, idleness, API calls,
// rules of Services, and the suite's wall time, each beside its budget. With -against it measures two in turn, and says
// their ratios.
//
//	go run ./ci/bench [-target=reference] [-against=kubernetes] [-only=pods,api] [-runs=3] [-out=out]
//
// It judges nothing: figures over their budgets are marked, and the exit code is 0 if everything could be measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second interrupt ends the process at once; the watchdogs then clean up.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// options are those of the command line.
type options struct {
	targets []string // one, or two to compare
	image   string   // of the target that is called image
	chosen  map[string]bool
	runs    int
	out     string
}

func parse(args []string, w io.Writer) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(w)
	o := options{}
	target := flags.String("target", "reference", "what is measured")
	flags.StringVar(&o.image, "image", "", "the `name` of the image that the target image has")
	against := flags.String("against", "", "the `target` that it is compared with, in turn")
	only := flags.String("only", "", "the `measures` to take, between commas; all by default")
	flags.IntVar(&o.runs, "runs", 3, "rounds, each on clusters of its own")
	flags.StringVar(&o.out, "out", "out", "the `folder` of bench.json")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag; see -help", flags.Arg(0))
	}
	if o.runs < 1 {
		return o, fmt.Errorf("-runs: %d is not positive", o.runs)
	}
	o.targets = []string{*target}
	if _, err := sourceOf("target", *target, o.image); err != nil {
		return o, err
	}
	if *against != "" {
		if _, err := sourceOf("against", *against, o.image); err != nil {
			return o, err
		}
		if *against == *target {
			return o, fmt.Errorf("-against: %s cannot be compared with itself", *against)
		}
		o.targets = append(o.targets, *against)
	}
	if o.image != "" && !slices.Contains(o.targets, named) {
		return o, fmt.Errorf("-image: only the target %s has one", named)
	}
	var names []string
	if *only != "" {
		names = strings.Split(*only, ",")
	}
	var err error
	o.chosen, err = choose(names)
	return o, err
}

func run(ctx context.Context, args []string, w io.Writer) error {
	o, err := parse(args, w)
	if err != nil {
		return err
	}
	d := &document{Version: documentVersion, Began: time.Now(), Targets: o.targets, NotMeasured: elsewhere, Problems: []string{}}
	err = measureAll(ctx, o, d, w)
	if err != nil {
		d.Problems = append(d.Problems, err.Error())
	}
	if len(d.Rounds) == 0 {
		return err
	}
	d.Finished = time.Now()
	d.Figures = summarise(chosenFigures(o.chosen), o.targets, d.Rounds)
	lacking := failures(d)
	d.Complete = err == nil && len(lacking) == 0
	path, failed := d.write(o.out)
	if err := errors.Join(err, failed, writeTable(w, d)); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe same with every round: %s\n", path)
	if len(lacking) > 0 {
		return fmt.Errorf("could not be measured: %s", strings.Join(lacking, ", "))
	}
	return nil
}

// failures are the figures that some round should have and has not.
func failures(d *document) []string {
	var ids []string
	for _, r := range d.Rounds {
		for _, id := range r.Failed {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// measureAll makes the rounds: with two targets A B A B, so that a slow spell of the machine meets both.
func measureAll(ctx context.Context, o options, d *document, w io.Writer) (err error) {
	var targets []*target
	defer func() { err = errors.Join(err, closeAll(context.WithoutCancel(ctx), targets)) }()
	for _, name := range o.targets {
		t, err := openTarget(ctx, o, name, w)
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	host, err := targets[0].clusters.Host(ctx)
	if err != nil {
		return err
	}
	d.Machine = describeMachine(ctx, host)
	begun := time.Now()
	for number := 1; number <= o.runs; number++ {
		for _, target := range targets {
			say := func(format string, args ...any) {
				fmt.Fprintf(w, "[%6.1f s] round %d of %d, %s: %s\n", time.Since(begun).Seconds(), number, o.runs, target.name, fmt.Sprintf(format, args...))
			}
			r := newRound(target.name, number)
			d.Rounds = append(d.Rounds, r)
			t := &trial{target: target, round: r, say: say}
			if err := t.play(ctx, o.chosen); err != nil {
				return err
			}
		}
	}
	return nil
}
