package runtime

import (
	"context"
	"fmt"
	"io"
	"strings"

	tasks "github.com/containerd/containerd/api/services/tasks/v1"
)

// Attach joins the streams of the container's first process.
func (c *Containerd) Attach(ctx context.Context, id string, streams Streams) error {
	ctr, err := c.container(id)
	if err != nil {
		return err
	}
	status := ctr.status()
	if status.State != StateRunning {
		return fmt.Errorf("attach to container %s, which does not run: %w", id, ErrNotFound)
	}
	if streams.Stdin != nil && ctr.io.stdin == nil {
		return fmt.Errorf("attach to container %s: %w", id, errNoStdin)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if status.TTY {
		go c.resize(ctx, ctr.id, "", streams.Resize)
	}
	var joined []*attachment
	for i, to := range []io.Writer{streams.Stdout, streams.Stderr} {
		if to != nil && ctr.io.out[i] != nil {
			a := ctr.io.out[i].attach(to)
			defer ctr.io.out[i].detach(a)
			joined = append(joined, a)
		}
	}
	left := make(chan struct{})
	if streams.Stdin != nil {
		once := status.StdinOnce && !status.TTY
		go func() {
			c.feed(ctx, ctr, streams.Stdin, once) // ends with its reader, which the caller closes
			if !once || len(joined) == 0 {
				close(left) // as with containerd's CRI plugin; who closed the container's input stays for its answer
			}
		}()
	}
	for _, a := range joined {
		select {
		case <-a.gone:
		case <-left:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if len(joined) > 0 {
		return nil
	}
	select {
	case <-ctr.ended:
		return nil
	case <-left:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// feed copies to the container's stdin. With stdinOnce its end is the
// container's end of input; otherwise another may attach later.
func (c *Containerd) feed(ctx context.Context, ctr *container, from io.Reader, once bool) {
	io.Copy(ctr.io.stdin, from)
	if once && ctx.Err() == nil {
		ctr.io.stdin.close()
		c.client.TaskService().CloseIO(ctx, &tasks.CloseIORequest{ContainerID: ctr.id, Stdin: true})
	}
}

// resize follows the sizes of a terminal until they or ctx end.
func (c *Containerd) resize(ctx context.Context, id, execID string, sizes <-chan TerminalSize) {
	for sizes != nil {
		select {
		case <-ctx.Done():
			return
		case size, ok := <-sizes:
			if !ok {
				return
			}
			c.client.TaskService().ResizePty(ctx, &tasks.ResizePtyRequest{
				ContainerID: id, ExecID: execID, Width: uint32(size.Width), Height: uint32(size.Height),
			})
		}
	}
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
