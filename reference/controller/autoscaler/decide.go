package autoscaler

import (
	"errors"
	"fmt"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
	"k8s.io/utils/ptr"
)

// observed is what a sync sees.
type observed struct {
	now time.Time
	// scale is the target's, or scaleErr says why there is none.
	scale    *autoscalingv1.Scale
	scaleErr error
	// pods are those that the target's selector selects. rivals are the autoscalers, this one among them, whose targets select any of these.
	pods   []*corev1.Pod
	rivals []string
	// measured is what those Pods use, or measuredErr says why it is not known.
	measured    []metricsv1beta1.PodMetrics
	measuredErr error
}

// decision is what a sync comes to.
type decision struct {
	status  autoscalingv2.HorizontalPodAutoscalerStatus
	history history
	events  []event
	// rescale says that the target is to be given so many replicas, and why. What comes of it is for concluded to tell.
	rescale  bool
	replicas int32
	why      string
}

type event struct{ kind, reason, message string }

func (d *decision) warn(reason, message string) {
	d.events = append(d.events, event{corev1.EventTypeWarning, reason, message})
}

// needsMetrics says whether anything is to be computed: not for a target that is switched off, or outside of its bounds anyway.
func needsMetrics(hpa *autoscalingv2.HorizontalPodAutoscaler, current int32) bool {
	least := ptr.Deref(hpa.Spec.MinReplicas, 1)
	if current == 0 {
		return scaledToZero(hpa) && (least != 0 || goesByOutside(hpa))
	}
	return least <= current && current <= hpa.Spec.MaxReplicas
}

// scaledToZero says that the autoscaler itself took the last Pod away.
func scaledToZero(hpa *autoscalingv2.HorizontalPodAutoscaler) bool {
	for _, condition := range hpa.Status.Conditions {
		if condition.Type == autoscalingv2.ScaledToZero {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// goesByOutside says that there is a metric that exists without Pods.
func goesByOutside(hpa *autoscalingv2.HorizontalPodAutoscaler) bool {
	for i := range hpa.Spec.Metrics {
		kind := hpa.Spec.Metrics[i].Type
		if kind == autoscalingv2.ObjectMetricSourceType || kind == autoscalingv2.ExternalMetricSourceType {
			return true
		}
	}
	return false
}

// decide says how many replicas an autoscaler's target shall have, as upstream's reconcileAutoscaler does.
func decide(hpa *autoscalingv2.HorizontalPodAutoscaler, o observed, remembered history) decision {
	d := decision{status: *hpa.Status.DeepCopy(), history: remembered}
	if o.scaleErr != nil {
		d.warn("FailedGetScale", o.scaleErr.Error())
		d.set(o.now, autoscalingv2.AbleToScale, corev1.ConditionFalse, "FailedGetScale",
			"the HPA controller was unable to get the target's current scale: "+o.scaleErr.Error())
		return d
	}
	d.set(o.now, autoscalingv2.AbleToScale, corev1.ConditionTrue, "SucceededGetScale", "the HPA controller was able to get the target's current scale")
	current := o.scale.Spec.Replicas
	d.history = d.history.began(current, o.now)
	b := bounds{ptr.Deref(hpa.Spec.MinReplicas, 1), hpa.Spec.MaxReplicas, current}
	var metrics []autoscalingv2.MetricStatus
	d.replicas = current
	switch {
	case needsMetrics(hpa, current):
		var ok bool
		if metrics, ok = d.byMetrics(hpa, o, b); !ok {
			d.show(hpa, current, d.status.DesiredReplicas, metrics)
			return d
		}
	case current == 0:
		d.set(o.now, autoscalingv2.ScalingActive, corev1.ConditionFalse, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
	case current > b.most:
		d.replicas, d.why = b.most, "Current number of replicas above Spec.MaxReplicas"
	case current < b.least:
		d.replicas, d.why = b.least, "Current number of replicas below Spec.MinReplicas"
	}
	d.rescale = d.replicas != current
	d.show(hpa, current, d.replicas, metrics)
	return d
}

// byMetrics takes the most that any metric asks for, and brings it within what is allowed. It is not ok when nothing can be said.
func (d *decision) byMetrics(hpa *autoscalingv2.HorizontalPodAutoscaler, o observed, b bounds) ([]autoscalingv2.MetricStatus, bool) {
	wanted, name, statuses, err := d.wanted(hpa, o)
	if err != nil && wanted < 0 {
		d.warn("FailedComputeMetricsReplicas", err.Error())
		return statuses, false
	}
	switch {
	case wanted > b.current:
		d.why = name + " above target"
	case wanted < b.current:
		d.why = "All metrics below target"
	}
	var held judged
	behavior := hpa.Spec.Behavior
	held, d.history = d.history.stabilize(behavior, wanted, b.current, o.now)
	d.set(o.now, autoscalingv2.AbleToScale, corev1.ConditionTrue, held.reason, held.message)
	allowed := d.history.within(behavior, held.replicas, b, o.now)
	d.set(o.now, autoscalingv2.ScalingLimited, conditionStatus(allowed.limited), allowed.reason, allowed.message)
	d.replicas = allowed.replicas
	if b.current == 0 && d.replicas < b.least {
		d.replicas = b.least
		if d.why == "" {
			d.why = "Current number of replicas below Spec.MinReplicas"
		}
	}
	return statuses, true
}

func conditionStatus(is bool) corev1.ConditionStatus {
	if is {
		return corev1.ConditionTrue
	}
	return corev1.ConditionFalse
}

// wanted is the most that the metrics ask for, and which one that is. It is negative, with an error, if none can tell, or if fewer would
// be asked for and not all can tell.
func (d *decision) wanted(hpa *autoscalingv2.HorizontalPodAutoscaler, o observed) (int32, string, []autoscalingv2.MetricStatus, error) {
	if err := d.checkSelector(hpa, o); err != nil {
		return -1, "", nil, err
	}
	specs := hpa.Spec.Metrics
	statuses := make([]autoscalingv2.MetricStatus, len(specs))
	var most int32
	var name string
	var failures []*metricError
	for i := range specs {
		replicas, by, failure := compute(hpa, &specs[i], &statuses[i], o)
		switch {
		case failure != nil:
			d.warn(failure.reason, failure.cause.Error())
			failures = append(failures, failure)
		case most == 0 || replicas > most:
			most, name = replicas, by
		}
	}
	var err error
	if len(failures) > 0 {
		err = fmt.Errorf("invalid metrics (%d invalid out of %d), first error is: %w", len(failures), len(specs), failures[0])
	}
	if len(failures) == len(specs) || len(failures) > 0 && most < o.scale.Spec.Replicas {
		d.set(o.now, autoscalingv2.ScalingActive, corev1.ConditionFalse, failures[0].reason,
			"the HPA was unable to compute the replica count: "+failures[0].cause.Error())
		return -1, "", statuses, err
	}
	d.set(o.now, autoscalingv2.ScalingActive, corev1.ConditionTrue, "ValidMetricFound",
		"the HPA was able to successfully calculate a replica count from "+name)
	return most, name, statuses, err
}

// checkSelector demands a selector of whose Pods no other autoscaler has any.
func (d *decision) checkSelector(hpa *autoscalingv2.HorizontalPodAutoscaler, o observed) error {
	refuse := func(reason, text, condition, message string) error {
		d.warn(reason, text)
		d.set(o.now, autoscalingv2.ScalingActive, corev1.ConditionFalse, condition, message)
		return errors.New(text)
	}
	selector := o.scale.Status.Selector
	if selector == "" {
		return refuse("SelectorRequired", "selector is required", "InvalidSelector", "the HPA target's scale is missing a selector")
	}
	if _, err := labels.Parse(selector); err != nil {
		text := fmt.Sprintf("couldn't convert selector into a corresponding internal selector object: %v", err)
		return refuse("InvalidSelector", text, "InvalidSelector", text)
	}
	if len(o.rivals) > 1 {
		var shown []string
		for _, rival := range o.rivals[:2] {
			shown = append(shown, fmt.Sprintf("{%s %s}", rival, hpa.Namespace))
		}
		text := fmt.Sprintf("pods by selector %v are controlled by more than one HPA (e.g. %v)", selector, shown)
		return refuse("AmbiguousSelector", text, "AmbiguousSelector", text)
	}
	return nil
}

// set writes a condition. The time is that of the last change of its status.
func (d *decision) set(now time.Time, kind autoscalingv2.HorizontalPodAutoscalerConditionType, status corev1.ConditionStatus, reason, message string) {
	list := d.status.Conditions
	at := -1
	for i := range list {
		if list[i].Type == kind {
			at = i
		}
	}
	if at < 0 {
		list, at = append(list, autoscalingv2.HorizontalPodAutoscalerCondition{Type: kind}), len(list)
	}
	if list[at].Status != status {
		list[at].LastTransitionTime = metav1.NewTime(now)
	}
	list[at].Status, list[at].Reason, list[at].Message = status, reason, message
	d.status.Conditions = list
}

// show writes the rest of the status.
func (d *decision) show(hpa *autoscalingv2.HorizontalPodAutoscaler, current, desired int32, metrics []autoscalingv2.MetricStatus) {
	d.status.CurrentReplicas, d.status.DesiredReplicas, d.status.CurrentMetrics = current, desired, metrics
	generation := hpa.Generation
	d.status.ObservedGeneration = &generation
}

// concluded completes a decision when the target has been given its replicas, or when err says that it could not be.
func (d decision) concluded(hpa *autoscalingv2.HorizontalPodAutoscaler, current int32, now time.Time, err error) decision {
	if err != nil {
		d.warn("FailedRescale", fmt.Sprintf("New size: %d; reason: %s; error: %v", d.replicas, d.why, err))
		d.set(now, autoscalingv2.AbleToScale, corev1.ConditionFalse, "FailedUpdateScale",
			fmt.Sprintf("the HPA controller was unable to update the target scale: %v", err))
		d.status.DesiredReplicas = hpa.Status.DesiredReplicas
		return d
	}
	d.set(now, autoscalingv2.AbleToScale, corev1.ConditionTrue, "SucceededRescale",
		fmt.Sprintf("the HPA controller was able to update the target scale to %d", d.replicas))
	d.events = append(d.events, event{corev1.EventTypeNormal, "SuccessfulRescale", fmt.Sprintf("New size: %d; reason: %s", d.replicas, d.why)})
	d.history = d.history.scaled(hpa.Spec.Behavior, current, d.replicas, now)
	if current > 0 && d.replicas == 0 && goesByOutside(hpa) {
		d.set(now, autoscalingv2.ScaledToZero, corev1.ConditionTrue, "ScaledToZero", "the HPA controller scaled the workload to zero")
	} else {
		d.set(now, autoscalingv2.ScaledToZero, corev1.ConditionFalse, "NotScaledToZero", "the HPA controller did not scale the workload to zero")
	}
	d.status.LastScaleTime = &metav1.Time{Time: now}
	return d
}
