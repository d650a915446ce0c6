package invariants

import (
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Judge judges the observations of one cluster, in the order in which they are made. It keeps the last state of every
// object that is there, and nothing of one that is gone. It does nothing by itself, knows no clock, and is not made for
// more than one goroutine.
type Judge struct {
	bound     time.Duration
	forgetful bool // nodes may restart, with which the API lets restart counts be lost
	objects   map[types.UID]*entry
	names     map[string]map[types.UID]bool // by namespace
	suspected map[Suspicion]time.Time       // since when
	judged    map[string]int                // observations, by kind
}

// entry is an object with what has been said of it: a breach is told once.
type entry struct {
	Sight
	told map[string]bool
}

// Suspicion is a breach that the observations alone do not prove, since they come by several watches.
type Suspicion struct {
	Invariant     string
	Namespace     string
	first, second types.UID
}

// NewJudge makes the judge of a cluster. The bound is how long a Pod that is not ready may stay a ready endpoint. Where nodes
// restart, the API's documentation lets restart counts begin anew, so those are not judged.
func NewJudge(bound time.Duration, nodesRestart bool) *Judge {
	return &Judge{bound: bound, forgetful: nodesRestart, objects: map[types.UID]*entry{}, names: map[string]map[types.UID]bool{}, suspected: map[Suspicion]time.Time{}, judged: map[string]int{}}
}

// See judges one observation.
func (j *Judge) See(s Sight) (breaches []Breach) {
	uid, kind := s.Object.GetUID(), kindOf(s.Object)
	j.judged[kind]++
	known := j.objects[uid]
	if known == nil {
		known = &entry{told: map[string]bool{}}
		j.objects[uid] = known
		namespace := s.Object.GetNamespace()
		if j.names[namespace] == nil {
			j.names[namespace] = map[types.UID]bool{}
		}
		j.names[namespace][uid] = true
	}
	var before *Sight
	if known.Object != nil {
		last := known.Sight
		before = &last
	}
	for _, r := range rules {
		if r.name == RestartsNeverFall && j.forgetful {
			continue
		}
		why := r.breaks(before, &s)
		if why == "" || !j.first(r.name, "", uid) {
			continue
		}
		b := Breach{Invariant: r.name, Namespace: s.Object.GetNamespace(), Objects: []string{nameOf(s.Object)}, Why: why, After: s.seen(r.tell(s.Object))}
		b.Before = b.After
		if before != nil {
			b.Before = before.seen(r.tell(before.Object))
		}
		breaches = append(breaches, b)
	}
	known.Sight = s
	if s.Gone {
		j.forget(uid)
	} else {
		breaches = append(breaches, j.judgeAddresses(&s)...)
	}
	switch kind {
	case kindPod, kindService, kindSlice:
		j.judgeEndpoints(s.Object.GetNamespace(), s.At)
	}
	return breaches
}

// Replace judges what a list shows: the objects of a kind, in a namespace or in all. Those that it lacks are gone.
func (j *Judge) Replace(kind, namespace string, stream int, at time.Time, listed []Object) (breaches []Breach) {
	there := map[types.UID]bool{}
	for _, object := range listed {
		there[object.GetUID()] = true
	}
	touched := map[string]bool{}
	for uid, known := range j.objects {
		if kindOf(known.Object) == kind && (namespace == "" || known.Object.GetNamespace() == namespace) && !there[uid] {
			touched[known.Object.GetNamespace()] = true
			j.forget(uid)
		}
	}
	for where := range touched {
		j.judgeEndpoints(where, at)
	}
	for _, object := range listed {
		breaches = append(breaches, j.See(Sight{At: at, Stream: stream, Object: object})...)
	}
	return breaches
}

// forget drops all that is known of an object.
func (j *Judge) forget(uid types.UID) {
	known := j.objects[uid]
	if known == nil {
		return
	}
	namespace := known.Object.GetNamespace()
	delete(j.objects, uid)
	if delete(j.names[namespace], uid); len(j.names[namespace]) == 0 {
		delete(j.names, namespace)
	}
	for s := range j.suspected {
		if s.first == uid || s.Invariant == AddressesAreUnique && s.second == uid {
			delete(j.suspected, s)
		}
	}
}

// Overdue are the suspicions that have to be looked into by reading the objects again, each with its beginning: two
// Services that share something at once, an endpoint after the bound.
func (j *Judge) Overdue(now time.Time) map[Suspicion]time.Time {
	overdue := map[Suspicion]time.Time{}
	for s, since := range j.suspected {
		if s.Invariant == AddressesAreUnique || now.Sub(since) > j.bound {
			overdue[s] = since
		}
	}
	return overdue
}

// Settle drops a suspicion that has been looked into. One about an endpoint stays: it ends with the next event that
// clears it.
func (j *Judge) Settle(s Suspicion) {
	if s.Invariant == AddressesAreUnique {
		delete(j.suspected, s)
	}
}

// object is an object that is there, or nil.
func (j *Judge) object(uid types.UID) Object {
	if known := j.objects[uid]; known != nil {
		return known.Object
	}
	return nil
}

func (j *Judge) suspect(s Suspicion, at time.Time) {
	if _, already := j.suspected[s]; !already {
		j.suspected[s] = at
	}
}

// first says whether a breach of an invariant by an object, and what it does so with, is a new one.
func (j *Judge) first(invariant, with string, uid types.UID) bool {
	known := j.objects[uid]
	if known == nil {
		return false
	}
	key := invariant + " " + with
	if known.told[key] {
		return false
	}
	known.told[key] = true
	return true
}

// kindOf is the kind of an object. Objects that a client decoded do not carry it.
func kindOf(o Object) string { return reflect.TypeOf(o).Elem().Name() }

// nameOf is an object as reports name it: "Pod namespace/name".
func nameOf(o Object) string { return kindOf(o) + " " + o.GetNamespace() + "/" + o.GetName() }

// seen is what a breach says of the sight.
func (s *Sight) seen(what string) Seen {
	return Seen{At: s.At, Object: nameOf(s.Object), Version: s.Object.GetResourceVersion(), What: what}
}
