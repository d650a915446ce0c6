// Package events records what happens to objects, as core/v1 Events, the way upstream's recorders do: one for what repeats itself, with
// its count.
//
// client-go's broadcaster writes one event after the other, and holds all that follow for up to ten seconds where one could not be sent.
// A node that starts many Pods on a busy machine has its events told minutes later by it. Here several of them share the objects:
// what happens to one object is told in its order, and does not wait for what happens to another.
package events

import (
	"context"
	"hash/fnv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/tools/reference"
)

// writers is how many events a Broadcaster has under way at most.
const writers = 16

// Broadcaster sends what its recorders are told to the API server, in the background.
type Broadcaster struct {
	all [writers]record.EventBroadcaster
}

// NewBroadcaster writes by the client until ctx ends or Shutdown is called; what is not written by then is lost.
func NewBroadcaster(ctx context.Context, client typedcorev1.EventsGetter) *Broadcaster {
	b := &Broadcaster{}
	for i := range b.all {
		b.all[i] = record.NewBroadcaster(record.WithContext(ctx))
		b.all[i].StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.Events("")})
	}
	return b
}

// Shutdown stops writing.
func (b *Broadcaster) Shutdown() {
	for _, broadcaster := range b.all {
		broadcaster.Shutdown()
	}
}

// Recorder tells events in the name of source.
func (b *Broadcaster) Recorder(source corev1.EventSource) record.EventRecorder {
	r := &recorder{}
	for i, broadcaster := range b.all {
		r.all[i] = broadcaster.NewRecorder(scheme.Scheme, source)
	}
	return r
}

type recorder struct{ all [writers]record.EventRecorder }

func (r *recorder) Event(object runtime.Object, eventtype, reason, message string) {
	r.of(object).Event(object, eventtype, reason, message)
}

func (r *recorder) Eventf(object runtime.Object, eventtype, reason, messageFmt string, args ...any) {
	r.of(object).Eventf(object, eventtype, reason, messageFmt, args...)
}

func (r *recorder) AnnotatedEventf(object runtime.Object, annotations map[string]string, eventtype, reason, messageFmt string, args ...any) {
	r.of(object).AnnotatedEventf(object, annotations, eventtype, reason, messageFmt, args...)
}

func (r *recorder) of(object runtime.Object) record.EventRecorder { return r.all[writerOf(object)] }

// writerOf is the same for an object, a reference to it, and one to a part of it. It does not matter for what nothing can refer to: any
// recorder refuses it.
func writerOf(object runtime.Object) uint32 {
	hash := fnv.New32a()
	if ref, err := reference.GetReference(scheme.Scheme, object); err == nil {
		hash.Write([]byte(ref.Kind + "/" + ref.Namespace + "/" + ref.Name + "/" + string(ref.UID)))
	}
	return hash.Sum32() % writers
}
