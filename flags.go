package plumbline

import (
	"flag"
	"fmt"
	"strings"
)

// list is a flag that may be given more than once, or with several values between commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(text string) error {
	for value := range strings.SplitSeq(text, ",") {
		value = strings.TrimSpace(value)
		if value == "" {
			return fmt.Errorf("an empty value selects nothing")
		}
		*l = append(*l, value)
	}
	return nil
}

// Flags makes the options settable by command-line flags, as in `go test . -args -claim=labels/in`.
func (o *Options) Flags(flags *flag.FlagSet) {
	flags.BoolVar(&o.List, "list", o.List, "list the scenarios instead of running them")
	flags.BoolVar(&o.DryRun, "dry-run", o.DryRun, "say what would run, and what the target lacks for it, and change nothing")
	flags.BoolVar(&o.Version, "version", o.Version, "print the suite's version, and the minor versions of Kubernetes that it judges")
	flags.Var((*list)(&o.Scenarios), "scenario", "run the scenario with this `id`, or all below it; repeatable")
	flags.Var((*list)(&o.Claims), "claim", "run the scenarios of this `claim`; repeatable")
	flags.Var((*list)(&o.Chapters), "chapter", "run the scenarios of this `chapter`, such as 5 or pods; repeatable")
	flags.Var((*list)(&o.Profiles), "profile", "run the scenarios of this `profile`; repeatable")
	flags.BoolVar(&o.Slow, "slow", o.Slow, "also run slow scenarios")
	flags.BoolVar(&o.Historic, "historic", o.Historic, "also run what was true of the book's day only")
	o.targetFlags(flags)
	flags.Int64Var(&o.Seed, "seed", o.Seed, "the `number` that orders the scenarios; 0 takes a new one")
	flags.IntVar(&o.Concurrency, "concurrency", o.Concurrency, "scenarios at a time; 0 takes what suits the machine")
	flags.IntVar(&o.Nodes, "nodes", o.Nodes, fmt.Sprintf("`nodes` of the cluster that scenarios share; 0 takes %d, and -target=kubeconfig those that there are", defaultNodes))
	flags.BoolVar(&o.Keep, "keep", o.Keep, "leave the cluster of a failed run, and say how to use it")
	flags.StringVar(&o.Expected, "expected-failures", o.Expected, "the `file` that lists scenarios, and invariants, which are known to fail: another failure fails the run, and one that is gone does too")
	flags.BoolVar(&o.Make, "make", o.Make, "name make's variables in messages, instead of flags")
	flags.StringVar(&o.Out, "out", "out", "the `folder` of the reports")
}

// makeLine is the make command for a selection.
func makeLine(by Selection, seed int64) string {
	target := "conformance"
	if by.Slow && by.Historic {
		target = "conformance-all"
	}
	line := "make " + target
	add := func(name string, values []string) {
		if len(values) > 0 {
			line += fmt.Sprintf(" %s=%s", name, strings.Join(values, ","))
		}
	}
	add("SCENARIO", by.Scenarios)
	add("CLAIM", by.Claims)
	add("CHAPTER", by.Chapters)
	add("PROFILE", by.Profiles)
	if target == "conformance" {
		if by.Slow {
			line += " SLOW=1"
		}
		if by.Historic {
			line += " HISTORIC=1"
		}
	}
	if seed != 0 {
		line += fmt.Sprintf(" SEED=%d", seed)
	}
	return line
}
