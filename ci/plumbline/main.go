// Plumbline is the compiled runner, for authors of orchestrators who have no Go: it judges a container image, or the
// cluster of a kubeconfig, with the flags of the conformance test, and needs nothing but the files that `make runner` puts
// beside it (and Docker, for an image).
//
//	plumbline -target=image -image=example/orchestrator:1.0
//	plumbline -target=kubeconfig -kubeconfig=PATH -context=NAME
//	plumbline compare ONE/report.json OTHER/report.json …   what they do differently, as Markdown and as a page (-out=FOLDER)
//	plumbline verify OUT/report.json …                      judges a report anew from its records
//	plumbline job [flags]                                   writes the manifest of a Job that judges the cluster it runs in
//	plumbline reports                                       executed beside a run with -hold=TIME, gives its reports out
//
// It ends with 0 if what was judged conforms, 1 if it does not or could not be judged (or a report is not what it says), and
// 2 if the command line makes no sense. It lives here because it is a packaged form of the gate, like what else ci holds: the library does the work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/plumbline/plumbline"
)

// The exit codes.
const (
	conformant = 0
	failed     = 1
	badUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A second interrupt ends the process at once; the watchdog then cleans up.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "compare":
			return compare(args[1:])
		case "verify":
			return verify(args[1:])
		case "job":
			return job(args[1:], os.Stdout)
		case "reports":
			return fetch(args[1:], os.Stdout, socketPath())
		}
	}
	var options plumbline.Options
	flags := flag.NewFlagSet("plumbline", flag.ContinueOnError)
	options.Flags(flags)
	keep := flags.Duration("hold", 0, "after the run, keep its reports for the command reports, executed beside it, for at most this `time`")
	if code, ok := parse(flags, args); !ok {
		return code
	}
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "plumbline: find what lies beside this program:", err)
		return failed
	}
	options.Kit = filepath.Dir(self)
	// kubectl needs programs `diff` and `sed`; where there are none the kit's will do.
	if err := os.Setenv("PATH", strings.TrimPrefix(os.Getenv("PATH")+string(filepath.ListSeparator)+options.Kit, string(filepath.ListSeparator))); err != nil {
		return complain(failed, fmt.Errorf("let kubectl find diff and sed: %w", err))
	}
	options.Again = again(flags)
	held, err := hold(socketPath(), *keep)
	if err != nil {
		return complain(badUsage, err)
	}
	report, err := plumbline.Judge(ctx, options)
	if err != nil || report == nil {
		err = errors.Join(err, held.drop())
	} else if err := held.release(ctx, options.Out, os.Stdout); err != nil {
		return complain(failed, err)
	}
	switch {
	case err != nil && report != nil:
		return complain(failed, err)
	case err != nil:
		return complain(badUsage, err)
	case report != nil && !report.Verdict.Passed:
		return failed
	}
	return conformant
}

// parse reads flags, and nothing but flags; if that is not ok, all has been said, and the code is how to end.
func parse(flags *flag.FlagSet, args []string) (code int, ok bool) {
	if err := flags.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return conformant, false
		}
		return badUsage, false // the flag package has said why
	}
	if flags.NArg() > 0 {
		return complain(badUsage, fmt.Errorf("%q is no flag, and nothing else is expected", flags.Arg(0))), false
	}
	return conformant, true
}

// again writes the command that judges the same target by another selection.
func again(flags *flag.FlagSet) func(plumbline.Selection, int64) string {
	target := ""
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "target", "image", "kubeconfig", "context", "workload-image", "nodes", "kubectl":
			target += " -" + f.Name + "=" + f.Value.String()
		}
	})
	return func(by plumbline.Selection, seed int64) string {
		line := "plumbline" + target
		for _, chosen := range []struct {
			flag   string
			values []string
		}{{"scenario", by.Scenarios}, {"claim", by.Claims}, {"chapter", by.Chapters}, {"profile", by.Profiles}} {
			if len(chosen.values) > 0 {
				line += " -" + chosen.flag + "=" + strings.Join(chosen.values, ",")
			}
		}
		if by.Slow {
			line += " -slow"
		}
		if by.Historic {
			line += " -historic"
		}
		if seed != 0 {
			line += fmt.Sprintf(" -seed=%d", seed)
		}
		return line
	}
}
