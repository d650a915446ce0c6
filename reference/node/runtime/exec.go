package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/typeurl/v2"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// quiet is how long an ended command's streams may be held open, silent, by
// processes that it left behind, before their output is no longer waited for.
const quiet = time.Second

// Exec runs a command in a running container.
func (c *Containerd) Exec(ctx context.Context, id string, config ExecConfig) (int, error) {
	ctr, err := c.container(id)
	if err != nil {
		return 0, err
	}
	process, err := c.execProcess(ctx, ctr, config)
	if err != nil {
		return 0, fmt.Errorf("exec in container %s: %w", id, err)
	}
	e := execution{c: c, container: ctr.id, id: "exec-" + newID()[:16], config: config}
	if err := e.open(ctx, filepath.Join(c.ioDir, ctr.id)); err != nil {
		return 0, fmt.Errorf("exec in container %s: %w", id, err)
	}
	defer e.remove()
	return e.run(ctx, process)
}

// execProcess is the container's own process with another command.
func (c *Containerd) execProcess(ctx context.Context, ctr *container, config ExecConfig) (*specs.Process, error) {
	if ctr.status().State != StateRunning {
		return nil, fmt.Errorf("the container is not running: %w", ErrNotFound)
	}
	ctr.op.Lock()
	defer ctr.op.Unlock()
	if ctr.process == nil { // started by a former process of the agent
		record, err := c.client.ContainerService().Get(ctx, ctr.id)
		if err != nil {
			return nil, fmt.Errorf("read its specification: %w", err)
		}
		spec, err := specIn(record)
		if err != nil {
			return nil, err
		}
		ctr.process = spec.Process
	}
	process := *ctr.process
	process.Args = config.Command
	process.Terminal = config.TTY
	if config.TTY && !ctr.process.Terminal {
		process.Env = append([]string{"TERM=xterm"}, process.Env...)
	}
	return &process, nil
}

// execution is one command under way.
type execution struct {
	c         *Containerd
	container string
	id        string
	config    ExecConfig

	dir    string
	paths  fifoPaths
	stdin  io.WriteCloser
	pipes  []io.ReadWriteCloser
	copies sync.WaitGroup
	flow   []*flow
}

// flow copies a stream and knows since when it has waited for more.
type flow struct {
	from    io.Reader
	to      io.Writer
	waiting atomic.Int64 // unix nanoseconds since when Read has been waiting; 0: it is not
	closed  atomic.Bool
}

func (f *flow) copy() {
	buffer := make([]byte, 32<<10)
	for {
		f.waiting.Store(time.Now().UnixNano())
		n, err := f.from.Read(buffer)
		f.waiting.Store(0)
		if n > 0 && f.to != nil {
			if _, err := f.to.Write(buffer[:n]); err != nil {
				f.to = nil // nobody listens: the command goes on, unheard
			}
		}
		if err != nil {
			f.closed.Store(true)
			return
		}
	}
}

func (f *flow) idle(now time.Time) bool {
	since := f.waiting.Load()
	return f.closed.Load() || since != 0 && now.UnixNano()-since > int64(quiet)
}

func (e *execution) open(ctx context.Context, parent string) error {
	e.dir = filepath.Join(parent, e.id)
	if err := os.Mkdir(e.dir, 0o700); err != nil {
		return fmt.Errorf("make the directory for its streams: %w", err)
	}
	e.paths = pathsIn(e.dir, e.config.Stdin != nil, e.config.TTY)
	for _, stream := range []struct {
		path string
		to   io.Writer
	}{{e.paths.stdout, e.config.Stdout}, {e.paths.stderr, e.config.Stderr}} {
		if stream.path == "" {
			continue
		}
		pipe, err := openFIFO(ctx, stream.path, syscall.O_RDONLY)
		if err != nil {
			e.remove()
			return err
		}
		e.pipes = append(e.pipes, pipe)
		e.flow = append(e.flow, &flow{from: pipe, to: stream.to})
	}
	if e.paths.stdin != "" {
		pipe, err := openFIFO(ctx, e.paths.stdin, syscall.O_WRONLY)
		if err != nil {
			e.remove()
			return err
		}
		e.stdin = pipe
	}
	return nil
}

func (e *execution) remove() {
	if e.stdin != nil {
		e.stdin.Close()
	}
	for _, pipe := range e.pipes {
		pipe.Close()
	}
	os.RemoveAll(e.dir)
}

func (e *execution) run(ctx context.Context, process *specs.Process) (int, error) {
	service := e.c.client.TaskService()
	encoded, err := typeurl.MarshalAnyToProto(process)
	if err != nil {
		return 0, fmt.Errorf("encode the command: %w", err)
	}
	_, err = service.Exec(ctx, &tasks.ExecProcessRequest{
		ContainerID: e.container, ExecID: e.id, Terminal: e.config.TTY, Spec: encoded,
		Stdin: e.paths.stdin, Stdout: e.paths.stdout, Stderr: e.paths.stderr,
	})
	if err = errgrpc.ToNative(err); errdefs.IsNotFound(err) {
		return 0, fmt.Errorf("exec in container %s: %w", e.container, ErrNotFound)
	} else if err != nil {
		return 0, fmt.Errorf("exec in container %s: %w", e.container, err)
	}
	// What follows is undone even when ctx ends, or the process would stay.
	// The shim takes its time when something still holds the streams.
	after := context.WithoutCancel(ctx)
	defer e.c.running.Go(func() {
		ctx, cancel := context.WithTimeout(e.c.ctx, cleanupTimeout)
		defer cancel()
		service.DeleteProcess(ctx, &tasks.DeleteProcessRequest{ContainerID: e.container, ExecID: e.id})
	})
	// Asked before the start: a command may end its container, which takes everything that is known of it along.
	type end struct {
		code int
		err  error
	}
	ended := make(chan end, 1)
	waiting, stopWaiting := context.WithCancel(after)
	defer stopWaiting()
	go func() {
		response, err := service.Wait(waiting, &tasks.WaitRequest{ContainerID: e.container, ExecID: e.id})
		ended <- end{int(response.GetExitStatus()), errgrpc.ToNative(err)}
	}()
	pid, err := e.c.startTask(after, e.container, e.id)
	if err != nil {
		return 0, execError(err)
	}
	for _, f := range e.flow {
		e.copies.Go(f.copy)
	}
	e.feed(after)
	resized := make(chan struct{})
	defer func() { <-resized }()
	resizing, stopResizing := context.WithCancel(ctx)
	defer stopResizing()
	go func() {
		defer close(resized)
		e.c.resize(resizing, e.container, e.id, e.config.Resize)
	}()

	select {
	case got := <-ended:
		if got.err != nil {
			return 0, fmt.Errorf("wait for the command: %w", got.err)
		}
		return got.code, e.drain(ctx)
	case <-ctx.Done():
		// The command leads a process group of its own, unless it left it.
		syscall.Kill(-pid, syscall.SIGKILL)
		e.c.killTask(after, e.container, e.id, syscall.SIGKILL, false)
		<-ended
		e.hangUp()
		return 0, ctx.Err()
	}
}

// feed copies stdin. Its reader may block long after the command's end, so
// nobody waits for it; it ends with the next that is read or the reader's end.
func (e *execution) feed(ctx context.Context) {
	if e.stdin == nil {
		return
	}
	go func() {
		io.Copy(e.stdin, e.config.Stdin)
		if e.config.TTY {
			return // closing would hang the terminal up; its user types ^D
		}
		e.stdin.Close()
		e.c.client.TaskService().CloseIO(ctx, &tasks.CloseIORequest{ContainerID: e.container, ExecID: e.id, Stdin: true})
	}()
}

// drain waits for the command's output, however slowly it is taken, but not
// for processes that it left behind and that keep its streams open.
func (e *execution) drain(ctx context.Context) error {
	all := make(chan struct{})
	go func() {
		e.copies.Wait()
		close(all)
	}()
	tick := time.NewTicker(quiet / 4)
	defer tick.Stop()
	for {
		select {
		case <-all:
			return nil
		case <-ctx.Done():
			e.hangUp()
			return ctx.Err()
		case now := <-tick.C:
			idle := true
			for _, f := range e.flow {
				idle = idle && f.idle(now)
			}
			if idle {
				e.hangUp()
				<-all
				return nil
			}
		}
	}
}

func (e *execution) hangUp() {
	for _, pipe := range e.pipes {
		pipe.Close()
	}
}

// execError tells a command that cannot be run from other failures, with the
// code that a shell would give.
func execError(err error) error {
	message := fmt.Sprintf("failed to start exec: %v", err)
	switch {
	case containsAny(message, "executable file not found", "no such file or directory"):
		return &StartError{Reason: "ExecError", ExitCode: 127, Message: message}
	case containsAny(message, "permission denied", "is a directory", "exec format error"):
		return &StartError{Reason: "ExecError", ExitCode: 126, Message: message}
	}
	if errdefs.IsNotFound(err) {
		return fmt.Errorf("%w: %s", ErrNotFound, message)
	}
	return errors.New(message)
}
