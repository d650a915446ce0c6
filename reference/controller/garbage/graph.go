package garbage

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// object is what the collector knows of an object from its informers.
type object struct {
	resource  schema.GroupVersionResource
	kind      schema.GroupVersionKind
	namespace string
	name      string
	uid       types.UID
	owners    []metav1.OwnerReference
	deleted   bool // its deletion timestamp is set
	// deletingDependents: it was deleted in the foreground and waits for what it owns.
	deletingDependents bool
	// orphaning: it was deleted with the wish that what it owns stays.
	orphaning bool
}

func describe(resource schema.GroupVersionResource, kind schema.GroupVersionKind, meta *metav1.PartialObjectMetadata) *object {
	deleted := meta.DeletionTimestamp != nil
	return &object{
		resource: resource, kind: kind, namespace: meta.Namespace, name: meta.Name, uid: meta.UID,
		owners: meta.OwnerReferences, deleted: deleted,
		deletingDependents: deleted && slices.Contains(meta.Finalizers, metav1.FinalizerDeleteDependents),
		orphaning:          deleted && slices.Contains(meta.Finalizers, metav1.FinalizerOrphanDependents),
	}
}

// graph is who owns whom. It holds an edge also where the owner is not known: the owner may come, or may never have been.
type graph struct {
	objects    map[types.UID]*object
	dependents map[types.UID]map[types.UID]bool // by owner
}

func newGraph() *graph {
	return &graph{objects: map[types.UID]*object{}, dependents: map[types.UID]map[types.UID]bool{}}
}

// work is what a change of the graph makes necessary: objects to check for deletion, and owners to part from their dependents.
type work struct {
	check  []types.UID
	orphan []types.UID
}

// put notes an object as an informer shows it, new or changed.
func (g *graph) put(o *object) work {
	old := g.objects[o.uid]
	g.objects[o.uid] = o
	var w work
	var before []metav1.OwnerReference
	if old != nil {
		before = old.owners
	}
	for _, reference := range before {
		now, kept := find(o.owners, reference.UID)
		if !kept {
			g.unlink(reference.UID, o.uid)
		}
		// An owner that waits for what it owns may have waited for this reference.
		if owner := g.objects[reference.UID]; owner != nil && owner.deletingDependents && blocks(reference) && !(kept && blocks(now)) {
			w.check = append(w.check, owner.uid)
		}
	}
	for _, reference := range o.owners {
		if _, had := find(before, reference.UID); had {
			continue
		}
		if g.dependents[reference.UID] == nil {
			g.dependents[reference.UID] = map[types.UID]bool{}
		}
		g.dependents[reference.UID][o.uid] = true
	}
	if !o.deleted && !g.allOwnersStay(o) {
		w.check = append(w.check, o.uid)
	}
	if o.deletingDependents && (old == nil || !old.deletingDependents) {
		w.check = append(w.check, g.dependentsOf(o.uid)...)
		w.check = append(w.check, o.uid)
	}
	if o.orphaning && (old == nil || !old.orphaning) {
		w.orphan = append(w.orphan, o.uid)
	}
	return w
}

// remove notes that an object is gone, whether an informer showed it or a live read found out.
func (g *graph) remove(uid types.UID) work {
	var w work
	if o := g.objects[uid]; o != nil {
		delete(g.objects, uid)
		for _, reference := range o.owners {
			g.unlink(reference.UID, uid)
			if owner := g.objects[reference.UID]; owner != nil && owner.deletingDependents {
				w.check = append(w.check, owner.uid)
			}
		}
	}
	w.check = append(w.check, g.dependentsOf(uid)...)
	return w
}

func (g *graph) unlink(owner, dependent types.UID) {
	delete(g.dependents[owner], dependent)
	if len(g.dependents[owner]) == 0 {
		delete(g.dependents, owner)
	}
}

func (g *graph) dependentsOf(owner types.UID) []types.UID {
	return slices.Sorted(maps.Keys(g.dependents[owner]))
}

// blocking are the dependents without whose end the owner must not go.
func (g *graph) blocking(owner types.UID) []*object {
	var found []*object
	for _, uid := range g.dependentsOf(owner) {
		dependent := g.objects[uid]
		if dependent == nil {
			continue
		}
		if reference, ok := find(dependent.owners, owner); ok && blocks(reference) {
			found = append(found, dependent)
		}
	}
	return found
}

// inCycle tells whether some dependent of the object waits for its own dependents: then the two may wait for each other.
func (g *graph) inCycle(uid types.UID) bool {
	return slices.ContainsFunc(g.dependentsOf(uid), func(d types.UID) bool { return g.objects[d] != nil && g.objects[d].deletingDependents })
}

// allOwnersStay tells whether every owner is known to exist and keeps what it owns. Should one go later, its end wakes the object.
func (g *graph) allOwnersStay(o *object) bool {
	return !slices.ContainsFunc(o.owners, func(reference metav1.OwnerReference) bool {
		owner := g.objects[reference.UID]
		return owner == nil || !owner.is(reference, o.namespace) || owner.deletingDependents
	})
}

// is tells whether the reference, in an object of the given namespace, means this object by more than its UID.
func (o *object) is(reference metav1.OwnerReference, namespace string) bool {
	group := schema.FromAPIVersionAndKind(reference.APIVersion, reference.Kind)
	return group.Group == o.kind.Group && group.Kind == o.kind.Kind && reference.Name == o.name && (o.namespace == "" || o.namespace == namespace)
}

func find(references []metav1.OwnerReference, uid types.UID) (metav1.OwnerReference, bool) {
	for _, reference := range references {
		if reference.UID == uid {
			return reference, true
		}
	}
	return metav1.OwnerReference{}, false
}

func blocks(reference metav1.OwnerReference) bool {
	return reference.BlockOwnerDeletion != nil && *reference.BlockOwnerDeletion
}
