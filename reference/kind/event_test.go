package kind

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func newEvent(change func(*corev1.Event)) *corev1.Event {
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "e", Namespace: "shop", ResourceVersion: "1"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "web", Namespace: "shop"},
		EventTime:      metav1.NewMicroTime(time.Now()), ReportingController: "example.com/c", ReportingInstance: "c-1",
		Action: "Killing", Reason: "Killed", Type: corev1.EventTypeNormal,
	}
	if change != nil {
		change(event)
	}
	return event
}

func TestEventRules(t *testing.T) {
	for name, test := range map[string]struct {
		change       func(*corev1.Event)
		core, events []string
	}{
		"good": {},
		"of the older form": {
			change: func(event *corev1.Event) {
				*event = corev1.Event{ObjectMeta: event.ObjectMeta, InvolvedObject: event.InvolvedObject, Type: "Normal", Count: 2, Source: corev1.EventSource{Component: "c"}}
			},
			events: []string{"eventTime: Required value", `count: Invalid value: "": needs to be unset`, `source: Invalid value: "": needs to be unset`},
		},
		"another namespace": {
			change: func(event *corev1.Event) {
				event.EventTime, event.InvolvedObject.Namespace = metav1.MicroTime{}, "other"
			},
			core:   []string{`involvedObject.namespace: Invalid value: "other": does not match event.namespace`},
			events: []string{`involvedObject.namespace: Invalid value: "other": does not match event.namespace`, "eventTime: Required value"},
		},
		"no reporter": {
			change: func(event *corev1.Event) { event.ReportingInstance = "" },
			core:   []string{"reportingInstance: Required value"},
			events: []string{"reportingInstance: Required value"},
		},
		"a long reason": {
			change: func(event *corev1.Event) { event.Reason = strings.Repeat("x", 129) },
			core:   []string{`reason: Invalid value: "": can have at most 128 characters`},
			events: []string{`reason: Invalid value: "": can have at most 128 characters`},
		},
		"another type": {
			change: func(event *corev1.Event) { event.Type = "Odd" },
			events: []string{`type: Invalid value: "": has invalid value: Odd`},
		},
		"a series of one": {
			change: func(event *corev1.Event) { event.Series = &corev1.EventSeries{Count: 1} },
			events: []string{`series.count: Invalid value: "": should be at least 2`, "series.lastObservedTime: Required value"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			event := newEvent(test.change)
			if diff := cmp.Diff(test.core, texts(Event.Validate(event))); diff != "" {
				t.Errorf("core (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.events, texts(ValidateEventsV1(event))); diff != "" {
				t.Errorf("events.k8s.io (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventChanges(t *testing.T) {
	old := newEvent(nil)
	event := old.DeepCopy()
	event.Series = &corev1.EventSeries{Count: 2, LastObservedTime: metav1.NowMicro()}
	if errs := ValidateEventsV1Update(event, old); len(errs) > 0 {
		t.Error(errs)
	}
	event.Message = "other"
	if diff := cmp.Diff([]string{`message: Invalid value: "other": field is immutable`}, texts(ValidateEventsV1Update(event, old))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEventRow(t *testing.T) {
	for name, test := range map[string]struct {
		event *corev1.Event
		want  []any
	}{
		"of the older form": {
			&corev1.Event{
				ObjectMeta: metav1.ObjectMeta{Name: "e"}, InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "web", FieldPath: "spec.containers{app}"},
				Type: "Warning", Reason: "BackOff", Message: " restarting \n", Count: 3, Source: corev1.EventSource{Component: "kubelet", Host: "one"},
			},
			[]any{"<unknown>", "Warning", "BackOff", "pod/web", "spec.containers{app}", "kubelet, one", "restarting", "<unknown>", int64(3), "e"},
		},
		"of the newer form": {
			newEvent(func(event *corev1.Event) { event.EventTime = metav1.NewMicroTime(time.Now().Add(-150 * time.Second)) }),
			[]any{"2m30s", "Normal", "Killed", "pod/web", "", "example.com/c, c-1", "", "2m30s", int64(1), "e"},
		},
		"a series": {
			newEvent(func(event *corev1.Event) {
				event.EventTime = metav1.NewMicroTime(time.Now().Add(-150 * time.Second))
				event.Series = &corev1.EventSeries{Count: 7, LastObservedTime: metav1.NewMicroTime(time.Now().Add(-30 * time.Second))}
			}),
			[]any{"30s", "Normal", "Killed", "pod/web", "", "example.com/c, c-1", "", "2m30s", int64(7), "e"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Event.Row(test.event)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}
