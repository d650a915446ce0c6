package endpoints

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// triggers remembers, for each Service, the times of the changes that its endpoints follow from, for the annotation
// endpoints.kubernetes.io/last-change-trigger-time, from which proxies measure how long a change took to reach them.
type triggers struct {
	mu       sync.Mutex
	services map[string]triggerState
}

type triggerState struct {
	service time.Time
	pods    map[string]time.Time
}

func newTriggers() *triggers { return &triggers{services: map[string]triggerState{}} }

// earliest is the earliest change since the last call: the Service's creation, or a Pod becoming ready or unready. Zero when there was none.
func (t *triggers) earliest(key string, service *corev1.Service, pods []*corev1.Pod) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.services[key]
	current := triggerState{service: service.CreationTimestamp.Time, pods: map[string]time.Time{}}
	var earliest time.Time
	note := func(at, before time.Time) {
		if at.After(before) && (earliest.IsZero() || at.Before(earliest)) {
			earliest = at
		}
	}
	note(current.service, old.service)
	for _, pod := range pods {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady {
				current.pods[pod.Name] = condition.LastTransitionTime.Time
				note(condition.LastTransitionTime.Time, old.pods[pod.Name])
			}
		}
	}
	t.services[key] = current
	return earliest
}

func (t *triggers) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.services, key)
}
