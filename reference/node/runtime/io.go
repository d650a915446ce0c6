package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/fifo"
)

// containerIO connects a container's streams, which are FIFOs, with its log
// and with whoever is attached. The shim holds the FIFOs open as well, so that
// nothing is lost while nobody reads.
type containerIO struct {
	dir     string
	stdin   *stdin // nil when the container has none
	readers []io.ReadCloser
	out     [2]*broadcast // stdout, stderr
	log     *logFile
	done    chan struct{} // closed when all output was read
}

// fifoPaths are the streams' paths; "" for those that the container has not.
type fifoPaths struct{ stdin, stdout, stderr string }

func pathsIn(dir string, hasStdin, tty bool) fifoPaths {
	p := fifoPaths{stdout: filepath.Join(dir, "stdout"), stderr: filepath.Join(dir, "stderr")}
	if hasStdin {
		p.stdin = filepath.Join(dir, "stdin")
	}
	if tty {
		p.stderr = ""
	}
	return p
}

// openIO opens a container's streams, which it makes if they do not exist,
// and starts copying to the log.
func openIO(ctx context.Context, dir string, status ContainerStatus) (*containerIO, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for the container's streams: %w", err)
	}
	log, err := openLog(status.LogPath)
	if err != nil {
		return nil, err
	}
	c := &containerIO{dir: dir, log: log, done: make(chan struct{})}
	paths := pathsIn(dir, status.Stdin, status.TTY)
	if paths.stdin != "" {
		pipe, err := openFIFO(ctx, paths.stdin, syscall.O_WRONLY)
		if err != nil {
			c.close()
			return nil, err
		}
		c.stdin = &stdin{pipe: pipe}
	}
	var copies sync.WaitGroup
	for i, stream := range []struct{ path, name string }{{paths.stdout, "stdout"}, {paths.stderr, "stderr"}} {
		if stream.path == "" {
			continue
		}
		pipe, err := openFIFO(ctx, stream.path, syscall.O_RDONLY)
		if err != nil {
			c.close()
			return nil, err
		}
		c.readers = append(c.readers, pipe)
		c.out[i] = &broadcast{log: log.stream(stream.name)}
		copies.Go(func() {
			buffer := make([]byte, 32<<10)
			io.CopyBuffer(c.out[i], pipe, buffer)
			c.out[i].finish()
		})
	}
	go func() {
		copies.Wait()
		log.close()
		close(c.done)
	}()
	return c, nil
}

// openFIFO does not wait for the other end; reads and writes do.
func openFIFO(ctx context.Context, path string, mode int) (io.ReadWriteCloser, error) {
	pipe, err := fifo.OpenFifo(context.WithoutCancel(ctx), path, mode|syscall.O_CREAT|syscall.O_NONBLOCK, 0o700)
	if err != nil {
		return nil, fmt.Errorf("open a stream: %w", err)
	}
	return pipe, nil
}

// drain waits until the container's output is in the log. Whoever holds the
// streams open after the container ended has to be content with the timeout.
func (c *containerIO) drain(timeout time.Duration) {
	if c == nil {
		return
	}
	select {
	case <-c.done:
	case <-time.After(timeout):
		c.close()
		<-c.done
	}
}

// close lets go of the streams; output that nobody reads stays in them.
func (c *containerIO) close() {
	if c == nil {
		return
	}
	if c.stdin != nil {
		c.stdin.close()
	}
	for _, reader := range c.readers {
		reader.Close()
	}
}

// remove closes the streams and removes the FIFOs.
func (c *containerIO) remove() {
	if c == nil {
		return
	}
	c.close()
	os.RemoveAll(c.dir)
}

// stdin is a container's input, shared by those attached one after another.
type stdin struct {
	mu   sync.Mutex
	pipe io.WriteCloser
	done bool
}

func (s *stdin) Write(p []byte) (int, error) {
	s.mu.Lock()
	pipe, done := s.pipe, s.done
	s.mu.Unlock()
	if done {
		return 0, io.ErrClosedPipe
	}
	return pipe.Write(p)
}

func (s *stdin) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.done {
		s.done = true
		s.pipe.Close()
	}
}

// broadcast writes a stream to the log and to those attached, of whom those
// that fail are dropped.
type broadcast struct {
	log *logStream

	mu       sync.Mutex
	attached map[*attachment]bool
	ended    bool
}

// attachment is one attached writer.
type attachment struct {
	to   io.Writer
	gone chan struct{} // closed when the writer failed or the stream ended
}

func (b *broadcast) Write(p []byte) (int, error) {
	b.log.Write(p)
	b.mu.Lock()
	targets := make([]*attachment, 0, len(b.attached))
	for a := range b.attached {
		targets = append(targets, a)
	}
	b.mu.Unlock()
	for _, a := range targets {
		if _, err := a.to.Write(p); err != nil {
			b.detach(a)
		}
	}
	return len(p), nil
}

func (b *broadcast) finish() {
	b.log.finish()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	for a := range b.attached {
		delete(b.attached, a)
		close(a.gone)
	}
}

func (b *broadcast) attach(to io.Writer) *attachment {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := &attachment{to: to, gone: make(chan struct{})}
	if b.ended {
		close(a.gone)
		return a
	}
	if b.attached == nil {
		b.attached = map[*attachment]bool{}
	}
	b.attached[a] = true
	return a
}

func (b *broadcast) detach(a *attachment) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.attached[a] {
		delete(b.attached, a)
		close(a.gone)
	}
}

var errNoStdin = errors.New("the container has no stdin (stdin: false)")
