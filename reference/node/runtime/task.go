package runtime

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/mount"
	containerdsandbox "github.com/containerd/containerd/v2/core/sandbox"
	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/typeurl/v2"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/plumbline/plumbline/reference/node/shim"
)

// allContainers is containerd's sandbox of all containers of the node: those of a sandbox share a shim. Pods' own sandboxes are ours.
const allContainers = "node"

// createSandbox makes containerd's record of it, which outlives containerd.
func (c *Containerd) createSandbox(ctx context.Context) error {
	_, err := c.client.SandboxStore().Create(ctx, containerdsandbox.Sandbox{ID: allContainers, Runtime: containerdsandbox.RuntimeOpts{Name: shim.Runtime}})
	if err != nil && !errdefs.IsAlreadyExists(err) {
		return fmt.Errorf("make containerd's record of a sandbox: %w", err)
	}
	return nil
}

// awaitShim waits while the shim is being started again.
func awaitShim(ctx context.Context) error {
	for !shim.Listens() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the shim does not listen at %s: %w", shim.Socket, ctx.Err())
		case <-time.After(reconnectInterval):
		}
	}
	return nil
}

// whileUnavailable does something again as long as containerd goes away in
// the middle of it. That containerd is not there at first is no error: calls wait.
func whileUnavailable(ctx context.Context, do func() error) error {
	for {
		err := do()
		if !errdefs.IsUnavailable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(reconnectInterval):
			logger(ctx).Info("Lost containerd, trying again", "reason", err)
		}
	}
}

// createRecord makes containerd's record of a container. It refers to the
// snapshot before that exists, so that no garbage collection can take it.
func (c *Containerd) createRecord(ctx context.Context, status ContainerStatus, imageName string, spec *specs.Spec) error {
	encoded, err := typeurl.MarshalAny(spec)
	if err != nil {
		return fmt.Errorf("encode the specification: %w", err)
	}
	_, err = c.client.ContainerService().Create(ctx, containers.Container{
		ID: status.ID, Image: imageName, Spec: encoded,
		Runtime:     containers.RuntimeInfo{Name: shim.Runtime},
		SandboxID:   allContainers,
		Snapshotter: c.snapshotter, SnapshotKey: status.ID,
		Labels: map[string]string{ // for people with ctr
			"io.kubernetes.pod.uid": status.PodUID, "io.kubernetes.pod.namespace": status.PodNamespace,
			"io.kubernetes.pod.name": status.PodName, "io.kubernetes.container.name": status.Name,
		},
	})
	return err
}

// createTask has the shim make the container up to, but without, its process's program.
func (c *Containerd) createTask(ctx context.Context, status ContainerStatus, rootfs []mount.Mount, paths fifoPaths) (pid int, err error) {
	request := &tasks.CreateTaskRequest{
		ContainerID: status.ID, Terminal: status.TTY,
		TaskApiAddress: "ttrpc+unix://" + shim.Socket, TaskApiVersion: 3,
		Stdin: paths.stdin, Stdout: paths.stdout, Stderr: paths.stderr,
	}
	for _, m := range rootfs {
		request.Rootfs = append(request.Rootfs, &types.Mount{Type: m.Type, Source: m.Source, Target: m.Target, Options: m.Options})
	}
	response, err := c.client.TaskService().Create(ctx, request)
	if err != nil {
		return 0, errgrpc.ToNative(err)
	}
	return int(response.Pid), nil
}

func (c *Containerd) startTask(ctx context.Context, id, execID string) (pid int, err error) {
	response, err := c.client.TaskService().Start(ctx, &tasks.StartRequest{ContainerID: id, ExecID: execID})
	if err != nil {
		return 0, errgrpc.ToNative(err)
	}
	return int(response.Pid), nil
}

func (c *Containerd) killTask(ctx context.Context, id, execID string, signal syscall.Signal, all bool) error {
	_, err := c.client.TaskService().Kill(ctx, &tasks.KillRequest{ContainerID: id, ExecID: execID, Signal: uint32(signal), All: all})
	if err = errgrpc.ToNative(err); errdefs.IsNotFound(err) {
		return fmt.Errorf("process %w", ErrNotFound)
	}
	return err
}

// deleteTask removes an ended task. A task that is gone is no error.
func (c *Containerd) deleteTask(ctx context.Context, id string) error {
	return whileUnavailable(ctx, func() error {
		_, err := c.client.TaskService().Delete(ctx, &tasks.DeleteTaskRequest{ContainerID: id})
		if err = errgrpc.ToNative(err); err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("delete the task of container %s: %w", id, err)
		}
		return nil
	})
}

// discard removes containerd's record and the snapshot of a container without a task.
func (c *Containerd) discard(ctx context.Context, id string) error {
	return whileUnavailable(ctx, func() error {
		snapshot := c.client.SnapshotService(c.snapshotter).Remove(ctx, id)
		if errdefs.IsNotFound(snapshot) {
			snapshot = nil
		}
		record := c.client.ContainerService().Delete(ctx, id)
		if errdefs.IsNotFound(record) {
			record = nil
		}
		return errors.Join(snapshot, record)
	})
}

// destroy removes all there is of a container in containerd, whatever its state.
func (c *Containerd) destroy(ctx context.Context, record containerRecord) error {
	id := record.Status.ID
	err := whileUnavailable(ctx, func() error {
		err := c.killTask(ctx, id, "", syscall.SIGKILL, true)
		if err == nil { // answers at once when the task has ended, or never ran
			_, err = c.client.TaskService().Wait(ctx, &tasks.WaitRequest{ContainerID: id})
			err = errgrpc.ToNative(err)
		}
		if errdefs.IsUnavailable(err) {
			return err
		}
		return nil // whatever else it was, deleting it tells
	})
	if err != nil {
		return err
	}
	if err := c.deleteTask(ctx, id); err != nil {
		return err
	}
	return errors.Join(c.endStray(record), c.discard(ctx, id))
}
