package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	eventsapi "github.com/containerd/containerd/api/events"
	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/task"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/typeurl/v2"
)

const (
	exitTopic = "/tasks/exit"
	oomTopic  = "/tasks/oom"
	// markTopic carries our own events, by which a subscription is known to be in force.
	markTopic = "/reference/subscribed"
)

// unseenCode is the exit code of a container whose end nobody saw.
const unseenCode = 255

// drainTimeout is how long a container's end waits for its last output.
const drainTimeout = 2 * time.Second

// lateDrainTimeout is the same for an end that is found afterwards. Then the
// shim may have let go of the streams before we took hold of them, and no end
// of them will ever be read.
const lateDrainTimeout = 200 * time.Millisecond

// reconnectInterval is between attempts to follow events; an attempt itself waits for containerd.
const reconnectInterval = 50 * time.Millisecond

// listener is one receiver of Events, with a queue of its own.
type listener struct {
	mu    sync.Mutex
	queue []Event
	some  chan struct{} // of length one: the queue is not empty
}

func (l *listener) put(event Event) {
	l.mu.Lock()
	l.queue = append(l.queue, event)
	l.mu.Unlock()
	select {
	case l.some <- struct{}{}:
	default:
	}
}

func (l *listener) take() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.queue
	l.queue = nil
	return queue
}

// Events delivers what happens from the call on, beginning with a Resync.
func (c *Containerd) Events(ctx context.Context) <-chan Event {
	out := make(chan Event)
	l := &listener{some: make(chan struct{}, 1)}
	l.put(Event{Type: Resync})
	c.mu.Lock()
	c.listeners[l] = true
	c.mu.Unlock()
	c.running.Go(func() {
		defer close(out)
		defer func() {
			c.mu.Lock()
			delete(c.listeners, l)
			c.mu.Unlock()
		}()
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.ctx.Done():
				return
			case <-l.some:
			}
			for _, event := range l.take() {
				select {
				case <-ctx.Done():
					return
				case <-c.ctx.Done():
					return
				case out <- event:
				}
			}
		}
	})
	return out
}

func (c *Containerd) emit(event Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.listeners {
		l.put(event)
	}
}

// followEvents follows containerd's events until ctx ends, over its restarts.
func (c *Containerd) followEvents(ctx context.Context) {
	for {
		err := c.followOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		logger(ctx).Info("Lost containerd's events, connecting again", "reason", err)
		select {
		case <-ctx.Done():
		case <-time.After(reconnectInterval):
		}
	}
}

func (c *Containerd) followOnce(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The call waits for containerd, and fails when it goes away.
	stream, failures := c.client.EventService().Subscribe(ctx, filter(exitTopic), filter(oomTopic), filter(markTopic))
	mark := newID()
	marking := time.NewTicker(20 * time.Millisecond)
	defer marking.Stop()
	for subscribed := false; ; {
		select {
		case err := <-failures:
			if err == nil {
				err = errors.New("the stream ended")
			}
			return err
		case <-marking.C:
			// Until the mark comes back the subscription may not be in force,
			// and an end may go unseen.
			if err := c.client.EventService().Publish(ctx, markTopic, &eventsapi.ContainerCreate{ID: mark}); err != nil {
				return err
			}
		case envelope := <-stream:
			if envelope.Topic != markTopic {
				c.handle(ctx, envelope)
				continue
			}
			if subscribed || !carries(envelope, mark) {
				continue
			}
			subscribed = true
			marking.Stop()
			if err := c.reconcile(ctx); err != nil {
				return err
			}
			c.emit(Event{Type: Resync})
		}
	}
}

func filter(topic string) string { return fmt.Sprintf("topic==%q", topic) }

func carries(envelope *events.Envelope, mark string) bool {
	decoded, err := typeurl.UnmarshalAny(envelope.Event)
	if err != nil {
		return false
	}
	event, ok := decoded.(*eventsapi.ContainerCreate)
	return ok && event.ID == mark
}

func (c *Containerd) handle(ctx context.Context, envelope *events.Envelope) {
	if envelope.Namespace != containerdNamespace {
		return
	}
	decoded, err := typeurl.UnmarshalAny(envelope.Event)
	if err != nil {
		logger(ctx).Error(err, "Cannot read one of containerd's events", "topic", envelope.Topic)
		return
	}
	switch event := decoded.(type) {
	case *eventsapi.TaskExit:
		if event.ID == event.ContainerID { // else the end of an exec
			c.ended(event.ContainerID, int(event.ExitStatus), event.ExitedAt.AsTime(), drainTimeout)
		}
	case *eventsapi.TaskOOM:
		if ctr, err := c.container(event.ContainerID); err == nil {
			c.emit(Event{Type: ContainerOOM, ID: ctr.id, PodUID: ctr.record.Status.PodUID})
		}
	}
}

// reconcile finds the containers that ended while no events came.
func (c *Containerd) reconcile(ctx context.Context) error {
	response, err := c.client.TaskService().List(ctx, &tasks.ListTasksRequest{})
	if err != nil {
		return errgrpc.ToNative(err)
	}
	tasks := map[string]*task.Process{}
	for _, process := range response.Tasks {
		tasks[process.ID] = process
	}
	c.mu.Lock()
	var running []*container
	for _, ctr := range c.containers {
		running = append(running, ctr)
	}
	c.mu.Unlock()
	for _, ctr := range running {
		process := tasks[ctr.id]
		switch {
		case process == nil:
			c.running.Go(func() { c.vanished(ctr) })
		case process.Status == task.Status_STOPPED:
			c.ended(ctr.id, int(process.ExitStatus), process.ExitedAt.AsTime(), lateDrainTimeout)
		}
	}
	return nil
}

// vanished ends a container that should run and has no task.
func (c *Containerd) vanished(ctr *container) {
	ctr.op.Lock() // waits for a start under way
	running := ctr.status().State == StateRunning
	ctr.op.Unlock()
	if !running {
		return
	}
	_, err := c.client.TaskService().Get(c.ctx, &tasks.GetRequest{ContainerID: ctr.id})
	if errdefs.IsNotFound(errgrpc.ToNative(err)) {
		c.ended(ctr.id, unseenCode, time.Now(), lateDrainTimeout)
	}
}

// ended takes note of a container's end, which may be told more than once.
func (c *Containerd) ended(id string, code int, at time.Time, patience time.Duration) {
	ctr, err := c.container(id)
	if err != nil {
		return
	}
	c.running.Go(func() {
		if c.finish(ctr, code, at, patience) {
			c.cleanUp(ctr)
		}
	})
}

// finish records the end once all output is in the log, then tells of it.
func (c *Containerd) finish(ctr *container, code int, at time.Time, patience time.Duration) bool {
	ctr.op.Lock() // waits for a start under way
	defer ctr.op.Unlock()
	if ctr.status().State != StateRunning {
		return false
	}
	oom := code == 128+int(syscall.SIGKILL) && c.cgroups.oomKills(ctr.record.Cgroup) > 0
	ctr.io.drain(patience)
	err := c.change(ctr, func(status *ContainerStatus) {
		status.State, status.PID, status.ExitCode, status.OOMKilled = StateExited, 0, code, oom
		status.Reason, status.FinishedAt = reasonOf(code, oom), at
		if at.Before(status.StartedAt) {
			status.FinishedAt = status.StartedAt
		}
		ctr.first.close()
		ctr.first = nil
	})
	if err != nil {
		logger(c.ctx).Error(err, "Could not keep a container's end", "container", ctr.id)
	}
	close(ctr.ended)
	status := ctr.status()
	c.emit(Event{Type: ContainerExited, ID: ctr.id, PodUID: status.PodUID, Status: status})
	return true
}

func reasonOf(code int, oom bool) string {
	switch {
	case oom:
		return "OOMKilled"
	case code == 0:
		return "Completed"
	}
	return "Error"
}

// cleanUp removes the task of an ended container.
func (c *Containerd) cleanUp(ctr *container) {
	for again := 50 * time.Millisecond; ; again = min(2*again, time.Second) {
		err := c.deleteTask(c.ctx, ctr.id)
		if err == nil {
			close(ctr.deleted)
			return
		}
		select {
		case <-c.ctx.Done():
			return // the next process finds the task again
		case <-time.After(again):
			logger(c.ctx).Error(err, "Deleting an ended task again", "container", ctr.id)
		}
	}
}
