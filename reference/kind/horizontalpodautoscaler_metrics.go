package kind

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateMetrics judges what an autoscaler goes by. Only metrics that exist without Pods let it scale to none.
func validateMetrics(spec, old *autoscalingv2.HorizontalPodAutoscalerSpec, path *field.Path) field.ErrorList {
	described := groupOptional
	if old != nil && describesWrongly(old.Metrics) {
		described = anyVersion
	}
	var errs field.ErrorList
	outside := false
	for i := range spec.Metrics {
		errs = append(errs, validateMetric(&spec.Metrics[i], described, path.Index(i))...)
		kind := spec.Metrics[i].Type
		outside = outside || kind == autoscalingv2.ObjectMetricSourceType || kind == autoscalingv2.ExternalMetricSourceType
	}
	if spec.MinReplicas != nil && *spec.MinReplicas == 0 && !outside {
		errs = append(errs, field.Forbidden(path, "must specify at least one Object or External metric to support scaling to zero replicas"))
	}
	return errs
}

// describesWrongly finds objects whose version would be refused today.
func describesWrongly(metrics []autoscalingv2.MetricSpec) bool {
	for i := range metrics {
		if object := metrics[i].Object; object != nil && groupOptional.check(object.DescribedObject.APIVersion) != nil {
			return true
		}
	}
	return false
}

var metricTypes = []autoscalingv2.MetricSourceType{
	autoscalingv2.ContainerResourceMetricSourceType, autoscalingv2.ExternalMetricSourceType, autoscalingv2.ObjectMetricSourceType,
	autoscalingv2.PodsMetricSourceType, autoscalingv2.ResourceMetricSourceType,
}

// validateMetric demands the source that the type names, and no other. Of several sources only the first is looked into.
func validateMetric(metric *autoscalingv2.MetricSpec, described versionRule, path *field.Path) field.ErrorList {
	sources := []struct {
		kind     autoscalingv2.MetricSourceType
		name     string
		there    bool
		validate func(*field.Path) field.ErrorList
	}{
		{autoscalingv2.ObjectMetricSourceType, "object", metric.Object != nil, func(path *field.Path) field.ErrorList {
			errs := validateReference(metric.Object.DescribedObject, described, path.Child("describedObject"))
			errs = append(errs, validateIdentifier(metric.Object.Metric, path.Child("metric"))...)
			return append(errs, validateValues(&metric.Object.Target, "must set either a target value or averageValue", path.Child("target"))...)
		}},
		{autoscalingv2.ExternalMetricSourceType, "external", metric.External != nil, func(path *field.Path) field.ErrorList {
			target := &metric.External.Target
			errs := validateIdentifier(metric.External.Metric, path.Child("metric"))
			errs = append(errs, validateValues(target, "must set either a target value for metric or a per-pod target", path.Child("target"))...)
			if target.Value != nil && target.AverageValue != nil {
				errs = append(errs, field.Forbidden(path.Child("target", "value"), "may not set both a target value for metric and a per-pod target"))
			}
			return errs
		}},
		{autoscalingv2.PodsMetricSourceType, "pods", metric.Pods != nil, func(path *field.Path) field.ErrorList {
			errs := validateIdentifier(metric.Pods.Metric, path.Child("metric"))
			errs = append(errs, validateTarget(&metric.Pods.Target, path.Child("target"))...)
			if metric.Pods.Target.AverageValue == nil {
				errs = append(errs, field.Required(path.Child("target", "averageValue"), "must specify a positive target averageValue"))
			}
			return errs
		}},
		{autoscalingv2.ResourceMetricSourceType, "resource", metric.Resource != nil, func(path *field.Path) field.ErrorList {
			var errs field.ErrorList
			if metric.Resource.Name == "" {
				errs = append(errs, field.Required(path.Child("name"), "must specify a resource name"))
			}
			return append(errs, validateUse(&metric.Resource.Target, path.Child("target"))...)
		}},
		{autoscalingv2.ContainerResourceMetricSourceType, "containerResource", metric.ContainerResource != nil, func(path *field.Path) field.ErrorList {
			return validateContainerUse(metric.ContainerResource, path)
		}},
	}
	var errs field.ErrorList
	if metric.Type == "" {
		errs = append(errs, field.Required(path.Child("type"), "must specify a metric source type"))
	}
	known, found := false, 0
	for _, source := range sources {
		known = known || source.kind == metric.Type
	}
	if !known {
		errs = append(errs, field.NotSupported(path.Child("type"), metric.Type, metricTypes))
	}
	for _, source := range sources {
		if source.there {
			if found++; found == 1 {
				errs = append(errs, source.validate(path.Child(source.name))...)
			}
		}
	}
	for _, source := range sources {
		if source.kind == metric.Type && !source.there {
			errs = append(errs, field.Required(path.Child(source.name), "must populate information for the given metric source"))
		}
	}
	if !known {
		errs = append(errs, field.NotSupported(path.Child("type"), metric.Type, metricTypes))
	}
	for _, source := range sources {
		if found > 1 && source.there && source.kind != metric.Type {
			errs = append(errs, field.Forbidden(path.Child(source.name), "must populate the given metric source only"))
		}
	}
	return errs
}

func validateContainerUse(source *autoscalingv2.ContainerResourceMetricSource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if source.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), "must specify a resource name"))
	} else {
		errs = append(errs, validateContainerResourceName(source.Name, path.Child("name"))...)
	}
	if source.Container == "" {
		errs = append(errs, field.Required(path.Child("container"), "must specify a container"))
	} else {
		errs = append(errs, validateDNSLabel(source.Container, path.Child("container"))...)
	}
	return append(errs, validateUse(&source.Target, path.Child("target"))...)
}

// validateUse demands either a share of what is requested or an amount.
func validateUse(target *autoscalingv2.MetricTarget, path *field.Path) field.ErrorList {
	errs := validateTarget(target, path)
	if target.AverageUtilization == nil && target.AverageValue == nil {
		errs = append(errs, field.Required(path.Child("averageUtilization"), "must set either a target raw value or a target utilization"))
	}
	if target.AverageUtilization != nil && target.AverageValue != nil {
		errs = append(errs, field.Forbidden(path.Child("averageValue"), "may not set both a target raw value and a target utilization"))
	}
	return errs
}

// validateValues demands an amount, for all Pods or for each.
func validateValues(target *autoscalingv2.MetricTarget, missing string, path *field.Path) field.ErrorList {
	errs := validateTarget(target, path)
	if target.Value == nil && target.AverageValue == nil {
		errs = append(errs, field.Required(path.Child("averageValue"), missing))
	}
	return errs
}

func validateTarget(target *autoscalingv2.MetricTarget, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if target.Type == "" {
		errs = append(errs, field.Required(path.Child("type"), "must specify a metric target type"))
	}
	switch target.Type {
	case autoscalingv2.UtilizationMetricType, autoscalingv2.ValueMetricType, autoscalingv2.AverageValueMetricType:
	default:
		errs = append(errs, field.Invalid(path.Child("type"), target.Type, "must be either Utilization, Value, or AverageValue"))
	}
	if target.Value != nil && target.Value.Sign() != 1 {
		errs = append(errs, field.Invalid(path.Child("value"), target.Value, "must be positive"))
	}
	if target.AverageValue != nil && target.AverageValue.Sign() != 1 {
		errs = append(errs, field.Invalid(path.Child("averageValue"), target.AverageValue, "must be positive"))
	}
	if target.AverageUtilization != nil && *target.AverageUtilization < 1 {
		errs = append(errs, field.Invalid(path.Child("averageUtilization"), target.AverageUtilization, "must be greater than 0"))
	}
	return errs
}

func validateIdentifier(metric autoscalingv2.MetricIdentifier, path *field.Path) field.ErrorList {
	return validateSegment(metric.Name, "must specify a metric name", path.Child("name"))
}
