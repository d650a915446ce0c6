package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// idleTimeout ends a stream over which nothing goes.
const idleTimeout = 4 * time.Hour

// exec answers /exec/NAMESPACE/POD[/UID]/CONTAINER.
func (s *Server) exec(w http.ResponseWriter, r *http.Request) {
	options, pod, id, ok := s.commandTarget(w, r)
	if !ok {
		return
	}
	command := r.URL.Query()["command"]
	remotecommand.ServeExec(w, r, &executor{runtime: s.Runtime}, pod.Name, string(pod.UID), id, command, options,
		idleTimeout, remotecommand.DefaultStreamCreationTimeout, remotecommand.SupportedStreamingProtocols)
}

// attach answers /attach/NAMESPACE/POD[/UID]/CONTAINER.
func (s *Server) attach(w http.ResponseWriter, r *http.Request) {
	options, pod, id, ok := s.commandTarget(w, r)
	if !ok {
		return
	}
	// Whether a process has a terminal was decided when it began.
	options.TTY = hasTTY(pod, r.PathValue("container"))
	if options.TTY {
		options.Stderr = false
	}
	remotecommand.ServeAttach(w, r, &executor{runtime: s.Runtime}, pod.Name, string(pod.UID), id, options,
		idleTimeout, remotecommand.DefaultStreamCreationTimeout, remotecommand.SupportedStreamingProtocols)
}

// commandTarget finds the streams that a request asks for and the running
// container that it names, or answers why there are none.
func (s *Server) commandTarget(w http.ResponseWriter, r *http.Request) (*remotecommand.Options, *v1.Pod, string, bool) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil, nil, "", false
	}
	pod, ok := s.find(r)
	if !ok {
		http.Error(w, "pod does not exist", http.StatusNotFound)
		return nil, nil, "", false
	}
	name := r.PathValue("container")
	id := runningID(pod, name)
	if id == "" {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, "container not found (%q)", name) // who asked has gone
		return nil, nil, "", false
	}
	return options, pod, id, true
}

func runningID(pod *v1.Pod, container string) string {
	for _, list := range [][]v1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range list {
			if list[i].Name == container && list[i].State.Running != nil {
				return bareID(list[i].ContainerID)
			}
		}
	}
	return ""
}

func hasTTY(pod *v1.Pod, container string) bool {
	for _, list := range [][]v1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			if list[i].Name == container {
				return list[i].TTY
			}
		}
	}
	return false
}

// executor runs what the streaming library asks for on the runtime.
type executor struct{ runtime runtime.Runtime }

// ExecInContainer runs a command; an exit code that is not 0 is an error that
// the library knows.
func (e *executor) ExecInContainer(ctx context.Context, _, _, id string, command []string, in io.Reader, out, err io.WriteCloser,
	tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	code, failed := e.runtime.Exec(ctx, id, runtime.ExecConfig{Command: command, Streams: streams(ctx, in, out, err, tty, resize)})
	if failed != nil {
		return fmt.Errorf("failed to exec in container: %w", failed)
	}
	if code != 0 {
		return utilexec.CodeExitError{Err: fmt.Errorf("error executing command %v, exit code %d", command, code), Code: code}
	}
	return nil
}

// AttachContainer joins the streams of a container's first process.
func (e *executor) AttachContainer(ctx context.Context, _, _, id string, in io.Reader, out, err io.WriteCloser,
	tty bool, resize <-chan remotecommand.TerminalSize) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := e.runtime.Attach(ctx, id, streams(ctx, in, out, err, tty, resize))
	if failed != nil && !errors.Is(failed, context.Canceled) {
		return fmt.Errorf("failed to attach container: %w", failed)
	}
	return nil
}

// streams translates the library's streams; nil interfaces stay nil.
func streams(ctx context.Context, in io.Reader, out, err io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) runtime.Streams {
	s := runtime.Streams{Stdin: in, TTY: tty}
	if out != nil {
		s.Stdout = out
	}
	if err != nil && !tty {
		s.Stderr = err
	}
	if resize == nil {
		return s
	}
	sizes := make(chan runtime.TerminalSize)
	s.Resize = sizes
	go func() { // ends with ctx, which its caller cancels
		defer close(sizes)
		for {
			select {
			case <-ctx.Done():
				return
			case size, more := <-resize:
				if !more {
					return
				}
				select {
				case sizes <- runtime.TerminalSize{Width: size.Width, Height: size.Height}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return s
}
