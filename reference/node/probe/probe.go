// Package probe asks containers how they are: it runs v1.Probe actions and
// keeps count of their outcomes, as upstream's pkg/probe and
// pkg/kubelet/prober do.
package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Kind is what a probe's result means.
type Kind string

// The kinds, named as upstream's events name them.
const (
	Startup   Kind = "Startup"
	Liveness  Kind = "Liveness"
	Readiness Kind = "Readiness"
)

// Result of one attempt.
type Result string

const (
	Success Result = "success"
	// Warning is a success that deserves an event.
	Warning Result = "warning"
	Failure Result = "failure"
	// Unknown: the probe itself could not be carried out; it does not count.
	Unknown Result = "unknown"
)

// maxOutput is how much of an answer is read.
const maxOutput = 10 << 10

// Target is the container that is asked.
type Target struct {
	PodIP     string
	Container *v1.Container
	// Exec runs a command in the container and returns its output and exit
	// code. When ctx ends it kills the command.
	Exec func(ctx context.Context, command []string) (output []byte, exitCode int, err error)
}

// Outcome is the result of an attempt and what was seen.
type Outcome struct {
	Result Result
	Output string
	Err    error // with Unknown
	// Refused: nobody listens on the port. A server that is about to start
	// looks like this.
	Refused bool
}

// tries is how often a probe that cannot be carried out is tried at once.
const tries = 3

// Do carries out one attempt within the probe's timeout.
func Do(ctx context.Context, t Target, p *v1.Probe) Outcome {
	out := once(ctx, t, p)
	for i := 1; i < tries && out.Result == Unknown && ctx.Err() == nil; i++ {
		out = once(ctx, t, p)
	}
	return out
}

func once(ctx context.Context, t Target, p *v1.Probe) Outcome {
	timeout := time.Duration(max(p.TimeoutSeconds, 1)) * time.Second
	switch {
	case p.Exec != nil:
		return doExec(ctx, t, p.Exec.Command, timeout)
	case p.HTTPGet != nil:
		return doHTTP(ctx, t, p.HTTPGet, timeout)
	case p.TCPSocket != nil:
		return doTCP(ctx, t, p.TCPSocket, timeout)
	case p.GRPC != nil:
		return doGRPC(ctx, t, p.GRPC, timeout)
	}
	return Outcome{Result: Unknown, Err: errors.New("missing probe handler")}
}

// ResolvePort finds the number of a port that may be a name of the container's.
func ResolvePort(param intstr.IntOrString, c *v1.Container) (int, error) {
	port := param.IntValue()
	if param.Type == intstr.String {
		i := slices.IndexFunc(c.Ports, func(p v1.ContainerPort) bool { return p.Name == param.StrVal })
		if i < 0 {
			return 0, fmt.Errorf("port %q not found", param.StrVal)
		}
		port = int(c.Ports[i].ContainerPort)
	}
	if port < 1 || port > 65535 {
		return port, fmt.Errorf("invalid port number: %d", port)
	}
	return port, nil
}

// dialer opens a probe's connections. The socket goes without lingering, so
// that frequent probes do not fill the node's table of closing connections.
func dialer() *net.Dialer {
	return &net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			// A best effort: a connection that lingers is no failure.
			_ = syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1, Linger: 1})
		})
	}}
}

func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
