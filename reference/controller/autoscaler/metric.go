package autoscaler

import (
	"errors"
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// metricError says why a metric tells nothing. Its reason is the condition's and the event's, its cause their text; as an error, it says
// besides what was wanted.
type metricError struct {
	reason, what string
	cause        error
}

func (e *metricError) Error() string { return e.what + ": " + e.cause.Error() }
func (e *metricError) Unwrap() error { return e.cause }

// Metrics of these APIs come from other components, and here there are none.
var (
	errNoCustomMetrics   = errors.New("unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered")
	errNoExternalMetrics = errors.New("unable to fetch metrics from external metrics API: the server could not find the requested resource")
)

// compute says how many replicas one metric asks for, by what name it is told of, and what its status shows.
func compute(hpa *autoscalingv2.HorizontalPodAutoscaler, spec *autoscalingv2.MetricSpec, status *autoscalingv2.MetricStatus,
	o observed) (int32, string, *metricError) {
	switch spec.Type {
	case autoscalingv2.ResourceMetricSourceType:
		source := spec.Resource
		replicas, name, current, err := byUse(hpa, source.Name, "", &source.Target, o)
		if err != nil {
			return 0, "", &metricError{"FailedGetResourceMetric", fmt.Sprintf("failed to get %s resource metric value", source.Name), err}
		}
		*status = autoscalingv2.MetricStatus{Type: spec.Type, Resource: &autoscalingv2.ResourceMetricStatus{Name: source.Name, Current: current}}
		return replicas, name, nil
	case autoscalingv2.ContainerResourceMetricSourceType:
		source := spec.ContainerResource
		replicas, name, current, err := byUse(hpa, source.Name, source.Container, &source.Target, o)
		if err != nil {
			return 0, "", &metricError{"FailedGetContainerResourceMetric", fmt.Sprintf("failed to get %s container metric value", source.Container), err}
		}
		*status = autoscalingv2.MetricStatus{Type: spec.Type, ContainerResource: &autoscalingv2.ContainerResourceMetricStatus{
			Name: source.Name, Container: source.Container, Current: current,
		}}
		return replicas, name, nil
	case autoscalingv2.PodsMetricSourceType:
		return 0, "", &metricError{"FailedGetPodsMetric", "failed to get pods metric value",
			fmt.Errorf("unable to get metric %s: %w", spec.Pods.Metric.Name, errNoCustomMetrics)}
	case autoscalingv2.ObjectMetricSourceType:
		object := spec.Object.DescribedObject
		return 0, "", &metricError{"FailedGetObjectMetric", "failed to get object metric value",
			fmt.Errorf("unable to get metric %s on %s %s/%s: %w", spec.Object.Metric.Name, object.Kind, hpa.Namespace, object.Name, errNoCustomMetrics)}
	case autoscalingv2.ExternalMetricSourceType:
		return 0, "", &metricError{"FailedGetExternalMetric", fmt.Sprintf("failed to get %s external metric value", spec.External.Metric.Name),
			fmt.Errorf("unable to get external metric %s/%s: %w", hpa.Namespace, spec.External.Metric.Name, errNoExternalMetrics)}
	}
	return 0, "", &metricError{"InvalidMetricSourceType", "failed", fmt.Errorf("unknown metric source type %q", spec.Type)}
}

// byUse goes by what the Pods, or one container of each, use of a resource.
func byUse(hpa *autoscalingv2.HorizontalPodAutoscaler, name corev1.ResourceName, container string, target *autoscalingv2.MetricTarget,
	o observed) (replicas int32, shown string, current autoscalingv2.MetricValueStatus, err error) {
	if target.AverageValue == nil && target.AverageUtilization == nil {
		return 0, "", current, errors.New("invalid resource metric source: neither an average utilization target nor an average value (usage) target was set")
	}
	proposed, err := proposeByUse(hpa, name, container, target, o)
	if err != nil {
		what := "utilization"
		if target.AverageValue != nil {
			what = "usage"
		}
		return 0, "", current, fmt.Errorf("failed to get %s %s: %w", name, what, err)
	}
	format := resource.DecimalSI
	if name == corev1.ResourceMemory {
		format = resource.BinarySI
	}
	current.AverageValue = resource.NewMilliQuantity(proposed.average, format)
	switch {
	case target.AverageValue != nil:
		return proposed.replicas, fmt.Sprintf("%s resource", name), current, nil
	case container != "":
		shown = fmt.Sprintf("%s container resource utilization (percentage of request)", name)
	default:
		shown = fmt.Sprintf("%s resource utilization (percentage of request)", name)
	}
	current.AverageUtilization = &proposed.utilization
	return proposed.replicas, shown, current, nil
}

func proposeByUse(hpa *autoscalingv2.HorizontalPodAutoscaler, name corev1.ResourceName, container string, target *autoscalingv2.MetricTarget,
	o observed) (proposal, error) {
	if o.measuredErr != nil {
		return proposal{}, fmt.Errorf("unable to get metrics for resource %s: unable to fetch metrics from resource metrics API: %w", name, o.measuredErr)
	}
	if len(o.measured) == 0 {
		return proposal{}, fmt.Errorf("unable to get metrics for resource %s: no metrics returned from resource metrics API", name)
	}
	if len(o.pods) == 0 {
		return proposal{}, errors.New("no pods returned by selector while calculating replica count")
	}
	samples := samplesOf(o.measured, name, container)
	g := group(o.pods, samples, name, o.now)
	if len(samples) == 0 {
		return proposal{}, errNoSamples
	}
	current := o.scale.Spec.Replicas
	if target.AverageValue != nil {
		value := target.AverageValue.MilliValue()
		return propose(current, g, samples, againstValue(value), tolerancesOf(hpa), func(string) int64 { return value })
	}
	requests, err := requestsOf(o.pods, name, container)
	if err != nil {
		return proposal{}, err
	}
	utilization := *target.AverageUtilization
	return propose(current, g, samples, againstRequests(utilization, requests), tolerancesOf(hpa), func(pod string) int64 {
		return requests[pod] * int64(max(100, utilization)) / 100
	})
}

// tolerancesOf are the autoscaler's own, where its behaviour names them.
func tolerancesOf(hpa *autoscalingv2.HorizontalPodAutoscaler) tolerances {
	t := tolerances{defaultTolerance, defaultTolerance}
	if behavior := hpa.Spec.Behavior; behavior != nil {
		if rules := behavior.ScaleDown; rules != nil && rules.Tolerance != nil {
			t.down = rules.Tolerance.AsApproximateFloat64()
		}
		if rules := behavior.ScaleUp; rules != nil && rules.Tolerance != nil {
			t.up = rules.Tolerance.AsApproximateFloat64()
		}
	}
	return t
}
