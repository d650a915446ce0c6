package kind

import (
	"encoding/json"
	"fmt"
	"maps"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Annotations in which autoscaling/v1 has what it has no fields for. They are made for those who read that version, and are read from
// those who write it; what is stored has none of them.
const (
	metricsAnnotation        = "autoscaling.alpha.kubernetes.io/metrics"
	currentMetricsAnnotation = "autoscaling.alpha.kubernetes.io/current-metrics"
	conditionsAnnotation     = "autoscaling.alpha.kubernetes.io/conditions"
	behaviorAnnotation       = "autoscaling.alpha.kubernetes.io/behavior"
	// These two stand for a tolerance in a version that is not served any more.
	toleranceUpAnnotation   = "autoscaling.alpha.kubernetes.io/scale-up-tolerance"
	toleranceDownAnnotation = "autoscaling.alpha.kubernetes.io/scale-down-tolerance"
)

// DefaultAutoscalerV1 completes an autoscaler of autoscaling/v1. Which metric it goes by is seen when all of them are together, in
// AutoscalerFromV1.
func DefaultAutoscalerV1(hpa *autoscalingv1.HorizontalPodAutoscaler) {
	orDefault(&hpa.Spec.MinReplicas, 1)
}

// AutoscalerFromV1 makes out the autoscaler that in stands for, as it is stored (pkg/apis/autoscaling/v1 in Kubernetes). An annotation
// that cannot be read says nothing.
func AutoscalerFromV1(in *autoscalingv1.HorizontalPodAutoscaler, out *autoscalingv2.HorizontalPodAutoscaler) {
	out.ObjectMeta = in.ObjectMeta
	out.Annotations = withoutV1(in.Annotations)
	out.Spec = autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference(in.Spec.ScaleTargetRef),
		MinReplicas:    in.Spec.MinReplicas,
		MaxReplicas:    in.Spec.MaxReplicas,
	}
	out.Status = autoscalingv2.HorizontalPodAutoscalerStatus{
		ObservedGeneration: in.Status.ObservedGeneration, LastScaleTime: in.Status.LastScaleTime,
		CurrentReplicas: in.Status.CurrentReplicas, DesiredReplicas: in.Status.DesiredReplicas,
	}
	for _, metric := range noted[[]autoscalingv1.MetricSpec](in.Annotations, metricsAnnotation) {
		out.Spec.Metrics = append(out.Spec.Metrics, metricFromV1(&metric))
	}
	if share := in.Spec.TargetCPUUtilizationPercentage; share != nil {
		out.Spec.Metrics = append(out.Spec.Metrics, cpuMetric(*share))
	}
	if len(out.Spec.Metrics) == 0 {
		out.Spec.Metrics = []autoscalingv2.MetricSpec{cpuMetric(defaultUtilization)}
	}
	if behavior := noted[behaviorV1](in.Annotations, behaviorAnnotation); behavior != (behaviorV1{}) {
		out.Spec.Behavior = &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: behavior.ScaleUp.rules(), ScaleDown: behavior.ScaleDown.rules()}
	}
	if share := in.Status.CurrentCPUUtilizationPercentage; share != nil {
		out.Status.CurrentMetrics = []autoscalingv2.MetricStatus{{
			Type: autoscalingv2.ResourceMetricSourceType,
			Resource: &autoscalingv2.ResourceMetricStatus{
				Name: corev1.ResourceCPU, Current: autoscalingv2.MetricValueStatus{AverageUtilization: copyOf(share)},
			},
		}}
	}
	if statuses := noted[[]autoscalingv1.MetricStatus](in.Annotations, currentMetricsAnnotation); statuses != nil {
		out.Status.CurrentMetrics = nil // the annotation says more
		for i := range statuses {
			out.Status.CurrentMetrics = append(out.Status.CurrentMetrics, statusFromV1(&statuses[i]))
		}
	}
	for _, c := range noted[[]autoscalingv1.HorizontalPodAutoscalerCondition](in.Annotations, conditionsAnnotation) {
		out.Status.Conditions = append(out.Status.Conditions, autoscalingv2.HorizontalPodAutoscalerCondition{
			Type: autoscalingv2.HorizontalPodAutoscalerConditionType(c.Type), Status: c.Status, LastTransitionTime: c.LastTransitionTime,
			Reason: c.Reason, Message: c.Message, ObservedGeneration: c.ObservedGeneration,
		})
	}
}

// AutoscalerToV1 shows a stored autoscaler as autoscaling/v1 does.
func AutoscalerToV1(in *autoscalingv2.HorizontalPodAutoscaler, out *autoscalingv1.HorizontalPodAutoscaler) error {
	out.ObjectMeta = in.ObjectMeta
	out.Annotations = withoutV1(in.Annotations)
	out.Spec = autoscalingv1.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv1.CrossVersionObjectReference(in.Spec.ScaleTargetRef),
		MinReplicas:    in.Spec.MinReplicas,
		MaxReplicas:    in.Spec.MaxReplicas,
	}
	out.Status = autoscalingv1.HorizontalPodAutoscalerStatus{
		ObservedGeneration: in.Status.ObservedGeneration, LastScaleTime: in.Status.LastScaleTime,
		CurrentReplicas: in.Status.CurrentReplicas, DesiredReplicas: in.Status.DesiredReplicas,
	}
	var others []autoscalingv1.MetricSpec
	for i := range in.Spec.Metrics {
		share := cpuShare(&in.Spec.Metrics[i])
		switch {
		case share == nil:
			others = append(others, metricToV1(&in.Spec.Metrics[i]))
		case out.Spec.TargetCPUUtilizationPercentage == nil:
			out.Spec.TargetCPUUtilizationPercentage = copyOf(share)
		}
	}
	// All of what is measured is noted, since the field has no room for the amount.
	var statuses []autoscalingv1.MetricStatus
	for i := range in.Status.CurrentMetrics {
		status := &in.Status.CurrentMetrics[i]
		statuses = append(statuses, statusToV1(status))
		if status.Type == autoscalingv2.ResourceMetricSourceType && status.Resource != nil && status.Resource.Name == corev1.ResourceCPU {
			if share := status.Resource.Current.AverageUtilization; share != nil {
				out.Status.CurrentCPUUtilizationPercentage = copyOf(share)
			}
		}
	}
	var conditions []autoscalingv1.HorizontalPodAutoscalerCondition
	for _, c := range in.Status.Conditions {
		conditions = append(conditions, autoscalingv1.HorizontalPodAutoscalerCondition{
			Type: autoscalingv1.HorizontalPodAutoscalerConditionType(c.Type), Status: c.Status, LastTransitionTime: c.LastTransitionTime,
			Reason: c.Reason, Message: c.Message, ObservedGeneration: c.ObservedGeneration,
		})
	}
	notes := map[string]any{}
	if others != nil {
		notes[metricsAnnotation] = others
	}
	if statuses != nil {
		notes[currentMetricsAnnotation] = statuses
	}
	if conditions != nil {
		notes[conditionsAnnotation] = conditions
	}
	if behavior := in.Spec.Behavior; behavior != nil {
		notes[behaviorAnnotation] = behaviorV1{ScaleUp: rulesToV1(behavior.ScaleUp), ScaleDown: rulesToV1(behavior.ScaleDown)}
	}
	return note(out, notes)
}

// note adds annotations, and leaves alone the map that the stored object has.
func note(out *autoscalingv1.HorizontalPodAutoscaler, notes map[string]any) error {
	if len(notes) == 0 {
		return nil
	}
	annotations := maps.Clone(out.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	for key, value := range notes {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode the annotation %s: %w", key, err)
		}
		annotations[key] = string(text)
	}
	out.Annotations = annotations
	return nil
}

// noted reads an annotation; what is not there, or makes no sense, is empty.
func noted[T any](annotations map[string]string, key string) (value T) {
	text, ok := annotations[key]
	if !ok {
		return value
	}
	var read T
	if json.Unmarshal([]byte(text), &read) != nil {
		return value
	}
	return read
}

// withoutV1 leaves out what only autoscaling/v1 has.
func withoutV1(annotations map[string]string) map[string]string {
	if annotations == nil {
		return nil
	}
	kept := maps.Clone(annotations)
	for _, key := range []string{
		metricsAnnotation, currentMetricsAnnotation, conditionsAnnotation, behaviorAnnotation, toleranceUpAnnotation, toleranceDownAnnotation,
	} {
		delete(kept, key)
	}
	return kept
}

// behaviorV1 is how the annotation spells a behaviour: with the names of Go's fields, since Kubernetes once began so.
type behaviorV1 struct {
	ScaleUp, ScaleDown *rulesV1
}

type rulesV1 struct {
	StabilizationWindowSeconds *int32
	SelectPolicy               *autoscalingv2.ScalingPolicySelect
	Policies                   []policyV1
	Tolerance                  *resource.Quantity
}

type policyV1 struct {
	Type          autoscalingv2.HPAScalingPolicyType
	Value         int32
	PeriodSeconds int32
}

func (r *rulesV1) rules() *autoscalingv2.HPAScalingRules {
	if r == nil {
		return nil
	}
	rules := &autoscalingv2.HPAScalingRules{StabilizationWindowSeconds: r.StabilizationWindowSeconds, SelectPolicy: r.SelectPolicy, Tolerance: r.Tolerance}
	if r.Policies != nil {
		rules.Policies = []autoscalingv2.HPAScalingPolicy{}
	}
	for _, policy := range r.Policies {
		rules.Policies = append(rules.Policies, autoscalingv2.HPAScalingPolicy(policy))
	}
	return rules
}

func rulesToV1(rules *autoscalingv2.HPAScalingRules) *rulesV1 {
	if rules == nil {
		return nil
	}
	r := &rulesV1{StabilizationWindowSeconds: rules.StabilizationWindowSeconds, SelectPolicy: rules.SelectPolicy, Tolerance: rules.Tolerance}
	if rules.Policies != nil {
		r.Policies = []policyV1{}
	}
	for _, policy := range rules.Policies {
		r.Policies = append(r.Policies, policyV1(policy))
	}
	return r
}

// cpuShare is the one target that autoscaling/v1 has a field for; nil if the metric is another.
func cpuShare(metric *autoscalingv2.MetricSpec) *int32 {
	if metric.Type != autoscalingv2.ResourceMetricSourceType || metric.Resource == nil || metric.Resource.Name != corev1.ResourceCPU {
		return nil
	}
	return metric.Resource.Target.AverageUtilization
}

// cpuMetric asks for a share of the requested CPU, in percent.
func cpuMetric(share int32) autoscalingv2.MetricSpec {
	return autoscalingv2.MetricSpec{
		Type: autoscalingv2.ResourceMetricSourceType,
		Resource: &autoscalingv2.ResourceMetricSource{
			Name:   corev1.ResourceCPU,
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &share},
		},
	}
}

func copyOf[T any](value *T) *T {
	if value == nil {
		return nil
	}
	copied := *value
	return &copied
}
