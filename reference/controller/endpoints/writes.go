package endpoints

import (
	"sync"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// patience is how long a sync waits for the informer to show what was written; after it, it acts on what it sees.
const patience = 30 * time.Second

// ownWrites remembers the slices that were written and not yet seen in the informer. Acting on an older view would write slices twice.
type ownWrites struct {
	clock clock.PassiveClock

	mu     sync.Mutex
	keys   map[string]map[types.UID]written
	byUIDs map[types.UID]string
}

type written struct {
	generation int64 // the first that shows the write
	removed    bool
	at         time.Time
}

func newOwnWrites(clock clock.PassiveClock) *ownWrites {
	return &ownWrites{clock: clock, keys: map[string]map[types.UID]written{}, byUIDs: map[types.UID]string{}}
}

// wrote notes that the slice was written as given.
func (w *ownWrites) wrote(key string, slice *discoveryv1.EndpointSlice) { w.note(key, slice, false) }

// removed notes that the slice was deleted.
func (w *ownWrites) removed(key string, slice *discoveryv1.EndpointSlice) { w.note(key, slice, true) }

func (w *ownWrites) note(key string, slice *discoveryv1.EndpointSlice, removed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.keys[key] == nil {
		w.keys[key] = map[types.UID]written{}
	}
	w.keys[key][slice.UID] = written{generation: slice.Generation, removed: removed, at: w.clock.Now()}
	w.byUIDs[slice.UID] = key
}

// gone notes that the informer saw the slice's end, whoever caused it.
func (w *ownWrites) gone(uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := w.byUIDs[uid]
	delete(w.byUIDs, uid)
	delete(w.keys[key], uid)
	if len(w.keys[key]) == 0 {
		delete(w.keys, key)
	}
}

// seen tells whether the given slices of the key show every write; what they show is forgotten.
func (w *ownWrites) seen(key string, slices []*discoveryv1.EndpointSlice) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	shown := map[types.UID]int64{}
	for _, slice := range slices {
		shown[slice.UID] = slice.Generation
	}
	for uid, write := range w.keys[key] {
		generation, present := shown[uid]
		arrived := present && !write.removed && generation >= write.generation
		if arrived || (write.removed && !present) || w.clock.Since(write.at) > patience {
			delete(w.keys[key], uid)
			delete(w.byUIDs, uid)
		}
	}
	if len(w.keys[key]) == 0 {
		delete(w.keys, key)
		return true
	}
	return false
}
