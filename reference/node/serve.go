package node

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/stream"
)

// serve begins to answer the API server. The channel tells if it ends before
// ctx does.
func (a *Agent) serve(ctx context.Context) (<-chan error, error) {
	address := net.JoinHostPort("", strconv.Itoa(a.options.Port))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	server := &stream.Server{Host: a, Runtime: a.runtime, Certificate: a.options.ServingCert, Clients: a.options.ClientCA}
	failed := make(chan error, 1)
	a.group.Go(func() {
		if err := server.Serve(ctx, listener); err != nil {
			failed <- err
		}
	})
	return failed, nil
}

// Pod finds a Pod by name, with the status that the node last made for it. Of
// two with one name the newer is meant.
func (a *Agent) Pod(namespace, name string) (*v1.Pod, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var found *v1.Pod
	for _, w := range a.workers {
		pod := w.pod()
		if pod.Namespace != namespace || pod.Name != name {
			continue
		}
		if found != nil && pod.CreationTimestamp.Before(&found.CreationTimestamp) {
			continue
		}
		found = pod.DeepCopy()
		found.Status = w.snapshot()
	}
	return found, found != nil
}

// LogPath is the log of a container's instance.
func (a *Agent) LogPath(pod *v1.Pod, container string, attempt int) string {
	return a.logPath(pod, container, attempt)
}

// Ended tells when a container ends.
func (a *Agent) Ended(pod *v1.Pod, id string) (<-chan struct{}, func()) {
	ended, release := a.exits.wait(id)
	// It may have ended before anybody waited.
	a.mu.Lock()
	w := a.workers[pod.UID]
	a.mu.Unlock()
	if w == nil || !w.runs(id) {
		a.exits.ended(id)
	}
	return ended, release
}

// runs: the status shows the container running.
func (w *worker) runs(id string) bool {
	status := w.snapshot()
	for _, list := range [][]v1.ContainerStatus{status.ContainerStatuses, status.InitContainerStatuses} {
		for i := range list {
			if list[i].ContainerID == containerIDPrefix+id && list[i].State.Running != nil {
				return true
			}
		}
	}
	return false
}

// exits lets others wait for the ends of containers.
type exits struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]bool
}

func (e *exits) wait(id string) (<-chan struct{}, func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiting == nil {
		e.waiting = map[string]map[chan struct{}]bool{}
	}
	if e.waiting[id] == nil {
		e.waiting[id] = map[chan struct{}]bool{}
	}
	ch := make(chan struct{})
	e.waiting[id][ch] = true
	return ch, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if delete(e.waiting[id], ch); len(e.waiting[id]) == 0 {
			delete(e.waiting, id)
		}
	}
}

func (e *exits) ended(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for ch := range e.waiting[id] {
		close(ch)
	}
	delete(e.waiting, id)
}
