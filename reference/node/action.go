package node

import (
	"syscall"
	"time"
)

// action is something that the executor does for a Pod's worker. Those that
// take time end with an event to the worker; decide marks them as under way,
// so that none is started twice.
type action interface{}

type (
	// mountVolumes sets up the volumes, or refreshes their contents.
	mountVolumes struct{}
	// createSandbox makes the Pod's namespaces, address and cgroup.
	createSandbox struct{}
	// startContainer pulls the image when the policy says so, starts the
	// container and runs its postStart hook.
	startContainer struct {
		Name    string
		Attempt int
	}
	// cancelStarts gives up on containers that are still being started.
	cancelStarts struct{}
	// runPreStop runs a container's preStop hook.
	runPreStop struct {
		ID, Name string
	}
	// signalContainer sends the stop signal, and gives up on its preStop hook.
	signalContainer struct {
		ID     string
		Signal syscall.Signal
	}
	// killContainer sends SIGKILL.
	killContainer struct{ ID string }
	// removeContainer forgets an ended instance and its log.
	removeContainer struct{ ID, LogPath string }
	// cleanUp removes sandbox, containers and volumes.
	cleanUp struct{}
	// deletePod removes the Pod's object for good.
	deletePod struct{}
	// forgetPod removes what the node still has of a Pod that is gone: its
	// directory and its logs.
	forgetPod struct{}
	// recordEvent is an event about the Pod, or about a container when it is
	// named.
	recordEvent struct {
		Container             string
		Warning               bool
		EventReason, EventMsg string
	}
)

// decision is what decide wants done, and when it wants to be asked again if
// nothing happens before.
type decision struct {
	Actions []action
	Wake    time.Time
}

func (d *decision) do(a ...action) { d.Actions = append(d.Actions, a...) }

// at asks for a decision at t; the earliest wins.
func (d *decision) at(t time.Time) {
	if t.IsZero() {
		return
	}
	if d.Wake.IsZero() || t.Before(d.Wake) {
		d.Wake = t
	}
}
