package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/plumbline/plumbline/reports"
)

// compare writes as Markdown what the implementations of several reports do differently. They are called by their reports' folders.
func compare(paths []string) int {
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
	if err := reports.Compare(os.Stdout, all); err != nil {
		return complain(failed, err)
	}
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
