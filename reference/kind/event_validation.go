package kind

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Limits of the texts of an event that has an event time, in bytes.
const (
	maxEventText = 128
	maxEventNote = 1024
)

// validateEvent judges an event by the rules for both of its APIs. The metadata of a v1 event is not judged, for the
// sake of old clients. reporter is the name that the API at hand has for the reporting controller.
func validateEvent(event *corev1.Event, reporter string) field.ErrorList {
	about := event.InvolvedObject.Namespace
	mismatch := invalid(field.NewPath("involvedObject", "namespace"), about, "does not match event.namespace")
	if event.EventTime.IsZero() {
		fits := event.Namespace == about
		if about == "" {
			fits = event.Namespace == metav1.NamespaceNone || event.Namespace == metav1.NamespaceDefault
		}
		if fits {
			return nil
		}
		return mismatch
	}
	var errs field.ErrorList
	if about == "" && event.Namespace != metav1.NamespaceDefault && event.Namespace != metav1.NamespaceSystem {
		errs = mismatch
	}
	if event.ReportingController == "" {
		errs = append(errs, field.Required(field.NewPath(reporter), ""))
	}
	errs = append(errs, validateQualifiedName(event.ReportingController, field.NewPath(reporter))...)
	for _, text := range []struct{ name, value string }{
		{"reportingInstance", event.ReportingInstance}, {"action", event.Action}, {"reason", event.Reason},
	} {
		if text.value == "" {
			errs = append(errs, field.Required(field.NewPath(text.name), ""))
		}
		errs = append(errs, validateEventText(text.name, text.value, maxEventText)...)
	}
	return append(errs, validateEventText("message", event.Message, maxEventNote)...)
}

func validateEventText(name, value string, most int) field.ErrorList {
	if len(value) <= most {
		return nil
	}
	return invalid(field.NewPath(name), "", fmt.Sprintf("can have at most %v characters", most))
}

// ValidateEventsV1 judges a new event that comes by way of events.k8s.io/v1, which allows none of the older API's fields.
func ValidateEventsV1(event *corev1.Event) field.ErrorList {
	errs := validateEvent(event, "reportingController")
	errs = append(errs, validateMeta(&event.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)...)
	errs = append(errs, validateEventSeries(event.Series)...)
	if event.EventTime.IsZero() {
		errs = append(errs, field.Required(field.NewPath("eventTime"), ""))
	}
	if event.Type != corev1.EventTypeNormal && event.Type != corev1.EventTypeWarning {
		errs = append(errs, invalid(field.NewPath("type"), "", fmt.Sprintf("has invalid value: %v", event.Type))...)
	}
	for _, old := range []struct {
		name string
		set  bool
	}{
		{"firstTimestamp", !event.FirstTimestamp.IsZero()},
		{"lastTimestamp", !event.LastTimestamp.IsZero()},
		{"count", event.Count != 0},
		{"source", event.Source != (corev1.EventSource{})},
	} {
		if old.set {
			errs = append(errs, invalid(field.NewPath(old.name), "", "needs to be unset")...)
		}
	}
	return errs
}

func validateEventSeries(series *corev1.EventSeries) field.ErrorList {
	if series == nil {
		return nil
	}
	var errs field.ErrorList
	if series.Count < 2 {
		errs = append(errs, invalid(field.NewPath("series.count"), "", "should be at least 2")...)
	}
	if series.LastObservedTime.IsZero() {
		errs = append(errs, field.Required(field.NewPath("series.lastObservedTime"), ""))
	}
	return errs
}

// objectReferenceValue and eventSourceValue print what an event is about, and whose it is, in messages as Kubernetes does,
// which prints its internal types.
type objectReferenceValue struct {
	Kind, Namespace, Name      string
	UID                        types.UID
	APIVersion                 string
	ResourceVersion, FieldPath string
}

type eventSourceValue struct{ Component, Host string }

// ValidateEventsV1Update lets nothing but the series of an event change, when the change comes by way of
// events.k8s.io/v1. Times are compared to the microsecond, because not every client keeps more.
func ValidateEventsV1Update(event, old *corev1.Event) field.ErrorList {
	errs := validateEvent(event, "reportingController")
	errs = append(errs, validateMetaUpdate(&event.ObjectMeta, &old.ObjectMeta)...)
	if !apiequality.Semantic.DeepEqual(event.Series, old.Series) {
		errs = append(errs, validateEventSeries(event.Series)...)
	}
	fixed := func(name string, now, was any) {
		errs = append(errs, apivalidation.ValidateImmutableField(now, was, field.NewPath(name))...)
	}
	fixed("involvedObject", objectReferenceValue(event.InvolvedObject), objectReferenceValue(old.InvolvedObject))
	fixed("reason", event.Reason, old.Reason)
	fixed("message", event.Message, old.Message)
	fixed("source", eventSourceValue(event.Source), eventSourceValue(old.Source))
	fixed("firstTimestamp", event.FirstTimestamp, old.FirstTimestamp)
	fixed("lastTimestamp", event.LastTimestamp, old.LastTimestamp)
	fixed("count", event.Count, old.Count)
	fixed("reason", event.Reason, old.Reason)
	fixed("type", event.Type, old.Type)
	if !event.EventTime.Truncate(time.Microsecond).Equal(old.EventTime.Truncate(time.Microsecond)) {
		fixed("eventTime", event.EventTime, old.EventTime)
	}
	fixed("action", event.Action, old.Action)
	fixed("related", (*objectReferenceValue)(event.Related), (*objectReferenceValue)(old.Related))
	fixed("reportingController", event.ReportingController, old.ReportingController)
	fixed("reportingInstance", event.ReportingInstance, old.ReportingInstance)
	return errs
}
