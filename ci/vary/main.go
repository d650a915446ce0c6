// Vary changes the reference orchestrator as variants say, and wants the suite to pass all the same.
//
//	go run ./ci/vary [flags] [-- flags of the runs]       in the repository's root; -help lists the flags
//
// The repository stays as it is: go builds from an overlay. One variant is judged after the other, each by a whole run.
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

	"github.com/plumbline/plumbline/ci"
	"github.com/plumbline/plumbline/fixtures"
)

// options are what the flags set.
type options struct {
	names []string
	out   string
	rest  []string // of the runs
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	var o options
	flag.Func("name", "judge the variant of this `name`: ci/variants/NAME.patch; repeatable, or several between commas", func(text string) error {
		o.names = append(o.names, strings.Split(text, ",")...)
		return nil
	})
	flag.StringVar(&o.out, "out", filepath.Join("out", "variants"), "the `folder` of the reports")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "vary [flags] [-- flags of the runs, such as -scenario=…]")
		flag.PrintDefaults()
	}
	flag.Parse()
	o.rest = flag.Args()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	all, err := ci.LoadVariants(filepath.Join("ci", "variants"))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("there are no variants in ci/variants; is this the repository's root?")
	}
	chosen, err := ci.ChooseVariants(all, o.names)
	if err != nil {
		return err
	}
	for _, v := range chosen {
		if err := v.Applies(ctx, "."); err != nil {
			return err
		}
	}
	// Go does not look for packages in folders whose names begin so.
	folder, err := filepath.Abs(filepath.Join(o.out, "_work"))
	if err == nil {
		err = errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o755))
	}
	if err != nil {
		return fmt.Errorf("make a folder for what is built: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	forge, err := fixtures.NewForge(ctx, os.Stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forge.Close(context.WithoutCancel(ctx))) }()
	fmt.Println("Compiling the suite")
	runner, err := forge.Runner(ctx, filepath.Join(folder, "_runner"))
	if err != nil {
		return err
	}
	var failed []error
	for i, v := range chosen {
		fmt.Printf("\nVariant %d of %d, %s: %s\n", i+1, len(chosen), v.Name, v.About)
		err := judge(ctx, forge, runner, filepath.Join(folder, v.Name), v, o)
		if ctx.Err() != nil {
			return errors.Join(append(failed, err, fmt.Errorf("interrupted in variant %d of %d", i+1, len(chosen)))...)
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == 0 {
		fmt.Printf("\nAll %d variants pass.\n", len(chosen))
	}
	return errors.Join(failed...)
}

// judge runs the suite against an image of the variant.
func judge(ctx context.Context, forge *fixtures.Forge, runner, folder string, v ci.Variant, o options) (err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make a folder for the variant %s: %w", v.Name, err)
	}
	overlay, err := v.Overlay(ctx, ".", folder)
	if err != nil {
		return err // it names the patch
	}
	image, err := forge.Overlaid(ctx, overlay, filepath.Join(folder, "bin"))
	if err != nil {
		return fmt.Errorf("the variant %s cannot be built: %w", v.Name, err)
	}
	defer func() { err = errors.Join(err, forge.Remove(context.WithoutCancel(ctx), image)) }()
	out := filepath.Join(o.out, v.Name)
	cmd := ci.Run(ctx, runner, append([]string{"-target=image", "-image=" + image, "-out=" + out}, o.rest...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("the variant %s: %w", v.Name, context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("the variant %s does not pass (%w); %s has the details. It is right because: %s", v.Name, err, filepath.Join(out, "report.json"), v.Allowed)
	}
	return nil
}
