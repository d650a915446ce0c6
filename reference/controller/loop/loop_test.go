package loop

import (
	"context"
	"errors"
	"sync"
	"testing"

	"k8s.io/client-go/tools/cache"
)

// TestEachKeyIsSyncedUntilItSucceeds: a failure brings the key back, a success ends it, and Run returns once its workers have.
func TestEachKeyIsSyncedUntilItSucceeds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	queue := NewQueue[string]("test")
	var mu sync.Mutex
	calls := map[string]int{}
	queue.Add("good")
	queue.Add("bad")
	queue.Add("bad")
	Run(ctx, "test", queue, 2, func(_ context.Context, key string) error {
		mu.Lock()
		defer mu.Unlock()
		calls[key]++
		if key == "bad" && calls[key] < 3 {
			return errors.New("not yet")
		}
		if calls["good"] == 1 && calls["bad"] == 3 {
			cancel()
		}
		return nil
	})
	if calls["good"] != 1 || calls["bad"] != 3 {
		t.Errorf("calls %v, want good once and bad three times", calls)
	}
}

func TestDeletedUnwrapsTombstones(t *testing.T) {
	value := new(int)
	for name, tc := range map[string]struct {
		obj  any
		want bool
	}{
		"the object itself":           {value, true},
		"a tombstone":                 {cache.DeletedFinalStateUnknown{Key: "k", Obj: value}, true},
		"a tombstone of another kind": {cache.DeletedFinalStateUnknown{Key: "k", Obj: "text"}, false},
	} {
		if got, ok := Deleted[*int](tc.obj); ok != tc.want || (ok && got != value) {
			t.Errorf("%s: %v, %t", name, got, ok)
		}
	}
}
