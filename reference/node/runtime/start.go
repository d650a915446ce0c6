package runtime

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/sys/signal"
)

// StartContainer creates and starts a container in its Pod's sandbox. If
// containerd is killed meanwhile, that is no failure of the container: what
// was made is undone, and it is made again.
func (c *Containerd) StartContainer(ctx context.Context, config ContainerConfig) (id string, err error) {
	err = whileUnavailable(ctx, func() error {
		id, err = c.startOnce(ctx, config)
		return err
	})
	return id, err
}

func (c *Containerd) startOnce(ctx context.Context, config ContainerConfig) (string, error) {
	img, err := c.find(ctx, config.Image)
	if err != nil {
		return "", err
	}
	if err := awaitShim(ctx); err != nil { // before anything is held
		return "", fmt.Errorf("start container %s: %w", config.Name, err)
	}
	pod, err := c.holdSandbox(config.PodUID)
	if err != nil {
		return "", fmt.Errorf("start container %s: %w", config.Name, err)
	}
	defer pod.mu.RUnlock()

	ctr, start, err := c.prepare(ctx, config, pod, img)
	if err != nil {
		return "", &StartError{Reason: "CreateContainerError", ExitCode: startFailedCode, Message: err.Error(), cause: err}
	}
	defer ctr.op.Unlock()
	if err := start(); err != nil {
		return c.startFailed(ctx, ctr, err)
	}
	return ctr.id, nil
}

// startFailedCode is the exit code of a container whose process could not be
// started, as containerd's CRI plugin has it.
const startFailedCode = 128

// prepare makes everything of a container but its task. The container is
// listed, and locked, when it returns; start makes it run.
func (c *Containerd) prepare(ctx context.Context, config ContainerConfig, pod *sandbox, img *image) (_ *container, start func() error, err error) {
	user, err := img.accounts.resolve(img.config.User, config.Security)
	if err != nil {
		return nil, nil, err
	}
	id := newID()
	spec, err := specOf(id, config, pod.record, pod.dir, img.config, user, c.node)
	if err != nil {
		return nil, nil, err
	}
	record := containerRecord{Status: statusOf(id, config, img), Cgroup: filepath.Join(pod.record.Cgroup, id)}
	if err := c.states.save(record); err != nil {
		return nil, nil, err
	}
	undo := func(err error) (*container, func() error, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		return nil, nil, errors.Join(err, c.destroy(ctx, record), c.states.remove(id))
	}
	if err := c.createRecord(ctx, record.Status, img.name, spec); err != nil {
		return undo(fmt.Errorf("failed to create containerd container: %w", err))
	}
	rootfs, err := c.client.SnapshotService(c.snapshotter).Prepare(ctx, id, img.chain)
	if err != nil {
		return undo(fmt.Errorf("failed to create containerd container: error preparing its root filesystem: %w", err))
	}
	ctr := newContainer(record)
	ctr.process = spec.Process
	if ctr.io, err = openIO(ctx, filepath.Join(c.ioDir, id), record.Status); err != nil {
		return undo(err)
	}
	ctr.op.Lock()
	c.mu.Lock()
	c.containers[id] = ctr
	c.mu.Unlock()
	return ctr, func() error {
		pid, err := c.createTask(ctx, record.Status, rootfs, pathsIn(ctr.io.dir, config.Stdin, config.TTY))
		if err != nil {
			return fmt.Errorf("failed to create containerd task: %w", err)
		}
		first, err := openProcess(pid, record.Cgroup)
		if err != nil {
			return fmt.Errorf("failed to create containerd task: %w", err)
		}
		started := time.Now()
		if _, err := c.startTask(ctx, id, ""); err != nil {
			first.close()
			return fmt.Errorf("failed to start containerd task %q: %w", id, err)
		}
		return c.change(ctr, func(status *ContainerStatus) {
			status.State, status.PID, status.StartedAt = StateRunning, pid, started
			ctr.first = first
		})
	}, nil
}

// startFailed ends a container that could not be started: it stays listed,
// as one that has ended, for its message to be read.
func (c *Containerd) startFailed(ctx context.Context, ctr *container, cause error) (string, error) {
	result := &StartError{Reason: "RunContainerError", ExitCode: startFailedCode, Message: cause.Error(), cause: cause}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	if err := c.destroy(ctx, ctr.record); err != nil {
		logger(ctx).Error(err, "Could not clean up after a failed start", "container", ctr.id)
	}
	ctr.io.remove()
	defer close(ctr.ended)
	defer close(ctr.deleted)
	if errdefs.IsUnavailable(cause) {
		ctr.removed = true
		return "", errors.Join(result, c.forget(ctr.id))
	}
	err := c.change(ctr, func(status *ContainerStatus) {
		status.State, status.Reason, status.Message = StateExited, "StartError", result.Message
		status.ExitCode, status.FinishedAt = startFailedCode, time.Now()
	})
	if err != nil {
		logger(ctx).Error(err, "Could not keep the state of a failed container", "container", ctr.id)
	}
	return ctr.id, result
}

// forget removes a container from the list and its record from the state directory.
func (c *Containerd) forget(id string) error {
	c.mu.Lock()
	delete(c.containers, id)
	c.mu.Unlock()
	return c.states.remove(id)
}

func statusOf(id string, config ContainerConfig, img *image) ContainerStatus {
	stop := config.StopSignal
	if stop == 0 {
		stop = syscall.SIGTERM
		if parsed, err := signal.ParseSignal(img.config.StopSignal); err == nil {
			stop = parsed
		}
	}
	return ContainerStatus{
		ID: id, PodUID: config.PodUID, PodNamespace: config.PodNamespace, PodName: config.PodName,
		Name: config.Name, Attempt: config.Attempt, Init: config.Init,
		Image: config.Image, ImageID: img.reference(),
		State: StateCreated, CreatedAt: time.Now(),
		TTY: config.TTY, Stdin: config.Stdin, StdinOnce: config.StdinOnce,
		LogPath: config.LogPath, StopSignal: stop, Resources: config.Resources, Labels: config.Labels,
	}
}

// reference is what the API shows as imageID.
func (img *image) reference() string {
	if name, _, ok := strings.Cut(img.name, "@"); ok {
		return name + "@" + img.manifest.String()
	}
	return img.id
}
