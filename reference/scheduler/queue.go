package scheduler

import (
	"container/heap"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/utils/clock"
)

// maxUnschedulable is when a Pod that no node could take is tried again though nothing happened that should help.
const maxUnschedulable = 5 * time.Minute

// Delays before a Pod is tried again whose binding failed: doubling from the first to the second.
const (
	firstBackoff = time.Second
	lastBackoff  = 10 * time.Second
)

// pending is a Pod that waits for a node.
type pending struct {
	pod      *corev1.Pod
	arrived  time.Time
	failures int
	due      time.Time // when to try next; zero while it waits for something to happen
	index    int       // in the heap of those due, or -1
	// missed is set when something happened while the Pod was being decided: a failure then may be out of date.
	missed   bool
	deciding bool
}

// queue holds the Pods without a node: those due, by priority and then by arrival, and those that wait until something happens.
type queue struct {
	clock clock.WithTicker
	wake  chan struct{}

	mu   sync.Mutex
	pods map[types.UID]*pending
	due  dueHeap
}

func newQueue(clock clock.WithTicker) *queue {
	return &queue{clock: clock, wake: make(chan struct{}, 1), pods: map[types.UID]*pending{}}
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// put adds a Pod, or notes its newer version. It is tried at once when it is new, or when retry says that the change may help.
func (q *queue) put(pod *corev1.Pod, retry bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.pods[pod.UID]
	if p == nil {
		p = &pending{arrived: q.clock.Now(), index: -1}
		q.pods[pod.UID] = p
		retry = true
	}
	p.pod = pod
	if retry {
		q.activate(p)
	}
}

func (q *queue) remove(uid types.UID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.pods[uid]; p != nil {
		if p.index >= 0 {
			heap.Remove(&q.due, p.index)
		}
		delete(q.pods, uid)
	}
}

// happened makes the Pods that it may help due at once.
func (q *queue) happened(helps func(pod *corev1.Pod) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.pods {
		if helps(p.pod) {
			q.activate(p)
		}
	}
}

// activate is called with the lock held.
func (q *queue) activate(p *pending) {
	if p.deciding {
		p.missed = true
		return
	}
	q.schedule(p, q.clock.Now())
}

// schedule is called with the lock held.
func (q *queue) schedule(p *pending, at time.Time) {
	p.due = at
	if p.index >= 0 {
		heap.Fix(&q.due, p.index)
	} else {
		heap.Push(&q.due, p)
	}
	q.signal()
}

// next takes the Pod that is to be decided now. Without one, it says how long to wait for the next.
func (q *queue) next() (*corev1.Pod, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock.Now()
	var best *pending
	for _, p := range q.due {
		if !p.due.After(now) && (best == nil || before(p, best)) {
			best = p
		}
	}
	if best != nil {
		heap.Remove(&q.due, best.index)
		best.deciding, best.missed = true, false
		return best.pod, 0
	}
	if len(q.due) > 0 {
		return nil, q.due[0].due.Sub(now)
	}
	return nil, maxUnschedulable
}

// before orders Pods that are both due.
func before(a, b *pending) bool {
	if pa, pb := corev1helpers.PodPriority(a.pod), corev1helpers.PodPriority(b.pod); pa != pb {
		return pa > pb
	}
	return a.arrived.Before(b.arrived)
}

// unschedulable puts a Pod back that no node could take. It waits for something to happen.
func (q *queue) unschedulable(uid types.UID) {
	q.putBack(uid, func(*pending) time.Duration { return maxUnschedulable })
}

// failed puts a Pod back whose scheduling met an error.
func (q *queue) failed(uid types.UID) {
	q.putBack(uid, func(p *pending) time.Duration {
		p.failures++
		return min(lastBackoff, firstBackoff<<min(p.failures-1, 10))
	})
}

func (q *queue) putBack(uid types.UID, wait func(*pending) time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.pods[uid]
	if p == nil {
		return
	}
	p.deciding = false
	if p.missed {
		q.schedule(p, q.clock.Now())
		return
	}
	q.schedule(p, q.clock.Now().Add(wait(p)))
}

// dueHeap has the Pod that is due first at its root.
type dueHeap []*pending

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *dueHeap) Push(x any) {
	p := x.(*pending)
	p.index = len(*h)
	*h = append(*h, p)
}
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	p := (*h)[last]
	p.index = -1
	*h = (*h)[:last]
	return p
}
