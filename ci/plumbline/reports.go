package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/plumbline/plumbline/reports"
)

// compare writes what the implementations of several reports do differently: as Markdown on the standard output, and both as Markdown and as a page
// for a browser into the folder of -out. They are called by their reports' folders.
func compare(args []string) int {
	flags := flag.NewFlagSet("plumbline compare", flag.ContinueOnError)
	out := flags.String("out", "out", "the `folder` of compare.md and compare.html")
	if err := flags.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return conformant
		}
		return badUsage // the flag package has said why
	}
	paths := flags.Args()
	if len(paths) < 2 {
		return complain(badUsage, errors.New("compare which reports? The paths of two at least are needed"))
	}
	var all []reports.Compared
	for _, path := range paths {
		report, err := reports.ReadJSON(path)
		if err != nil {
			return complain(failed, err)
		}
		all = append(all, reports.Compared{Name: filepath.Dir(path), Report: report})
	}
	var markdown bytes.Buffer
	if err := reports.Compare(&markdown, all); err != nil {
		return complain(failed, err)
	}
	page := filepath.Join(*out, "compare.html")
	if err := reports.WriteComparison(page, all); err != nil {
		return complain(failed, err)
	}
	if err := os.WriteFile(filepath.Join(*out, "compare.md"), markdown.Bytes(), 0o644); err != nil {
		return complain(failed, err)
	}
	fmt.Print(markdown.String())
	fmt.Fprintf(os.Stderr, "The same for a browser: %s\n", page)
	return conformant
}

// verify judges reports anew from their records, without a cluster.
func verify(paths []string) int {
	if len(paths) == 0 {
		return complain(badUsage, errors.New("verify which report? Its path is needed"))
	}
	code := conformant
	for _, path := range paths {
		problems, err := reports.Verify(path)
		if err != nil {
			code = complain(failed, err)
			continue
		}
		for _, problem := range problems {
			fmt.Printf("%s: %s\n", path, problem)
			code = failed
		}
		if len(problems) == 0 {
			fmt.Printf("%s: its records bear out what it says\n", path)
		}
	}
	return code
}

func complain(code int, err error) int {
	fmt.Fprintln(os.Stderr, "plumbline:", err)
	return code
}
