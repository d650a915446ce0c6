package proxy

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// ledger collects which Services changed since the last look, from many informers for one reader.
type ledger struct {
	mu      sync.Mutex
	changed map[string]bool
	all     bool
	ready   chan struct{} // has an element when something changed
}

func newLedger() *ledger {
	return &ledger{changed: map[string]bool{}, ready: make(chan struct{}, 1)}
}

func (l *ledger) add(keys ...string) {
	l.mu.Lock()
	for _, key := range keys {
		l.changed[key] = true
	}
	l.mu.Unlock()
	l.wake()
}

// addAll is for what concerns every Service.
func (l *ledger) addAll() {
	l.mu.Lock()
	l.all = true
	l.mu.Unlock()
	l.wake()
}

func (l *ledger) wake() {
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

func (l *ledger) take() (changed map[string]bool, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed, all = l.changed, l.all
	l.changed, l.all = map[string]bool{}, false
	return changed, all
}

// cluster is what the informers know.
type cluster interface {
	services() []*corev1.Service
	service(key string) *corev1.Service // nil: there is none
	slices(key string) []*discoveryv1.EndpointSlice
	zone() string // of the node
}

// book holds the fragments of all Services, so that a change costs one of them.
type book struct {
	node      Node
	fragments map[string]*fragment
}

func newBook(node Node) *book { return &book{node: node, fragments: map[string]*fragment{}} }

// update brings the fragments up to date. gone are routes of portals that no longer exist, and flows says whether UDP
// flows may lead to wrong places.
func (b *book) update(c cluster, changed map[string]bool, all bool) (gone []datagramRoute, flows bool) {
	if all {
		b.node.Zone = c.zone()
		for _, service := range c.services() {
			changed[service.Namespace+"/"+service.Name] = true
		}
		for key := range b.fragments {
			changed[key] = true
		}
	}
	for key := range changed {
		var before, now []datagramRoute
		if old := b.fragments[key]; old != nil {
			before = old.datagramRoutes
		}
		if service := c.service(key); service != nil {
			f := newFragment(service, c.slices(key), b.node)
			b.fragments[key], now = f, f.datagramRoutes
		} else {
			delete(b.fragments, key)
		}
		if !sameRoutes(before, now) {
			flows = true
			gone = append(gone, before...)
		}
	}
	return gone, flows
}

func (b *book) rules() Rules { return assemble(b.fragments, b.node) }

func (b *book) datagramRoutes() []datagramRoute {
	var all []datagramRoute
	for _, f := range b.fragments {
		all = append(all, f.datagramRoutes...)
	}
	return all
}

func (b *book) healthChecks() []healthCheck {
	var all []healthCheck
	for _, f := range b.fragments {
		all = append(all, f.healthChecks...)
	}
	return all
}
