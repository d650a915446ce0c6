// Build compiles packages into go's cache and says how far it is, so that whoever waits for a first build sees why.
//
//	go run ./ci/build [flags of go build] PACKAGE…
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/plumbline/plumbline/fixtures/gobuild"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	begun := time.Now()
	say := func(line string) { fmt.Printf("[%6.1f s] %s\n", time.Since(begun).Seconds(), line) }
	if err := gobuild.Run(ctx, "", nil, say, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if took := time.Since(begun); took > 5*time.Second {
		say("compiled")
	}
}
