package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/klog/v2"
)

const (
	// memoryInterval is how often memory is looked at: nothing tells when it
	// runs low.
	memoryInterval = 2 * time.Second
	// pressureLasts is how long a node stays under pressure after the last
	// sign of it, as upstream's transition period, shortened to two intervals
	// of the status.
	pressureLasts = 20 * time.Second
)

// memoryUse is a Pod and what it uses.
type memoryUse struct {
	pod *v1.Pod
	use int64 // bytes
}

// rank puts first the Pods that are to go first when memory runs out: those
// that use more than they requested, then by priority, then by how much more
// they use (upstream's rankMemoryPressure).
func rank(pods []memoryUse) {
	over := func(m memoryUse) int64 {
		requests := resourcehelper.PodRequests(m.pod, resourcehelper.PodResourcesOptions{})
		return m.use - requests.Memory().Value()
	}
	priority := func(m memoryUse) int32 {
		if m.pod.Spec.Priority != nil {
			return *m.pod.Spec.Priority
		}
		return 0
	}
	slices.SortStableFunc(pods, func(a, b memoryUse) int {
		if x, y := over(a) > 0, over(b) > 0; x != y {
			if x {
				return -1
			}
			return 1
		}
		if order := cmp.Compare(priority(a), priority(b)); order != 0 {
			return order
		}
		switch x, y := over(a), over(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
}

// availableMemory is what is left for new allocations without reclaiming what
// is in use, in the node's own cgroup if that is limited.
func availableMemory(capacity int64) (int64, error) {
	available, err := meminfo("MemAvailable")
	if err != nil {
		return 0, err
	}
	if use, ok := cgroupWorkingSet(); ok {
		if _, limited := cgroupMemoryLimit(); limited {
			available = min(available, capacity-use)
		}
	}
	return available, nil
}

// watchMemory evicts Pods, one at a time, while memory runs short.
func (a *Agent) watchMemory(ctx context.Context) {
	ticker := time.NewTicker(memoryInterval)
	defer ticker.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		available, err := availableMemory(a.machine.memory)
		if err != nil {
			klog.FromContext(ctx).Error(err, "Memory not known")
			continue
		}
		threshold := a.options.evictionMemory()
		short := available < threshold
		if short {
			last = time.Now()
		}
		if under := short || time.Since(last) < pressureLasts; under != a.memoryPressure.Load() {
			a.memoryPressure.Store(under)
			a.nudgeStatus()
		}
		if short {
			a.evictOne(ctx, threshold, available)
		}
	}
}

// evictOne evicts the Pod that comes first, unless one is already on its way.
func (a *Agent) evictOne(ctx context.Context, threshold, available int64) {
	a.mu.Lock()
	var pods []memoryUse
	busy := false
	for uid, w := range a.workers {
		pod, status := w.pod(), w.snapshot()
		if terminalPhase(status.Phase) || critical(pod) {
			continue
		}
		busy = busy || pod.DeletionTimestamp != nil || w.evicting.Load()
		if stats, err := a.runtime.SandboxStats(ctx, string(uid)); err == nil {
			pods = append(pods, memoryUse{pod, stats.MemoryWorkingSet})
		}
	}
	a.mu.Unlock()
	if busy || len(pods) == 0 {
		return
	}
	rank(pods)
	victim := pods[0]
	message := fmt.Sprintf("The node was low on resource: memory. Threshold quantity: %s, available: %s. ",
		resource.NewQuantity(threshold, resource.BinarySI), resource.NewQuantity(available>>10<<10, resource.BinarySI))
	// What is measured is the Pod's use: which of several containers it was is not known.
	if containers := victim.pod.Spec.Containers; len(containers) == 1 {
		message += fmt.Sprintf("Container %s was using %s, request is %s, has larger consumption of memory. ",
			containers[0].Name, resource.NewQuantity(victim.use>>10<<10, resource.BinarySI), containers[0].Resources.Requests.Memory())
	}
	klog.FromContext(ctx).Info("Evicting a Pod, memory runs short", "pod", klog.KObj(victim.pod), "available", available)
	a.mu.Lock()
	w := a.workers[victim.pod.UID]
	a.mu.Unlock()
	if w != nil {
		w.evict(message)
	}
}

func critical(pod *v1.Pod) bool {
	return pod.Spec.Priority != nil && *pod.Spec.Priority >= 2000000000
}
