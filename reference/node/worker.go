package node

import (
	"context"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/node/runtime"
	"github.com/plumbline/plumbline/reference/node/volume"
)

// worker is the actor of one Pod: events come in, decide judges, actions go
// out. Its state is its own goroutine's; everything else reaches it through
// the inbox.
type worker struct {
	agent    *Agent
	inbox    *inbox
	state    podState
	writer   *statusWriter
	probes   map[probeKey]context.CancelFunc
	group    sync.WaitGroup // of everything that the worker started
	evicting atomic.Bool

	cancelStart map[string]context.CancelFunc // by container name
	cancelHook  map[string]context.CancelFunc // by container ID

	mu      sync.Mutex
	known   *v1.Pod                  // for readers outside
	status  v1.PodStatus             // likewise
	volumes map[string]volume.Volume // as last set up
}

func newWorker(a *Agent, pod *v1.Pod) *worker {
	w := &worker{
		agent: a,
		inbox: newInbox(),
		state: podState{
			Pod: pod, HostIP: a.options.IP.String(), Status: *pod.Status.DeepCopy(), StatusWritten: true,
			Users: map[string]*v1.ContainerUser{},
		}.clone(),
		probes:      map[probeKey]context.CancelFunc{},
		cancelStart: map[string]context.CancelFunc{},
		cancelHook:  map[string]context.CancelFunc{},
		status:      *pod.Status.DeepCopy(),
		known:       pod,
	}
	w.writer = newStatusWriter(a.client, pod, func(s v1.PodStatus) { w.inbox.put(statusWritten{s}) })
	return w
}

// run works until the Pod is gone for good or ctx ends; containers outlive it.
func (w *worker) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	ctx = klog.NewContext(ctx, klog.FromContext(ctx).WithValues("pod", klog.KObj(w.state.Pod), "uid", w.state.Pod.UID))
	defer w.group.Wait()
	defer cancel()
	w.group.Go(func() { w.writer.run(ctx) })
	timer := time.NewTimer(0)
	defer timer.Stop()
	w.publish(true)
	for {
		wake := w.turn(ctx)
		if w.state.Done {
			return
		}
		if wake.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(wake))
		}
		select {
		case <-ctx.Done():
			return
		case <-w.inbox.ready:
		case <-timer.C:
		}
	}
}

// turn takes in what happened, decides, and starts what was decided. It
// returns when it wants to be called again at the latest.
func (w *worker) turn(ctx context.Context) time.Time {
	for _, e := range w.inbox.take() {
		w.learn(e)
	}
	next, d := decide(w.state, time.Now())
	w.state = next
	w.publish(false)
	for _, a := range d.Actions {
		w.execute(ctx, a)
	}
	w.followProbes(ctx)
	return d.Wake
}

// learn takes one event into the state, and shows it: what happened is to be
// seen even if it is answered at once.
func (w *worker) learn(e event) {
	observed := false
	switch e := e.(type) {
	case podUpdated:
		w.writer.observe(e.Pod)
		w.mu.Lock()
		w.known = e.Pod
		w.mu.Unlock()
		w.agent.sources.register(w.agent.ctx, e.Pod)
		observed = true
	case statusWritten:
		if reflect.DeepEqual(e.Status, w.state.Status) {
			w.state.StatusWritten = true
		}
		return
	case containerStarted:
		// A container that ended at once may have done so before its start was told.
		if e.Status != nil && e.Status.State == runtime.StateExited {
			e.Status.Message = w.terminationMessage(e.Status)
		}
	case containerExited:
		e.Status.Message = w.terminationMessage(&e.Status)
		w.state.fold(e, time.Now())
		w.publish(false)
		w.agent.exits.ended(e.Status.ID)
		return
	case relisted:
		for i := range e.Containers {
			if c := &e.Containers[i]; c.State == runtime.StateExited {
				c.Message = w.terminationMessage(c)
				w.agent.exits.ended(c.ID)
			}
		}
		w.state.fold(e, time.Now())
		w.publish(false)
		return
	}
	w.state.fold(e, time.Now())
	w.publish(observed)
}

// publish makes the status of the state and has it written when it changed,
// or when the API server may have another.
func (w *worker) publish(check bool) {
	if w.state.Gone {
		return
	}
	status := generateStatus(&w.state, time.Now())
	if reflect.DeepEqual(status, w.state.Status) && !check {
		return
	}
	w.state.Status, w.state.StatusWritten = status, false
	w.mu.Lock()
	w.status = status
	w.mu.Unlock()
	w.writer.offer(status)
}

// snapshot is the Pod with the status that the node last gave it.
func (w *worker) snapshot() v1.PodStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

func (w *worker) mounted() map[string]volume.Volume {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.volumes)
}
