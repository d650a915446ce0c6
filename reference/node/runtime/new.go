package runtime

import (
	"context"
	"errors"
)

// Options of New.
type Options struct {
	Address  string // of containerd's socket; /run/containerd/containerd.sock
	StateDir string // survives a restart of the node; /var/lib/reference/runtime
	RunDir   string // does not; /run/reference
}

// New connects to containerd, recovers what runs, and reattaches its logs.
// Close ends the connection and leaves the containers running.
func New(ctx context.Context, options Options) (*Containerd, error) {
	return nil, errors.New("not there yet")
}

// Containerd is the Runtime on containerd.
type Containerd struct{ Runtime }

// Close stops following containers and closes the connection. Containers go on.
func (c *Containerd) Close() error { return nil }
