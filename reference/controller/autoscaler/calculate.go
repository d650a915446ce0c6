package autoscaler

import (
	"errors"
	"fmt"
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	resourcehelper "k8s.io/component-helpers/resource"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

// Upstream's defaults.
const (
	// defaultTolerance is how far the use may be from its target before anything is done.
	defaultTolerance = 0.1
	// startPeriod is how long after its start the use of CPU of a Pod is doubted: it counts when the Pod has been ready for a window.
	startPeriod = 5 * time.Minute
	// neverReadyPeriod is how soon after its start a Pod may have become unready and still count as one that never was ready.
	neverReadyPeriod = 30 * time.Second
)

// tolerances are how far below and above the target the use may be, as parts of it.
type tolerances struct{ down, up float64 }

func (t tolerances) cover(ratio float64) bool { return 1-t.down <= ratio && ratio <= 1+t.up }

// sample is what a Pod was measured to use, in thousandths.
type sample struct {
	value  int64
	at     time.Time
	window time.Duration
}

// samplesOf takes from what was measured the use of a resource, by Pod: of one container, if that is named, else of all, each of
// which has to be measured.
func samplesOf(measured []metricsv1beta1.PodMetrics, resource corev1.ResourceName, container string) map[string]sample {
	found := map[string]sample{}
	for i := range measured {
		m := &measured[i]
		s := sample{at: m.Timestamp.Time, window: m.Window.Duration}
		complete, seen := true, false
		for _, c := range m.Containers {
			if container != "" && container != c.Name {
				continue
			}
			value, ok := c.Usage[resource]
			s.value += value.MilliValue()
			complete, seen = complete && ok, true
		}
		if complete && seen {
			found[m.Name] = s
		}
	}
	return found
}

// groups are the Pods of a target by what their samples are worth. Those that are going or have failed are in none.
type groups struct {
	ready   int
	unready sets.Set[string] // not started, or too young to be judged by their use of CPU
	missing sets.Set[string] // not measured
}

// group sorts the Pods, and leaves in samples only those that count (upstream's groupPods).
func group(pods []*corev1.Pod, samples map[string]sample, resource corev1.ResourceName, now time.Time) groups {
	g := groups{unready: sets.New[string](), missing: sets.New[string]()}
	for _, pod := range pods {
		s, measured := samples[pod.Name]
		switch {
		case pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodFailed:
			delete(samples, pod.Name)
		case pod.Status.Phase == corev1.PodPending:
			g.unready.Insert(pod.Name)
			delete(samples, pod.Name)
		case !measured:
			g.missing.Insert(pod.Name)
		case resource == corev1.ResourceCPU && tooYoung(pod, s, now):
			g.unready.Insert(pod.Name)
			delete(samples, pod.Name)
		default:
			g.ready++
		}
	}
	return g
}

func tooYoung(pod *corev1.Pod, s sample, now time.Time) bool {
	var ready *corev1.PodCondition
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == corev1.PodReady {
			ready = &pod.Status.Conditions[i]
		}
	}
	if ready == nil || pod.Status.StartTime == nil {
		return true
	}
	unready := ready.Status == corev1.ConditionFalse
	changed := ready.LastTransitionTime.Time
	if pod.Status.StartTime.Add(startPeriod).After(now) {
		return unready || s.at.Before(changed.Add(s.window))
	}
	return unready && pod.Status.StartTime.Add(neverReadyPeriod).After(changed)
}

var errNoSamples = errors.New("did not receive metrics for targeted pods (pods might be unready)")

// proposal is how many replicas a metric asks for, and what it shows now.
type proposal struct {
	replicas int32
	average  int64 // thousandths
	// utilization is in percent of what is requested; it means nothing for a target that is an amount.
	utilization int32
}

// measure compares samples with the target: how many times as much is used, and what a status shows of it.
type measure func(samples map[string]sample) (ratio float64, shown proposal, err error)

// againstValue measures by the average amount, in thousandths.
func againstValue(target int64) measure {
	return func(samples map[string]sample) (float64, proposal, error) {
		var total int64
		for _, s := range samples {
			total += s.value
		}
		average := total / int64(len(samples))
		return float64(average) / float64(target), proposal{average: average}, nil
	}
}

// againstRequests measures by the share of what is requested, in percent.
func againstRequests(target int32, requests map[string]int64) measure {
	return func(samples map[string]sample) (float64, proposal, error) {
		var total, requested, count int64
		for pod, s := range samples {
			if request, ok := requests[pod]; ok {
				total, requested, count = total+s.value, requested+request, count+1
			}
		}
		if requested == 0 {
			return 0, proposal{}, errors.New("no metrics returned matched known pods")
		}
		utilization := int32(total * 100 / requested)
		return float64(utilization) / float64(target), proposal{average: total / count, utilization: utilization}, nil
	}
}

// propose says how many replicas would bring the use to its target (upstream's replica_calculator.go). Pods that are not measured, or
// not ready, are taken to use what speaks against a change: nothing when more are wanted, and instead, which is in thousandths, when
// fewer are. They never turn the direction.
func propose(current int32, g groups, samples map[string]sample, measure measure, tolerated tolerances, instead func(pod string) int64) (proposal, error) {
	ratio, shown, err := measure(samples)
	if err != nil {
		return proposal{}, err
	}
	proposed := shown
	proposed.replicas = current
	unreadyCount := len(g.unready) > 0 && ratio > 1
	if !unreadyCount && len(g.missing) == 0 {
		if !tolerated.cover(ratio) {
			proposed.replicas = int32(math.Ceil(ratio * float64(g.ready)))
		}
		return proposed, nil
	}
	for pod := range g.missing {
		switch {
		case ratio < 1:
			samples[pod] = sample{value: instead(pod)}
		case ratio > 1:
			samples[pod] = sample{}
		}
	}
	if unreadyCount {
		for pod := range g.unready {
			samples[pod] = sample{}
		}
	}
	again, _, err := measure(samples)
	if err != nil {
		return proposal{}, err
	}
	if tolerated.cover(again) || ratio < 1 && again > 1 || ratio > 1 && again < 1 {
		return proposed, nil
	}
	replicas := int32(math.Ceil(again * float64(len(samples))))
	if again < 1 && replicas > current || again > 1 && replicas < current {
		return proposed, nil
	}
	proposed.replicas = replicas
	return proposed, nil
}

// requestsOf is what each Pod requests of a resource, in thousandths: one container, if that is named, else the Pod as a whole, or all
// its containers, each of which has to request it.
func requestsOf(pods []*corev1.Pod, resource corev1.ResourceName, container string) (map[string]int64, error) {
	requests := map[string]int64{}
	for _, pod := range pods {
		var err error
		if container == "" && resourcehelper.IsPodLevelRequestsSet(pod) {
			request, ok := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})[resource]
			if !ok {
				return nil, fmt.Errorf("missing pod-level request for %s in Pod %s", resource, pod.Name)
			}
			requests[pod.Name] = request.MilliValue()
		} else if requests[pod.Name], err = requestOfContainers(pod, resource, container); err != nil {
			return nil, err
		}
	}
	return requests, nil
}

func requestOfContainers(pod *corev1.Pod, resource corev1.ResourceName, container string) (int64, error) {
	containers := append([]corev1.Container{}, pod.Spec.Containers...)
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, c)
		}
	}
	var total int64
	found := false
	for _, c := range containers {
		if container != "" && container != c.Name {
			continue
		}
		request, ok := c.Resources.Requests[resource]
		if !ok {
			return 0, fmt.Errorf("missing request for %s in container %s of Pod %s", resource, c.Name, pod.Name)
		}
		total, found = total+request.MilliValue(), true
	}
	if container != "" && !found {
		return 0, fmt.Errorf("container %s not found in Pod %s", container, pod.Name)
	}
	return total, nil
}
