package node

import "sync"

// inbox is a worker's queue of events. Senders never wait, so that nothing
// that happens on the node is held up by one Pod.
type inbox struct {
	mu     sync.Mutex
	events []event
	ready  chan struct{} // holds a token while there are events
}

func newInbox() *inbox { return &inbox{ready: make(chan struct{}, 1)} }

func (i *inbox) put(e event) {
	i.mu.Lock()
	i.events = append(i.events, e)
	i.mu.Unlock()
	select {
	case i.ready <- struct{}{}:
	default:
	}
}

// take returns all events that came since the last call, in their order.
func (i *inbox) take() []event {
	i.mu.Lock()
	defer i.mu.Unlock()
	events := i.events
	i.events = nil
	return events
}
