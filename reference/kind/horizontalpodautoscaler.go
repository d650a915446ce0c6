package kind

import (
	"fmt"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// HorizontalPodAutoscaler scales something by what its Pods use.
var HorizontalPodAutoscaler = Kind{
	GroupVersion: autoscalingv2.SchemeGroupVersion,
	Kind:         "HorizontalPodAutoscaler",
	Resource:     "horizontalpodautoscalers",
	Singular:     "horizontalpodautoscaler",
	ShortNames:   []string{"hpa"},
	Categories:   []string{"all"},
	Namespaced:   true,
	New:          func() runtime.Object { return &autoscalingv2.HorizontalPodAutoscaler{} },
	NewList:      func() runtime.Object { return &autoscalingv2.HorizontalPodAutoscalerList{} },

	Default: func(obj runtime.Object) { defaultAutoscaler(&obj.(*autoscalingv2.HorizontalPodAutoscaler).Spec) },
	PrepareCreate: func(obj runtime.Object) {
		hpa := obj.(*autoscalingv2.HorizontalPodAutoscaler)
		hpa.Status = autoscalingv2.HorizontalPodAutoscalerStatus{}
		hpa.Generation = 1
	},
	PrepareUpdate: func(obj, old runtime.Object) {
		hpa, before := obj.(*autoscalingv2.HorizontalPodAutoscaler), old.(*autoscalingv2.HorizontalPodAutoscaler)
		hpa.Status = before.Status
		hpa.Generation = before.Generation
		if !equality.Semantic.DeepEqual(hpa.Spec, before.Spec) {
			hpa.Generation++
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		hpa := obj.(*autoscalingv2.HorizontalPodAutoscaler)
		errs := validateMeta(&hpa.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
		return append(errs, validateAutoscaler(&hpa.Spec, nil, field.NewPath("spec"))...)
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		hpa, before := obj.(*autoscalingv2.HorizontalPodAutoscaler), old.(*autoscalingv2.HorizontalPodAutoscaler)
		errs := validateMetaUpdate(&hpa.ObjectMeta, &before.ObjectMeta)
		return append(errs, validateAutoscaler(&hpa.Spec, &before.Spec, field.NewPath("spec"))...)
	},
	Status: &Status{
		PrepareUpdate: func(obj, old runtime.Object) {
			obj.(*autoscalingv2.HorizontalPodAutoscaler).Spec = old.(*autoscalingv2.HorizontalPodAutoscaler).Spec
		},
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			hpa, before := obj.(*autoscalingv2.HorizontalPodAutoscaler), old.(*autoscalingv2.HorizontalPodAutoscaler)
			errs := validateMetaUpdate(&hpa.ObjectMeta, &before.ObjectMeta)
			return append(errs, validateAutoscalerStatus(&hpa.Status, field.NewPath("status"))...)
		},
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Reference", Type: "string", Description: autoscalingv2.HorizontalPodAutoscalerSpec{}.SwaggerDoc()["scaleTargetRef"]},
		{Name: "Targets", Type: "string", Description: autoscalingv2.HorizontalPodAutoscalerSpec{}.SwaggerDoc()["metrics"]},
		{Name: "MinPods", Type: "string", Description: autoscalingv2.HorizontalPodAutoscalerSpec{}.SwaggerDoc()["minReplicas"]},
		{Name: "MaxPods", Type: "string", Description: autoscalingv2.HorizontalPodAutoscalerSpec{}.SwaggerDoc()["maxReplicas"]},
		{Name: "Replicas", Type: "string", Description: autoscalingv2.HorizontalPodAutoscalerStatus{}.SwaggerDoc()["currentReplicas"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	},
	Row: func(obj runtime.Object) []any {
		hpa := obj.(*autoscalingv2.HorizontalPodAutoscaler)
		least := "<unset>"
		if hpa.Spec.MinReplicas != nil {
			least = fmt.Sprint(*hpa.Spec.MinReplicas)
		}
		target := hpa.Spec.ScaleTargetRef
		return []any{
			hpa.Name, target.Kind + "/" + target.Name, metricsCell(hpa.Spec.Metrics, hpa.Status.CurrentMetrics), least,
			int64(hpa.Spec.MaxReplicas), int64(hpa.Status.CurrentReplicas), age(hpa.CreationTimestamp),
		}
	},
	AllowUnconditionalUpdate: true,
}

// defaultUtilization is the share of the requested CPU, in percent, that an autoscaler keeps to which names no metric.
const defaultUtilization = 80

// defaultAutoscaler asks for at least one replica and for the use of CPU. A behaviour that says something is completed; how long a
// scale-down waits is left open, since that is the controller's own default.
func defaultAutoscaler(spec *autoscalingv2.HorizontalPodAutoscalerSpec) {
	orDefault(&spec.MinReplicas, 1)
	if len(spec.Metrics) == 0 {
		spec.Metrics = []autoscalingv2.MetricSpec{cpuMetric(defaultUtilization)}
	}
	if spec.Behavior == nil {
		return
	}
	orDefault(&spec.Behavior.ScaleUp, autoscalingv2.HPAScalingRules{})
	orDefault(&spec.Behavior.ScaleUp.StabilizationWindowSeconds, 0)
	defaultScaling(spec.Behavior.ScaleUp,
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: 4, PeriodSeconds: 15},
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15})
	orDefault(&spec.Behavior.ScaleDown, autoscalingv2.HPAScalingRules{})
	defaultScaling(spec.Behavior.ScaleDown,
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15})
}

func defaultScaling(rules *autoscalingv2.HPAScalingRules, policies ...autoscalingv2.HPAScalingPolicy) {
	orDefault(&rules.SelectPolicy, autoscalingv2.MaxChangePolicySelect)
	if rules.Policies == nil {
		rules.Policies = policies
	}
}

// shownMetrics is how many metrics a row has room for.
const shownMetrics = 2

// metricsCell shows what is and what shall be, such as "cpu: 12%/50%".
func metricsCell(specs []autoscalingv2.MetricSpec, statuses []autoscalingv2.MetricStatus) string {
	if len(specs) == 0 {
		return "<none>"
	}
	cells := make([]string, len(specs))
	for i := range specs {
		var status autoscalingv2.MetricStatus
		if i < len(statuses) {
			status = statuses[i]
		}
		cells[i] = metricCell(&specs[i], &status)
	}
	if more := len(cells) - shownMetrics; more > 0 {
		return fmt.Sprintf("%s + %d more...", strings.Join(cells[:shownMetrics], ", "), more)
	}
	return strings.Join(cells, ", ")
}

func metricCell(spec *autoscalingv2.MetricSpec, status *autoscalingv2.MetricStatus) string {
	switch spec.Type {
	case autoscalingv2.ResourceMetricSourceType:
		var current autoscalingv2.MetricValueStatus
		if status.Resource != nil {
			current = status.Resource.Current
		}
		return resourceCell(spec.Resource.Name, &spec.Resource.Target, current)
	case autoscalingv2.ContainerResourceMetricSourceType:
		var current autoscalingv2.MetricValueStatus
		if status.ContainerResource != nil {
			current = status.ContainerResource.Current
		}
		return resourceCell(spec.ContainerResource.Name, &spec.ContainerResource.Target, current)
	case autoscalingv2.PodsMetricSourceType:
		var current autoscalingv2.MetricValueStatus
		if status.Pods != nil {
			current = status.Pods.Current
		}
		return quantityCell(current.AverageValue) + "/" + spec.Pods.Target.AverageValue.String()
	case autoscalingv2.ObjectMetricSourceType:
		var current autoscalingv2.MetricValueStatus
		if status.Object != nil {
			current = status.Object.Current
		}
		return valueCell(&spec.Object.Target, current)
	case autoscalingv2.ExternalMetricSourceType:
		var current autoscalingv2.MetricValueStatus
		if status.External != nil {
			current = status.External.Current
		}
		return valueCell(&spec.External.Target, current)
	}
	return "<unknown type>"
}

func resourceCell(name corev1.ResourceName, target *autoscalingv2.MetricTarget, current autoscalingv2.MetricValueStatus) string {
	if target.AverageValue != nil {
		return fmt.Sprintf("%s: %s/%s", name, quantityCell(current.AverageValue), target.AverageValue)
	}
	is, wanted := "<unknown>", "<auto>"
	if current.AverageUtilization != nil {
		is = fmt.Sprintf("%d%%", *current.AverageUtilization)
	}
	if target.AverageUtilization != nil {
		wanted = fmt.Sprintf("%d%%", *target.AverageUtilization)
	}
	return fmt.Sprintf("%s: %s/%s", name, is, wanted)
}

func valueCell(target *autoscalingv2.MetricTarget, current autoscalingv2.MetricValueStatus) string {
	if target.AverageValue != nil {
		return fmt.Sprintf("%s/%s (avg)", quantityCell(current.AverageValue), target.AverageValue)
	}
	return quantityCell(current.Value) + "/" + target.Value.String()
}

func quantityCell(quantity *resource.Quantity) string {
	if quantity == nil {
		return "<unknown>"
	}
	return quantity.String()
}
