package events

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// server writes down the events it gets; it answers those of the Pod "held" once it is released.
type server struct {
	typedcorev1.EventInterface
	written chan *corev1.Event
	release chan struct{}
}

func (s *server) Events(string) typedcorev1.EventInterface { return s }

func (s *server) CreateWithEventNamespace(event *corev1.Event) (*corev1.Event, error) {
	if event.InvolvedObject.Name == "held" {
		<-s.release
	}
	s.written <- event
	return event, nil
}

func pod(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("uid-" + name)}}
}

// TestOneObjectDoesNotHoldTheOthers: while the server takes its time for an event of one Pod, those of most others are told, each Pod's in order.
func TestOneObjectDoesNotHoldTheOthers(t *testing.T) {
	const pods = 64
	s := &server{written: make(chan *corev1.Event, 1+3*pods), release: make(chan struct{})}
	broadcaster := NewBroadcaster(t.Context(), s)
	defer broadcaster.Shutdown()
	recorder := broadcaster.Recorder(corev1.EventSource{Component: "kubelet", Host: "node-1"})

	messages := []string{"first", "second", "third"}
	recorder.Event(pod("held"), corev1.EventTypeNormal, "Pulled", messages[0])
	for i := range pods {
		for j, message := range messages {
			recorder.Eventf(pod(fmt.Sprintf("pod-%d", i)), corev1.EventTypeNormal, fmt.Sprintf("Reason%d", j), "%s", message)
		}
	}
	told := map[string][]string{}
	for range len(messages) * pods / 2 {
		var event *corev1.Event
		select {
		case event = <-s.written:
		case <-time.After(time.Minute):
			t.Fatalf("no more events after those of %d Pods: they wait for the held one's", len(told))
		}
		told[event.InvolvedObject.Name] = append(told[event.InvolvedObject.Name], event.Message)
	}
	if len(told["held"]) > 0 {
		t.Errorf("the held Pod's event was written: %v", told["held"])
	}
	for name, got := range told {
		if diff := cmp.Diff(messages[:len(got)], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	close(s.release)
	for event := range s.written {
		if event.InvolvedObject.Name == "held" {
			break
		}
	}
}

// TestReferencesAreTheirObjects: an event of a container comes after those of its Pod.
func TestReferencesAreTheirObjects(t *testing.T) {
	for i := range 100 {
		object := pod(fmt.Sprintf("pod-%d", i))
		container := &corev1.ObjectReference{
			Kind: "Pod", APIVersion: "v1", Namespace: object.Namespace, Name: object.Name, UID: object.UID, FieldPath: "spec.containers{app}",
		}
		if writerOf(object) != writerOf(container) {
			t.Errorf("%s and its container have different writers", object.Name)
		}
	}
}
