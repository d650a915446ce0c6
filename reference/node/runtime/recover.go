package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/task"
	"github.com/containerd/errdefs/pkg/errgrpc"
)

// recoverContainers joins the kept records with containerd's tasks. After it,
// what runs is listed as running with its streams connected, what has ended
// is listed as ended, and what is in nobody's list is gone.
func (c *Containerd) recoverContainers(ctx context.Context) error {
	records, err := c.states.load(logger(ctx))
	if err != nil {
		return err
	}
	response, err := c.client.TaskService().List(ctx, &tasks.ListTasksRequest{})
	if err != nil {
		return fmt.Errorf("list tasks: %w", errgrpc.ToNative(err))
	}
	processes := map[string]*task.Process{}
	for _, process := range response.Tasks {
		processes[process.ID] = process
	}
	for _, record := range records {
		if err := c.recoverContainer(ctx, record, processes[record.Status.ID]); err != nil {
			return fmt.Errorf("recover container %s: %w", record.Status.ID, err)
		}
	}
	return c.removeStrangers(ctx)
}

func (c *Containerd) recoverContainer(ctx context.Context, record containerRecord, process *task.Process) error {
	ctr := newContainer(record)
	status := &ctr.record.Status
	alive := hasRun(status.State, process)
	switch {
	case status.State == StateExited:
		if process != nil {
			if err := c.deleteTask(ctx, ctr.id); err != nil {
				return err
			}
		}
		close(ctr.ended)
		close(ctr.deleted)
	case alive: // an end, if there was one, is found by the first reconcile
		if status.State == StateCreated { // killed between the start and its record
			status.State, status.StartedAt = StateRunning, time.Now()
		}
		status.PID = int(process.Pid)
		var err error
		if ctr.first, err = openProcess(status.PID, record.Cgroup); err != nil {
			return err
		}
		if ctr.io, err = openIO(ctx, filepath.Join(c.ioDir, ctr.id), *status); err != nil {
			return err
		}
	case status.State == StateCreated: // never ran: nobody was told of it
		return errors.Join(c.destroy(ctx, ctr.record), c.states.remove(ctr.id))
	default: // the node was restarted
		status.State, status.PID, status.ExitCode, status.FinishedAt = StateExited, 0, unseenCode, time.Now()
		status.Reason = "Unknown" // as containerd's CRI plugin after a reboot
		close(ctr.ended)
		close(ctr.deleted)
	}
	if err := c.states.save(ctr.record); err != nil {
		return err
	}
	c.containers[ctr.id] = ctr
	return nil
}

// hasRun says whether a task that was found is to be listed as running, though
// it may have ended meanwhile. Of a start that was cut short with the agent,
// containerd may have killed the task: that is not the container's own end.
func hasRun(recorded State, process *task.Process) bool {
	switch process.GetStatus() {
	case task.Status_RUNNING:
		return true
	case task.Status_STOPPED:
		return recorded == StateRunning || process.GetExitStatus() != 128+uint32(syscall.SIGKILL)
	}
	return false
}

// removeStrangers removes from containerd what no record speaks of.
func (c *Containerd) removeStrangers(ctx context.Context) error {
	known, err := c.client.ContainerService().List(ctx)
	if err != nil {
		return fmt.Errorf("list containers: %w", err)
	}
	for _, record := range known {
		if c.containers[record.ID] != nil {
			continue
		}
		logger(ctx).Info("Removing a container that nobody knows", "container", record.ID)
		stranger := containerRecord{Status: ContainerStatus{ID: record.ID}}
		if spec, err := specIn(record); err == nil && spec.Linux != nil {
			stranger.Cgroup = spec.Linux.CgroupsPath
		}
		if err := c.destroy(ctx, stranger); err != nil {
			return fmt.Errorf("remove container %s: %w", record.ID, err)
		}
	}
	entries, err := os.ReadDir(c.ioDir)
	if err != nil {
		return fmt.Errorf("list streams: %w", err)
	}
	for _, entry := range entries {
		if ctr := c.containers[entry.Name()]; ctr == nil || ctr.io == nil {
			os.RemoveAll(filepath.Join(c.ioDir, entry.Name()))
		}
	}
	return nil
}
