package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/plumbline/plumbline/reports"
)

// compare writes as Markdown what the implementations of several reports do differently.
func compare(paths []string) int {
	var all []reports.Compared
	for _, path := range paths {
		report, err := reports.ReadJSON(path)
		if err != nil {
			return complain(err)
		}
		// Reports have one name each; their folders do not.
		name := filepath.Base(filepath.Dir(path))
		if absolute, err := filepath.Abs(path); err == nil {
			name = filepath.Base(filepath.Dir(absolute))
		}
		all = append(all, reports.Compared{Name: name, Report: report})
	}
	if err := reports.Compare(os.Stdout, all); err != nil {
		return complain(err)
	}
	return conformant
}

// verify judges reports anew from their records, without a cluster.
func verify(paths []string) int {
	if len(paths) == 0 {
		return complain(fmt.Errorf("verify which report? Its path is needed"))
	}
	code := conformant
	for _, path := range paths {
		problems, err := reports.Verify(path)
		if err != nil {
			return complain(err)
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

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "plumbline:", err)
	return badUsage
}
