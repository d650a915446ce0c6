package garbage

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var (
	podKind = schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	setKind = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ReplicaSet"}
)

func owner(uid types.UID, blocking bool) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: string(uid), UID: uid, BlockOwnerDeletion: &blocking}
}

func replicaSet(uid types.UID) *object {
	return &object{kind: setKind, namespace: "default", name: string(uid), uid: uid}
}

func pod(uid types.UID, owners ...metav1.OwnerReference) *object {
	return &object{kind: podKind, namespace: "default", name: string(uid), uid: uid, owners: owners}
}

// TestWhatBecomesOfAnObject: claims replicasets/delete-cascades and replicasets/delete-orphans.
func TestWhatBecomesOfAnObject(t *testing.T) {
	a, b := owner("a", true), owner("b", true)
	for name, tc := range map[string]struct {
		owners        []metav1.OwnerReference
		finalizers    []string
		stands        map[types.UID]standing
		hasDependents bool
		inCycle       bool
		want          action
	}{
		"nobody owns it: it stays":                      {},
		"its owner exists: it stays":                    {owners: []metav1.OwnerReference{a}, stands: map[types.UID]standing{"a": solid}},
		"its owner is gone: it goes":                    {owners: []metav1.OwnerReference{a}, stands: map[types.UID]standing{"a": dangling}, want: action{remove: true, policy: metav1.DeletePropagationBackground}},
		"one of two owners is gone: only the reference": {owners: []metav1.OwnerReference{a, b}, stands: map[types.UID]standing{"a": dangling, "b": solid}, want: action{removeOwners: []types.UID{"a"}}},
		"one of two owners waits for it: it stays, and the owner waits no more": {
			owners: []metav1.OwnerReference{a, b}, stands: map[types.UID]standing{"a": solid, "b": leaving}, want: action{removeOwners: []types.UID{"b"}}},
		"both owners are gone": {owners: []metav1.OwnerReference{a, b}, stands: map[types.UID]standing{"a": dangling, "b": dangling}, want: action{remove: true, policy: metav1.DeletePropagationBackground}},
		"its owner waits for it: it goes": {
			owners: []metav1.OwnerReference{a}, stands: map[types.UID]standing{"a": leaving}, want: action{remove: true, policy: metav1.DeletePropagationBackground}},
		"its owner waits for it and it has dependents: it waits for them too": {
			owners: []metav1.OwnerReference{a}, stands: map[types.UID]standing{"a": leaving}, hasDependents: true, want: action{remove: true, policy: metav1.DeletePropagationForeground}},
		"two that wait for each other are parted": {
			owners: []metav1.OwnerReference{a}, stands: map[types.UID]standing{"a": leaving}, hasDependents: true, inCycle: true,
			want: action{remove: true, unblock: true, policy: metav1.DeletePropagationForeground}},
		"what it owns was asked to stay": {
			owners: []metav1.OwnerReference{a}, finalizers: []string{metav1.FinalizerOrphanDependents}, stands: map[types.UID]standing{"a": dangling},
			want: action{remove: true, policy: metav1.DeletePropagationOrphan}},
	} {
		t.Run(name, func(t *testing.T) {
			got := decide(tc.owners, tc.finalizers, tc.stands, tc.hasDependents, tc.inCycle)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(action{})); diff != "" {
				t.Errorf("action (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHowAnOwnerStands(t *testing.T) {
	reference := owner("a", true)
	live := func(uid types.UID, deleted bool, finalizers ...string) *metav1.PartialObjectMetadata {
		m := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{UID: uid, Finalizers: finalizers}}
		if deleted {
			m.DeletionTimestamp = &metav1.Time{}
		}
		return m
	}
	for name, tc := range map[string]struct {
		live *metav1.PartialObjectMetadata
		want standing
	}{
		"it exists":                          {live("a", false), solid},
		"it never existed":                   {nil, dangling},
		"another object has its name":        {live("z", false), dangling},
		"it waits for what it owns":          {live("a", true, metav1.FinalizerDeleteDependents), leaving},
		"it is held by somebody's finalizer": {live("a", true, "example.com/hold"), solid},
	} {
		if got := standingOf(reference, tc.live); got != tc.want {
			t.Errorf("%s: standing %v, want %v", name, got, tc.want)
		}
	}
}

func TestWhatTheGraphAsksFor(t *testing.T) {
	deleting := func(o *object) *object { o.deleted, o.deletingDependents = true, true; return o }
	orphaning := func(o *object) *object { o.deleted, o.orphaning = true, true; return o }
	for name, tc := range map[string]struct {
		before []*object
		put    *object
		remove types.UID
		want   work
	}{
		"an object with a known owner: nothing":             {before: []*object{replicaSet("a")}, put: pod("p", owner("a", true))},
		"an object whose owner is not known: it is checked": {put: pod("p", owner("a", true)), want: work{check: []types.UID{"p"}}},
		"an object whose owner is in another namespace: it is checked": {
			before: []*object{func() *object { o := replicaSet("a"); o.namespace = "other"; return o }()}, put: pod("p", owner("a", true)), want: work{check: []types.UID{"p"}}},
		"an owner that goes: its dependents are checked":            {before: []*object{replicaSet("a"), pod("p", owner("a", true)), pod("q", owner("a", true)), pod("r")}, remove: "a", want: work{check: []types.UID{"p", "q"}}},
		"an owner deleted in the foreground: its dependents and it": {before: []*object{replicaSet("a"), pod("p", owner("a", true))}, put: deleting(replicaSet("a")), want: work{check: []types.UID{"p", "a"}}},
		"a dependent goes: the owner that waits for it":             {before: []*object{deleting(replicaSet("a")), pod("p", owner("a", true))}, remove: "p", want: work{check: []types.UID{"a"}}},
		"a dependent lets go: the owner that waits for it":          {before: []*object{deleting(replicaSet("a")), pod("p", owner("a", true))}, put: pod("p"), want: work{check: []types.UID{"a"}}},
		"an owner deleted with orphaning":                           {before: []*object{replicaSet("a"), pod("p", owner("a", true))}, put: orphaning(replicaSet("a")), want: work{orphan: []types.UID{"a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph()
			for _, o := range tc.before {
				g.put(o)
			}
			var got work
			if tc.put != nil {
				got = g.put(tc.put)
			} else {
				got = g.remove(tc.remove)
			}
			if !slices.Equal(tc.want.check, got.check) || !slices.Equal(tc.want.orphan, got.orphan) {
				t.Errorf("work %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestWhoBlocks(t *testing.T) {
	g := newGraph()
	for _, o := range []*object{replicaSet("a"), pod("p", owner("a", true)), pod("q", owner("a", false))} {
		g.put(o)
	}
	blocking := g.blocking("a")
	if len(blocking) != 1 || blocking[0].uid != "p" {
		t.Errorf("blocking %v, want p only", blocking)
	}
	g.remove("p")
	g.remove("q")
	g.remove("a")
	if len(g.objects) != 0 || len(g.dependents) != 0 {
		t.Errorf("the graph keeps %v and %v", g.objects, g.dependents)
	}
}
