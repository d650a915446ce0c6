package main

import (
	"flag"
	"testing"

	"github.com/plumbline/plumbline"
)

// What chooses the clusters that are judged is part of the command that runs a scenario again.
func TestAgain(t *testing.T) {
	var options plumbline.Options
	flags := flag.NewFlagSet("plumbline", flag.ContinueOnError)
	options.Flags(flags)
	if err := flags.Parse([]string{"-target=image", "-image=a:1", "-nodes=1", "-concurrency=3", "-out=o"}); err != nil {
		t.Fatal(err)
	}
	want := "plumbline -image=a:1 -nodes=1 -target=image -scenario=labels/in -seed=7"
	if got := again(flags)(plumbline.Selection{Scenarios: []string{"labels/in"}}, 7); got != want {
		t.Errorf("again is %q, want %q", got, want)
	}
}
