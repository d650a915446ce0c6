package node

import (
	v1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// CPU in cgroups, as upstream's pkg/kubelet/cm/helpers_linux.go converts it.
const (
	minShares   = 2
	maxShares   = 262144
	quotaPeriod = 100000 // microseconds
	minQuota    = 1000   // microseconds
)

func milliCPUToShares(milli int64) uint64 {
	return uint64(min(max(milli*1024/1000, minShares), maxShares))
}

// milliCPUToQuota gives microseconds a period; 0: no limit.
func milliCPUToQuota(milli int64) int64 {
	if milli == 0 {
		return 0
	}
	return max(milli*quotaPeriod/1000, minQuota)
}

// qosClass is the class in the status, or what the resources make of the Pod.
func qosClass(pod *v1.Pod) v1.PodQOSClass {
	if pod.Status.QOSClass != "" {
		return pod.Status.QOSClass
	}
	if resourcehelper.IsPodLevelResourcesSet(pod) {
		return requirementsClass(pod.Spec.Resources)
	}
	var class v1.PodQOSClass
	for _, list := range [][]v1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			c := requirementsClass(&list[i].Resources)
			if class == "" {
				class = c
			}
			if c != class || c == v1.PodQOSBurstable {
				return v1.PodQOSBurstable
			}
		}
	}
	if class == "" {
		return v1.PodQOSBestEffort
	}
	return class
}

func requirementsClass(r *v1.ResourceRequirements) v1.PodQOSClass {
	var class v1.PodQOSClass
	for _, name := range []v1.ResourceName{v1.ResourceCPU, v1.ResourceMemory} {
		request, limit := r.Requests[name], r.Limits[name]
		c := v1.PodQOSGuaranteed
		switch {
		case !request.Equal(limit):
			c = v1.PodQOSBurstable
		case request.IsZero():
			c = v1.PodQOSBestEffort
		}
		if class == "" {
			class = c
		}
		if c != class {
			return v1.PodQOSBurstable
		}
	}
	return class
}

// podResources are the Pod-level figures that 1.37 reports for every Pod.
func podResources(pod *v1.Pod) (allocated v1.ResourceList, resources *v1.ResourceRequirements) {
	requests := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	resources = pod.Spec.Resources.DeepCopy()
	if resources == nil {
		resources = &v1.ResourceRequirements{}
	}
	if len(requests) > 0 {
		resources.Requests = requests
	}
	if limits := resourcehelper.PodLimits(pod, resourcehelper.PodResourcesOptions{}); len(limits) > 0 {
		resources.Limits = limits
	}
	if len(requests) == 0 {
		requests = nil
	}
	return requests, resources
}

// sandboxResources limit the Pod's cgroup: the requests' sum as shares; limits
// only when every container has one.
func sandboxResources(pod *v1.Pod) runtime.Resources {
	class := qosClass(pod)
	if class == v1.PodQOSBestEffort {
		return runtime.Resources{CPUShares: minShares}
	}
	requests := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	limits := resourcehelper.PodLimits(pod, resourcehelper.PodResourcesOptions{})
	allCPU, allMemory := true, true
	for _, list := range [][]v1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			allCPU = allCPU && !list[i].Resources.Limits.Cpu().IsZero()
			allMemory = allMemory && !list[i].Resources.Limits.Memory().IsZero()
		}
	}
	if resourcehelper.IsPodLevelResourcesSet(pod) {
		allCPU = allCPU || !pod.Spec.Resources.Limits.Cpu().IsZero()
		allMemory = allMemory || !pod.Spec.Resources.Limits.Memory().IsZero()
	}
	r := runtime.Resources{CPUShares: milliCPUToShares(requests.Cpu().MilliValue())}
	if allCPU {
		r.CPUQuota, r.CPUPeriod = milliCPUToQuota(limits.Cpu().MilliValue()), quotaPeriod
	}
	if allMemory {
		r.MemoryLimit = limits.Memory().Value()
	}
	return r
}

// containerResources limit a container's cgroup. A CPU limit without a
// request stands for the request.
func containerResources(pod *v1.Pod, c *v1.Container) runtime.Resources {
	cpuLimit, memoryLimit := c.Resources.Limits.Cpu(), c.Resources.Limits.Memory()
	if resourcehelper.IsPodLevelResourcesSet(pod) {
		if cpuLimit.IsZero() {
			cpuLimit = pod.Spec.Resources.Limits.Cpu()
		}
		if memoryLimit.IsZero() {
			memoryLimit = pod.Spec.Resources.Limits.Memory()
		}
	}
	cpuRequest, set := c.Resources.Requests[v1.ResourceCPU]
	if !set {
		cpuRequest = *cpuLimit
	}
	r := runtime.Resources{CPUShares: milliCPUToShares(cpuRequest.MilliValue()), MemoryLimit: memoryLimit.Value()}
	if quota := milliCPUToQuota(cpuLimit.MilliValue()); quota > 0 {
		r.CPUQuota, r.CPUPeriod = quota, quotaPeriod
	}
	return r
}

// oomScoreAdj makes the kernel prefer, when memory runs out, containers that
// use more than they requested (upstream's pkg/kubelet/qos/policy.go).
func oomScoreAdj(pod *v1.Pod, c *v1.Container, memoryCapacity int64) int {
	const guaranteed, bestEffort = -997, 1000
	if pod.Spec.Priority != nil && *pod.Spec.Priority >= 2000001000 {
		return guaranteed // system-node-critical
	}
	switch qosClass(pod) {
	case v1.PodQOSGuaranteed:
		return guaranteed
	case v1.PodQOSBestEffort:
		return bestEffort
	}
	if memoryCapacity <= 0 {
		return bestEffort - 1
	}
	adj := bestEffort - int(1000*c.Resources.Requests.Memory().Value()/memoryCapacity)
	if isSidecar(pod, c.Name) {
		least := int64(-1)
		for i := range pod.Spec.Containers {
			if m := pod.Spec.Containers[i].Resources.Requests.Memory().Value(); least < 0 || m < least {
				least = m
			}
		}
		adj = min(adj, bestEffort-int(1000*max(least, 0)/memoryCapacity))
	}
	return min(max(adj, bestEffort+guaranteed), bestEffort-1)
}
