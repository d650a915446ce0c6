package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// process is a container's first process. It is signalled through a file
// descriptor: without a program to be started for it, without containerd being
// there, and never by mistake another process that has got its number.
type process struct {
	pid int
	fd  int // -1: the kernel has no such descriptors (before 5.3)
}

// openProcess finds the container's process, which has to be in its cgroup.
func openProcess(pid int, cgroup string) (*process, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ENOSYS) {
		return &process{pid: pid, fd: -1}, nil
	}
	if errors.Is(err, unix.ESRCH) {
		return nil, nil // it has ended
	}
	if err != nil {
		return nil, fmt.Errorf("open process %d: %w", pid, err)
	}
	// Between the number's being told and now it may have been given to another.
	groups, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cgroup"))
	if err != nil || !strings.Contains(string(groups), filepath.Base(cgroup)) {
		unix.Close(fd)
		return nil, nil
	}
	return &process{pid: pid, fd: fd}, nil
}

// alive says whether the process has not ended.
func (p *process) alive() bool {
	switch {
	case p == nil:
		return false
	case p.fd < 0:
		return syscall.Kill(p.pid, 0) == nil
	}
	return unix.PidfdSendSignal(p.fd, 0, nil, 0) == nil
}

func (p *process) close() {
	if p != nil && p.fd >= 0 {
		unix.Close(p.fd)
	}
}

// Signal sends a signal to the container's first process.
func (c *Containerd) Signal(ctx context.Context, id string, signal syscall.Signal) error {
	ctr, err := c.container(id)
	if err != nil {
		return err
	}
	if err := c.signal(ctx, ctr, signal); err != nil {
		return fmt.Errorf("send %s to container %s: %w", signal, id, err)
	}
	return nil
}

// Kill sends SIGKILL to every process of the container.
func (c *Containerd) Kill(ctx context.Context, id string) error {
	ctr, err := c.container(id)
	if err != nil {
		return err
	}
	if err := c.signal(ctx, ctr, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill container %s: %w", id, err)
	}
	// All others end with the first, except in the node's own PID namespace.
	c.cgroups.kill(ctr.record.Cgroup)
	return nil
}

func (c *Containerd) signal(ctx context.Context, ctr *container, signal syscall.Signal) error {
	ctr.mu.Lock()
	defer ctr.mu.Unlock()
	switch {
	case ctr.record.Status.State != StateRunning || ctr.first == nil:
		return fmt.Errorf("process %w", ErrNotFound)
	case ctr.first.fd < 0:
		return c.killTask(ctx, ctr.id, "", signal, false)
	}
	err := unix.PidfdSendSignal(ctr.first.fd, signal, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("process %w", ErrNotFound)
	}
	return err
}
