// Command containerd-shim-node-v1 is what containerd runs each time that its connection for a task has ended, to clean up after a
// shim that has died. containerd ends the connection itself when it deletes a task, so that there is almost never anything to do: this
// small program finds that out in a millisecond, where the shim's own needs thirty. When there is something, the shim's program does it.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/plumbline/plumbline/reference/node/shim"
)

func main() {
	if nothingToDo(os.Args[1:]) {
		return // no output is a message with empty fields, which containerd does not read of a task that it deleted
	}
	err := syscall.Exec(shim.Program, os.Args, os.Environ())
	fmt.Fprintf(os.Stderr, "Error: run %s: %v\n", shim.Program, err)
	os.Exit(1)
}

// nothingToDo says that the arguments ask for the deletion of a container that runc no longer knows, and that the shim lives, which did the rest.
func nothingToDo(args []string) bool {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	namespace, id := flags.String("namespace", "", ""), flags.String("id", "", "")
	for _, other := range []string{"address", "publish-binary", "bundle"} {
		flags.String(other, "", "")
	}
	if flags.Parse(args) != nil || flags.Arg(0) != "delete" || *namespace != shim.Namespace || *id == "" {
		return false
	}
	_, err := os.Lstat(filepath.Join(shim.State, *id))
	return os.IsNotExist(err) && shim.Listens()
}
