package autoscaler

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
	"k8s.io/utils/ptr"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// autoscaler wants a CPU of 50 % of what is requested, from 1 to 10 replicas, changed by what is given.
func autoscaler(changes ...func(*autoscalingv2.HorizontalPodAutoscalerSpec)) *autoscalingv2.HorizontalPodAutoscaler {
	hpa := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "web"}}
	hpa.Spec = autoscalingv2.HorizontalPodAutoscalerSpec{
		MinReplicas: ptr.To[int32](1), MaxReplicas: 10,
		Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
			Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr.To[int32](50)},
		}}},
	}
	for _, change := range changes {
		change(&hpa.Spec)
	}
	return hpa
}

func between(least, most int32) func(*autoscalingv2.HorizontalPodAutoscalerSpec) {
	return func(spec *autoscalingv2.HorizontalPodAutoscalerSpec) {
		spec.MinReplicas, spec.MaxReplicas = &least, most
	}
}

// behaving is a complete behaviour, with windows in seconds and one policy each way.
func behaving(upWindow, downWindow int32, up, down autoscalingv2.HPAScalingPolicy) func(*autoscalingv2.HorizontalPodAutoscalerSpec) {
	rules := func(window int32, policy autoscalingv2.HPAScalingPolicy) *autoscalingv2.HPAScalingRules {
		return &autoscalingv2.HPAScalingRules{
			StabilizationWindowSeconds: &window, SelectPolicy: ptr.To(autoscalingv2.MaxChangePolicySelect), Policies: []autoscalingv2.HPAScalingPolicy{policy},
		}
	}
	return func(spec *autoscalingv2.HorizontalPodAutoscalerSpec) {
		spec.Behavior = &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: rules(upWindow, up), ScaleDown: rules(downWindow, down)}
	}
}

var (
	double  = autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15}
	oneEach = autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: 1, PeriodSeconds: 60}
)

// pods are Pods that have been Ready for an hour, request 100m, and use so much CPU; below zero, it was not measured.
func pods(millis ...int64) (list []*corev1.Pod, measured []metricsv1beta1.PodMetrics) {
	long := metav1.NewTime(noon.Add(-time.Hour))
	for i, milli := range millis {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("web-%d", i)}}
		pod.Spec.Containers = []corev1.Container{{Name: "app", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")},
		}}}
		pod.Status = corev1.PodStatus{
			Phase: corev1.PodRunning, StartTime: &long,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: long}},
		}
		list = append(list, pod)
		if milli >= 0 {
			measured = append(measured, metricsv1beta1.PodMetrics{
				ObjectMeta: pod.ObjectMeta, Timestamp: metav1.NewTime(noon.Add(-time.Second)), Window: metav1.Duration{Duration: 5 * time.Second},
				Containers: []metricsv1beta1.ContainerMetrics{{Name: "app", Usage: corev1.ResourceList{corev1.ResourceCPU: *resource.NewMilliQuantity(milli, resource.DecimalSI)}}},
			})
		}
	}
	return list, measured
}

// seen is a target of so many replicas with such Pods.
func seen(replicas int32, millis ...int64) observed {
	o := observed{now: noon, scale: &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}, Status: autoscalingv1.ScaleStatus{Replicas: replicas, Selector: "app=web"}}, rivals: []string{"web"}}
	o.pods, o.measured = pods(millis...)
	return o
}

// young makes the last Pod one that has just become Ready.
func young(o observed) observed {
	status := &o.pods[len(o.pods)-1].Status
	status.StartTime = &metav1.Time{Time: noon.Add(-10 * time.Second)}
	status.Conditions[0].LastTransitionTime = metav1.NewTime(noon.Add(-2 * time.Second))
	return o
}

func recommended(entries ...entry) history { return history{recommended: entries} }

func ago(seconds int, replicas int32) entry {
	return entry{noon.Add(-time.Duration(seconds) * time.Second), replicas}
}

func TestDecide(t *testing.T) {
	noRequest := seen(2, 10, 10)
	noRequest.pods[1].Spec.Containers[0].Resources.Requests = nil
	failedScale := observed{now: noon, scaleErr: errors.New(`replicasets.apps "web" not found`)}
	unmeasured := seen(2, -1, -1)
	unmeasured.measuredErr = errors.New("not served")
	rivalled := seen(2, 50, 50)
	rivalled.rivals = []string{"other", "web"}

	type conditions map[autoscalingv2.HorizontalPodAutoscalerConditionType]string
	const (
		able, active, limited = autoscalingv2.AbleToScale, autoscalingv2.ScalingActive, autoscalingv2.ScalingLimited

		ready, valid, within = "True ReadyForNewScale", "True ValidMetricFound", "False DesiredWithinRange"
	)
	for name, test := range map[string]struct {
		hpa        *autoscalingv2.HorizontalPodAutoscaler
		seen       observed
		remembered history
		replicas   int32 // zero: no rescale
		why        string
		conditions conditions
	}{
		"on target":                 {hpa: autoscaler(), seen: seen(2, 50, 50), conditions: conditions{able: ready, active: valid, limited: within}},
		"within the tolerance":      {hpa: autoscaler(), seen: seen(2, 54, 55), conditions: conditions{able: ready, active: valid, limited: within}},
		"just above the tolerance":  {hpa: autoscaler(), seen: seen(2, 56, 56), replicas: 3, why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: ready, active: valid, limited: within}},
		"twice the target":          {hpa: autoscaler(), seen: seen(2, 100, 100), replicas: 4, why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: ready, active: valid, limited: within}},
		"more than the maximum":     {hpa: autoscaler(between(1, 3)), seen: seen(2, 100, 100), replicas: 3, why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: ready, active: valid, limited: "True TooManyReplicas"}},
		"faster than twice":         {hpa: autoscaler(between(1, 100)), seen: seen(3, 900, 900, 900), replicas: 6, why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: ready, active: valid, limited: "True ScaleUpLimit"}},
		"idle, for the first time":  {hpa: autoscaler(), seen: seen(4, 10, 10, 10, 10), why: "All metrics below target", conditions: conditions{able: "True ScaleDownStabilized", active: valid, limited: within}},
		"idle, for long":            {hpa: autoscaler(), seen: seen(4, 10, 10, 10, 10), remembered: recommended(ago(301, 4), ago(200, 1)), replicas: 1, why: "All metrics below target", conditions: conditions{able: ready, active: valid, limited: within}},
		"idle, below the minimum":   {hpa: autoscaler(between(2, 10)), seen: seen(4, 1, 1, 1, 1), remembered: recommended(ago(301, 4)), replicas: 2, why: "All metrics below target", conditions: conditions{able: ready, active: valid, limited: "True TooFewReplicas"}},
		"idle, without a window":    {hpa: autoscaler(behaving(0, 0, double, double)), seen: seen(4, 10, 10, 10, 10), replicas: 1, why: "All metrics below target", conditions: conditions{able: ready, active: valid, limited: within}},
		"idle, one at a time":       {hpa: autoscaler(behaving(0, 0, double, oneEach)), seen: seen(4, 10, 10, 10, 10), replicas: 3, why: "All metrics below target", conditions: conditions{able: ready, active: valid, limited: "True ScaleDownLimit"}},
		"idle, the one has gone":    {hpa: autoscaler(behaving(0, 0, double, oneEach)), seen: seen(3, 10, 10, 10), remembered: history{downs: []entry{ago(30, 1)}}, why: "All metrics below target", conditions: conditions{able: ready, active: valid, limited: "True ScaleDownLimit"}},
		"busy, one at a time":       {hpa: autoscaler(behaving(0, 0, oneEach, double)), seen: seen(2, 100, 100), replicas: 3, why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: ready, active: valid, limited: "True ScaleUpLimit"}},
		"busy, for the first time":  {hpa: autoscaler(behaving(60, 0, double, double)), seen: seen(2, 100, 100), remembered: recommended(ago(30, 2)), why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: "True ScaleUpStabilized", active: valid, limited: within}},
		"above the maximum":         {hpa: autoscaler(between(1, 3)), seen: seen(5), replicas: 3, why: "Current number of replicas above Spec.MaxReplicas", conditions: conditions{able: "True SucceededGetScale"}},
		"below the minimum":         {hpa: autoscaler(between(2, 3)), seen: seen(1), replicas: 2, why: "Current number of replicas below Spec.MinReplicas", conditions: conditions{able: "True SucceededGetScale"}},
		"switched off":              {hpa: autoscaler(), seen: seen(0), conditions: conditions{able: "True SucceededGetScale", active: "False ScalingDisabled"}},
		"no target":                 {hpa: autoscaler(), seen: failedScale, conditions: conditions{able: "False FailedGetScale"}},
		"no metrics":                {hpa: autoscaler(), seen: seen(2, -1, -1), conditions: conditions{able: "True SucceededGetScale", active: "False FailedGetResourceMetric"}},
		"no metrics API":            {hpa: autoscaler(), seen: unmeasured, conditions: conditions{able: "True SucceededGetScale", active: "False FailedGetResourceMetric"}},
		"no request":                {hpa: autoscaler(), seen: noRequest, conditions: conditions{able: "True SucceededGetScale", active: "False FailedGetResourceMetric"}},
		"another autoscaler":        {hpa: autoscaler(), seen: rivalled, conditions: conditions{able: "True SucceededGetScale", active: "False AmbiguousSelector"}},
		"one missing, busy":         {hpa: autoscaler(), seen: seen(2, 150, -1), replicas: 3, why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: ready, active: valid, limited: within}},
		"one missing, idle":         {hpa: autoscaler(behaving(0, 0, double, double)), seen: seen(4, 10, 10, 10, -1), replicas: 3, why: "All metrics below target", conditions: conditions{able: ready, active: valid, limited: within}},
		"one missing, would turn":   {hpa: autoscaler(behaving(0, 0, double, double)), seen: seen(2, 40, -1), conditions: conditions{able: ready, active: valid, limited: within}},
		"a young one, busy":         {hpa: autoscaler(), seen: young(seen(2, 150, 100)), replicas: 3, why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: ready, active: valid, limited: within}},
		"only young ones":           {hpa: autoscaler(), seen: young(seen(1, 150)), conditions: conditions{able: "True SucceededGetScale", active: "False FailedGetResourceMetric"}},
		"a young one, idle":         {hpa: autoscaler(behaving(0, 0, double, double)), seen: young(seen(3, 10, 10, 500)), replicas: 1, why: "All metrics below target", conditions: conditions{able: ready, active: valid, limited: within}},
		"own tolerance, up":         {hpa: autoscaler(behaving(0, 0, double, double), tolerating("0.5")), seen: seen(2, 74, 74), conditions: conditions{able: ready, active: valid, limited: within}},
		"beyond its own tolerance":  {hpa: autoscaler(behaving(0, 0, double, double), tolerating("0.01")), seen: seen(2, 51, 51), replicas: 3, why: "cpu resource utilization (percentage of request) above target", conditions: conditions{able: ready, active: valid, limited: within}},
		"an amount instead":         {hpa: autoscaler(averaging("50m")), seen: seen(2, 100, 100), replicas: 4, why: "cpu resource above target", conditions: conditions{able: ready, active: valid, limited: within}},
		"a metric that nobody has":  {hpa: autoscaler(nobodys), seen: seen(2, 50, 50), conditions: conditions{able: ready, active: valid, limited: within}},
		"nobody's, fewer are asked": {hpa: autoscaler(nobodys), seen: seen(2, 10, 10), conditions: conditions{able: "True SucceededGetScale", active: "False FailedGetPodsMetric"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(test.hpa, test.seen, test.remembered)
			found := conditions{}
			for _, c := range d.status.Conditions {
				found[c.Type] = string(c.Status) + " " + c.Reason
			}
			if diff := cmp.Diff(test.conditions, found); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			if d.rescale != (test.replicas != 0) || d.rescale && d.replicas != test.replicas || d.why != test.why {
				t.Errorf("rescale %v to %d because of %q, want %d because of %q", d.rescale, d.replicas, d.why, test.replicas, test.why)
			}
		})
	}
}

func tolerating(up string) func(*autoscalingv2.HorizontalPodAutoscalerSpec) {
	return func(spec *autoscalingv2.HorizontalPodAutoscalerSpec) {
		spec.Behavior.ScaleUp.Tolerance = ptr.To(resource.MustParse(up))
	}
}

func averaging(value string) func(*autoscalingv2.HorizontalPodAutoscalerSpec) {
	return func(spec *autoscalingv2.HorizontalPodAutoscalerSpec) {
		spec.Metrics[0].Resource.Target = autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: ptr.To(resource.MustParse(value))}
	}
}

func nobodys(spec *autoscalingv2.HorizontalPodAutoscalerSpec) {
	spec.Metrics = append(spec.Metrics, autoscalingv2.MetricSpec{Type: autoscalingv2.PodsMetricSourceType, Pods: &autoscalingv2.PodsMetricSource{
		Metric: autoscalingv2.MetricIdentifier{Name: "queue"}, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: ptr.To(resource.MustParse("1"))},
	}})
}

// TestConcluded: what came of a rescale is told, and remembered where a policy will ask.
func TestConcluded(t *testing.T) {
	hpa := autoscaler(behaving(0, 0, oneEach, double))
	d := decide(hpa, seen(2, 100, 100), history{})
	done := d.concluded(hpa, 2, noon, nil)
	if diff := cmp.Diff([]event{{"Normal", "SuccessfulRescale", "New size: 3; reason: cpu resource utilization (percentage of request) above target"}}, done.events, cmp.AllowUnexported(event{})); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(done.history.ups) != 1 || done.history.ups[0].replicas != 1 || done.status.LastScaleTime == nil || done.status.DesiredReplicas != 3 {
		t.Errorf("not remembered: %+v", done)
	}
	failed := d.concluded(hpa, 2, noon, errors.New("refused"))
	if diff := cmp.Diff([]event{{"Warning", "FailedRescale", "New size: 3; reason: cpu resource utilization (percentage of request) above target; error: refused"}}, failed.events, cmp.AllowUnexported(event{})); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(failed.history.ups) != 0 || failed.status.LastScaleTime != nil || failed.status.DesiredReplicas != 0 {
		t.Errorf("remembered although it failed: %+v", failed)
	}
}
