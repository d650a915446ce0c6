// Command containerd is containerd with the plugins that the reference's
// nodes use and no others: no CRI, no NRI, no snapshotters but overlay and
// native. It is built without cgo, so that it cross-compiles anywhere.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/containerd/containerd/v2/cmd/containerd/command"
)

func main() {
	if err := command.App().Run(context.Background(), os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "containerd:", err)
		os.Exit(1)
	}
}
