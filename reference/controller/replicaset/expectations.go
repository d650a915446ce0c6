package replicaset

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// expectationTimeout is how long a set waits to see its own writes come back; after it, it acts on what it sees.
const expectationTimeout = 5 * time.Minute

// expectations remembers, for each set, the creations and deletions that its informer has not shown yet. A set that waits for any
// does not create or delete: what it sees is older than what it did, and acting on it would double the work.
type expectations struct {
	clock clock.PassiveClock

	mu   sync.Mutex
	sets map[string]*expected
}

type expected struct {
	creations int
	deletions map[types.UID]bool
	since     time.Time
}

func newExpectations(clock clock.PassiveClock) *expectations {
	return &expectations{clock: clock, sets: map[string]*expected{}}
}

// satisfied tells whether the set has seen all that it did, or has waited too long for it.
func (e *expectations) satisfied(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	set := e.sets[key]
	return set == nil || (set.creations <= 0 && len(set.deletions) == 0) || e.clock.Since(set.since) > expectationTimeout
}

// expect replaces what the set waits for. It is called before the writes, since their events may come before the answers.
func (e *expectations) expect(key string, creations int, deletions []types.UID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	set := &expected{creations: creations, deletions: map[types.UID]bool{}, since: e.clock.Now()}
	for _, uid := range deletions {
		set.deletions[uid] = true
	}
	e.sets[key] = set
}

// created notes that one creation was seen, or will never be.
func (e *expectations) created(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if set := e.sets[key]; set != nil {
		set.creations--
	}
}

// deleted notes that a Pod's deletion was seen, as the object's end or as its deletion timestamp, or will never be.
func (e *expectations) deleted(key string, uid types.UID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if set := e.sets[key]; set != nil {
		delete(set.deletions, uid)
	}
}

// forget drops what is known of a set that is gone, so that one of the same name starts clean.
func (e *expectations) forget(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.sets, key)
}
