package kind

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAutoscalersInBothVersions: what autoscaling/v1 shows stands for the same autoscaler, and has annotations for what it has no fields for.
func TestAutoscalersInBothVersions(t *testing.T) {
	seconds, disabled, amount := int32(30), autoscalingv2.DisabledPolicySelect, resource.MustParse("10Mi")
	memory := autoscalingv2.MetricSpec{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
		Name: corev1.ResourceMemory, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: &amount}}}
	external := autoscalingv2.MetricSpec{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
		Metric: autoscalingv2.MetricIdentifier{Name: "queue", Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}},
		Target: autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: &amount}}}
	object := autoscalingv2.MetricSpec{Type: autoscalingv2.ObjectMetricSourceType, Object: &autoscalingv2.ObjectMetricSource{
		DescribedObject: autoscalingv2.CrossVersionObjectReference{Kind: "Service", Name: "web", APIVersion: "v1"},
		Metric:          autoscalingv2.MetricIdentifier{Name: "hits"},
		Target:          autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: &amount}}}
	pods := autoscalingv2.MetricSpec{Type: autoscalingv2.PodsMetricSourceType, Pods: &autoscalingv2.PodsMetricSource{
		Metric: autoscalingv2.MetricIdentifier{Name: "hits"}, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: &amount}}}
	container := autoscalingv2.MetricSpec{Type: autoscalingv2.ContainerResourceMetricSourceType, ContainerResource: &autoscalingv2.ContainerResourceMetricSource{
		Name: corev1.ResourceCPU, Container: "main", Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &seconds}}}
	status := autoscalingv2.MetricStatus{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricStatus{
		Name: corev1.ResourceCPU, Current: autoscalingv2.MetricValueStatus{AverageUtilization: &seconds, AverageValue: &amount}}}

	for name, tc := range map[string]struct {
		change func(*autoscalingv2.HorizontalPodAutoscaler)
		share  *int32
		notes  []string
	}{
		"a share of the CPU": {func(*autoscalingv2.HorizontalPodAutoscaler) {}, copyOf(&seconds), nil},
		"memory": {func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.Metrics = []autoscalingv2.MetricSpec{memory} }, nil,
			[]string{metricsAnnotation}},
		"all kinds of metrics": {func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Spec.Metrics = []autoscalingv2.MetricSpec{memory, external, object, pods, container, cpuMetric(30)}
		}, copyOf(&seconds), []string{metricsAnnotation}},
		"a behaviour": {func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Spec.Behavior = &autoscalingv2.HorizontalPodAutoscalerBehavior{
				ScaleUp: &autoscalingv2.HPAScalingRules{StabilizationWindowSeconds: &seconds, Policies: []autoscalingv2.HPAScalingPolicy{
					{Type: autoscalingv2.PodsScalingPolicy, Value: 2, PeriodSeconds: 15}}},
				ScaleDown: &autoscalingv2.HPAScalingRules{SelectPolicy: &disabled, Tolerance: &amount}}
		}, copyOf(&seconds), []string{behaviorAnnotation}},
		"a status": {func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Status = autoscalingv2.HorizontalPodAutoscalerStatus{CurrentReplicas: 2, DesiredReplicas: 3, CurrentMetrics: []autoscalingv2.MetricStatus{status},
				Conditions: []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: autoscalingv2.ScalingActive, Status: corev1.ConditionTrue, Reason: "ValidMetricFound"}}}
		}, copyOf(&seconds), []string{conditionsAnnotation, currentMetricsAnnotation}},
		"annotations of its own": {func(h *autoscalingv2.HorizontalPodAutoscaler) {
			h.Annotations = map[string]string{"mine": "kept"}
		}, copyOf(&seconds), []string{"mine"}},
	} {
		t.Run(name, func(t *testing.T) {
			least := int32(1)
			stored := autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web"},
				MinReplicas:    &least, MaxReplicas: 3, Metrics: []autoscalingv2.MetricSpec{cpuMetric(30)}}}
			tc.change(&stored)
			var shown autoscalingv1.HorizontalPodAutoscaler
			if err := AutoscalerToV1(stored.DeepCopy(), &shown); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.share, shown.Spec.TargetCPUUtilizationPercentage); diff != "" {
				t.Errorf("targetCPUUtilizationPercentage (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.notes, slices.Sorted(maps.Keys(shown.Annotations))); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			var back autoscalingv2.HorizontalPodAutoscaler
			AutoscalerFromV1(shown.DeepCopy(), &back)
			if len(back.Annotations) == 0 {
				back.Annotations = nil
			}
			if diff := cmp.Diff(stored, back); diff != "" {
				t.Errorf("there and back (-stored +back):\n%s", diff)
			}
		})
	}
}

func TestAutoscalersOfV1ThatSayLittle(t *testing.T) {
	for name, tc := range map[string]struct {
		annotations map[string]string
		share       *int32
		metrics     []autoscalingv2.MetricSpec
		behavior    bool
	}{
		"nothing is the default":             {metrics: []autoscalingv2.MetricSpec{cpuMetric(defaultUtilization)}},
		"a share":                            {share: copyOf(new(int32)), metrics: []autoscalingv2.MetricSpec{cpuMetric(0)}},
		"what cannot be read says nothing":   {annotations: map[string]string{metricsAnnotation: "{", behaviorAnnotation: "["}, metrics: []autoscalingv2.MetricSpec{cpuMetric(defaultUtilization)}},
		"an empty behaviour is none":         {annotations: map[string]string{behaviorAnnotation: "{}"}, metrics: []autoscalingv2.MetricSpec{cpuMetric(defaultUtilization)}},
		"a behaviour is read in either case": {annotations: map[string]string{behaviorAnnotation: `{"scaleUp":{}}`}, metrics: []autoscalingv2.MetricSpec{cpuMetric(defaultUtilization)}, behavior: true},
	} {
		t.Run(name, func(t *testing.T) {
			var out autoscalingv2.HorizontalPodAutoscaler
			AutoscalerFromV1(&autoscalingv1.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Annotations: tc.annotations},
				Spec: autoscalingv1.HorizontalPodAutoscalerSpec{TargetCPUUtilizationPercentage: tc.share}}, &out)
			if diff := cmp.Diff(tc.metrics, out.Spec.Metrics); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
			if (out.Spec.Behavior != nil) != tc.behavior || len(out.Annotations) != 0 {
				t.Errorf("behaviour %v, annotations %v", out.Spec.Behavior, out.Annotations)
			}
		})
	}
}
