package plumbline_test

import (
	"flag"
	"os"
	"testing"

	"github.com/plumbline/plumbline"
)

var options plumbline.Options

func TestMain(m *testing.M) {
	options.Flags(flag.CommandLine)
	flag.Parse()
	os.Exit(m.Run())
}

// TestConformance judges a target: the bundled reference orchestrator unless told otherwise. See -args -help.
func TestConformance(t *testing.T) {
	if deadline, ok := t.Deadline(); ok {
		t.Logf("go test ends this run at %s; -timeout=0 lets it finish", deadline.Format("15:04:05"))
	}
	plumbline.Run(t, options)
}
