package kind

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Event reports what happened to an object.
var Event = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Event",
	Resource:     "events",
	Singular:     "event",
	ShortNames:   []string{"ev"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Event{} },
	NewList:      func() runtime.Object { return &corev1.EventList{} },

	Validate: func(obj runtime.Object) field.ErrorList {
		return validateEvent(obj.(*corev1.Event), "reportingComponent")
	},
	ValidateUpdate: func(obj, _ runtime.Object) field.ErrorList {
		return validateEvent(obj.(*corev1.Event), "reportingComponent")
	},
	Fields: func(obj runtime.Object) fields.Set { return eventFields(obj.(*corev1.Event)) },
	Columns: []metav1.TableColumnDefinition{
		{Name: "Last Seen", Type: "string", Description: corev1.Event{}.SwaggerDoc()["lastTimestamp"]},
		{Name: "Type", Type: "string", Description: corev1.Event{}.SwaggerDoc()["type"]},
		{Name: "Reason", Type: "string", Description: corev1.Event{}.SwaggerDoc()["reason"]},
		{Name: "Object", Type: "string", Description: corev1.Event{}.SwaggerDoc()["involvedObject"]},
		{Name: "Subobject", Type: "string", Priority: 1, Description: corev1.ObjectReference{}.SwaggerDoc()["fieldPath"]},
		{Name: "Source", Type: "string", Priority: 1, Description: corev1.Event{}.SwaggerDoc()["source"]},
		{Name: "Message", Type: "string", Description: corev1.Event{}.SwaggerDoc()["message"]},
		{Name: "First Seen", Type: "string", Priority: 1, Description: corev1.Event{}.SwaggerDoc()["firstTimestamp"]},
		{Name: "Count", Type: "string", Priority: 1, Description: corev1.Event{}.SwaggerDoc()["count"]},
		{Name: "Name", Type: "string", Priority: 1, Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
	},
	Row:                      func(obj runtime.Object) []any { return eventRow(obj.(*corev1.Event)) },
	AllowCreateOnUpdate:      true,
	AllowUnconditionalUpdate: true,
	TTL:                      time.Hour,
}

func eventFields(event *corev1.Event) fields.Set {
	source := event.Source.Component
	if source == "" {
		source = event.ReportingController
	}
	object := &event.InvolvedObject
	return fields.Set{
		"involvedObject.kind":            object.Kind,
		"involvedObject.namespace":       object.Namespace,
		"involvedObject.name":            object.Name,
		"involvedObject.uid":             string(object.UID),
		"involvedObject.apiVersion":      object.APIVersion,
		"involvedObject.resourceVersion": object.ResourceVersion,
		"involvedObject.fieldPath":       object.FieldPath,
		"reason":                         event.Reason,
		"reportingComponent":             event.ReportingController,
		"source":                         source,
		"type":                           event.Type,
	}
}

// eventRow shows a series by its last occurrence, and events of either API alike.
func eventRow(event *corev1.Event) []any {
	first := age(event.FirstTimestamp)
	if event.FirstTimestamp.IsZero() {
		first = age(metav1.Time(event.EventTime))
	}
	last := age(event.LastTimestamp)
	if event.LastTimestamp.IsZero() {
		last = first
	}
	count := event.Count
	switch {
	case event.Series != nil:
		last = age(metav1.Time(event.Series.LastObservedTime))
		count = event.Series.Count
	case count == 0:
		count = 1
	}
	object := strings.ToLower(event.InvolvedObject.Kind)
	if name := event.InvolvedObject.Name; name != "" {
		object = fmt.Sprintf("%s/%s", object, name)
	}
	return []any{
		last, event.Type, event.Reason, object, event.InvolvedObject.FieldPath, eventSource(event),
		strings.TrimSpace(event.Message), first, int64(count), event.Name,
	}
}

// eventSource is the component that reports, and where it runs.
func eventSource(event *corev1.Event) string {
	component, instance := event.Source.Component, event.Source.Host
	if component == "" {
		component = event.ReportingController
	}
	if instance == "" {
		instance = event.ReportingInstance
	}
	if instance == "" {
		return component
	}
	return component + ", " + instance
}
