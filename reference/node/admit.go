package node

import (
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	corev1 "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// admit decides whether the node runs a Pod that was bound to it, whoever
// bound it: upstream's pkg/kubelet/lifecycle/predicate.go. others are the Pods
// that the node has already taken on and that still need room.
func admit(pod *v1.Pod, node *v1.Node, others []*v1.Pod) *rejection {
	if os, set := pod.Labels[v1.LabelOSStable]; set && os != "linux" {
		return &rejection{"PodOSSelectorNodeLabelDoesNotMatch", "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"}
	}
	if pod.Spec.OS != nil && pod.Spec.OS.Name != v1.Linux {
		return &rejection{"PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"}
	}
	if r := admitSysctls(pod); r != nil {
		return r
	}
	if r := admitResources(pod, node, others); r != nil {
		return r
	}
	failed := func(name, why string) *rejection {
		return &rejection{name, fmt.Sprintf("Predicate %s failed: %s", name, why)}
	}
	if fits, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node); err != nil || !fits {
		return failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
	}
	if pod.Spec.NodeName != "" && pod.Spec.NodeName != node.Name {
		return failed("NodeName", "node(s) didn't match the requested node name")
	}
	if portsClash(pod, others) {
		return failed("NodePorts", "node(s) didn't have free ports for the requested pod ports")
	}
	if _, untolerated := corev1.FindMatchingUntoleratedTaint(klog.Background(), node.Spec.Taints, pod.Spec.Tolerations,
		func(t *v1.Taint) bool { return t.Effect == v1.TaintEffectNoExecute }, false); untolerated {
		return failed("TaintToleration", "node(s) had taints that the pod didn't tolerate")
	}
	return nil
}

// admitResources checks the number of Pods, then what they request.
func admitResources(pod *v1.Pod, node *v1.Node, others []*v1.Pod) *rejection {
	short := func(name v1.ResourceName, requested, used, capacity int64) *rejection {
		return &rejection{"OutOf" + string(name), fmt.Sprintf(
			"Node didn't have enough resource: %s, requested: %d, used: %d, capacity: %d", name, requested, used, capacity)}
	}
	if most := node.Status.Allocatable.Pods().Value(); int64(len(others))+1 > most {
		return short(v1.ResourcePods, 1, int64(len(others)), most)
	}
	requests := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	names := []v1.ResourceName{v1.ResourceCPU, v1.ResourceMemory, v1.ResourceEphemeralStorage}
	for name := range requests {
		// Extended resources that the node does not know are the cluster's.
		if _, known := node.Status.Allocatable[name]; known && (strings.Contains(string(name), "/") || strings.HasPrefix(string(name), v1.ResourceHugePagesPrefix)) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		amount := func(list v1.ResourceList) int64 {
			q := list[name]
			if name == v1.ResourceCPU {
				return q.MilliValue()
			}
			return q.Value()
		}
		want, used := amount(requests), int64(0)
		if want == 0 {
			continue
		}
		for _, o := range others {
			used += amount(resourcehelper.PodRequests(o, resourcehelper.PodResourcesOptions{}))
		}
		if capacity := amount(node.Status.Allocatable); want > capacity-used {
			return short(name, want, used, capacity)
		}
	}
	return nil
}

type hostPort struct {
	ip       string
	protocol v1.Protocol
	port     int32
}

func hostPorts(pod *v1.Pod) []hostPort {
	var list []hostPort
	for n, containers := range [][]v1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range containers {
			if n == 1 && !sidecar(&containers[i]) {
				continue
			}
			for _, p := range containers[i].Ports {
				port := p.HostPort
				if pod.Spec.HostNetwork {
					port = p.ContainerPort
				}
				if port > 0 {
					list = append(list, hostPort{p.HostIP, p.Protocol, port})
				}
			}
		}
	}
	return list
}

func portsClash(pod *v1.Pod, others []*v1.Pod) bool {
	every := func(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "::" }
	for _, mine := range hostPorts(pod) {
		for _, o := range others {
			for _, theirs := range hostPorts(o) {
				if mine.port == theirs.port && mine.protocol == theirs.protocol &&
					(mine.ip == theirs.ip || every(mine.ip) || every(theirs.ip)) {
					return true
				}
			}
		}
	}
	return false
}
