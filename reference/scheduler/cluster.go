package scheduler

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/component-helpers/resource"
)

// amounts are quantities of resources: CPU in thousandths of a core, all else in its own unit.
type amounts map[corev1.ResourceName]int64

func amountsOf(list corev1.ResourceList) amounts {
	result := make(amounts, len(list))
	for name, quantity := range list {
		if name == corev1.ResourceCPU {
			result[name] = quantity.MilliValue()
		} else {
			result[name] = quantity.Value()
		}
	}
	return result
}

func (a amounts) add(b amounts, sign int64) {
	for name, amount := range b {
		a[name] += sign * amount
	}
}

// What a container that requests nothing is taken to use when nodes are compared, as upstream does; it is not reserved.
const (
	assumedMilliCPU = 100
	assumedMemory   = 200 * 1024 * 1024
)

// placedPod is a Pod as the node that it is on, or may come to, sees it.
type placedPod struct {
	pod       *corev1.Pod
	requests  amounts // what it reserves
	estimated amounts // the same, with assumptions for containers that request nothing
	ports     []hostPort
}

type hostPort struct {
	address  string
	protocol corev1.Protocol
	port     int32
}

func placed(pod *corev1.Pod) *placedPod {
	options := resource.PodResourcesOptions{UseStatusResources: pod.Spec.NodeName != ""}
	requests := resource.PodRequests(pod, options)
	options.NonMissingContainerRequests = corev1.ResourceList{
		corev1.ResourceCPU:    *milli(assumedMilliCPU),
		corev1.ResourceMemory: *bytes(assumedMemory),
	}
	return &placedPod{pod: pod, requests: amountsOf(requests), estimated: amountsOf(resource.PodRequests(pod, options)), ports: hostPortsOf(pod)}
}

func hostPortsOf(pod *corev1.Pod) []hostPort {
	var ports []hostPort
	collect := func(container corev1.Container) {
		for _, port := range container.Ports {
			if port.HostPort <= 0 {
				continue
			}
			used := hostPort{address: port.HostIP, protocol: port.Protocol, port: port.HostPort}
			if used.address == "" {
				used.address = netip.IPv4Unspecified().String()
			}
			if used.protocol == "" {
				used.protocol = corev1.ProtocolTCP
			}
			ports = append(ports, used)
		}
	}
	for _, container := range pod.Spec.InitContainers {
		if container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			collect(container)
		}
	}
	for _, container := range pod.Spec.Containers {
		collect(container)
	}
	return ports
}

// conflicts tells whether two uses of a port exclude each other: same protocol and number, and the same address or one of them any.
func (p hostPort) conflicts(q hostPort) bool {
	anyAddress := netip.IPv4Unspecified().String()
	return p.port == q.port && p.protocol == q.protocol && (p.address == q.address || p.address == anyAddress || q.address == anyAddress)
}

// host is a node with the Pods that are on it or were promised to it.
type host struct {
	node        *corev1.Node // nil while only Pods bound to it are known
	allocatable amounts
	pods        map[types.UID]*placedPod
	requested   amounts
	estimated   amounts
}

func newHost() *host {
	return &host{pods: map[types.UID]*placedPod{}, requested: amounts{}, estimated: amounts{}}
}

func (h *host) setNode(node *corev1.Node) {
	h.node = node
	h.allocatable = nil
	if node != nil {
		h.allocatable = amountsOf(node.Status.Allocatable)
	}
}

func (h *host) put(pod *placedPod) {
	h.take(pod.pod.UID)
	h.pods[pod.pod.UID] = pod
	h.requested.add(pod.requests, 1)
	h.estimated.add(pod.estimated, 1)
}

func (h *host) take(uid types.UID) {
	if known, ok := h.pods[uid]; ok {
		delete(h.pods, uid)
		h.requested.add(known.requests, -1)
		h.estimated.add(known.estimated, -1)
	}
}

// cluster is what a decision rests on.
type cluster struct {
	hosts []*host // with a node, by name
	// spreadSelector selects the Pods that the given one should be kept apart from: those of its Services and its owner.
	spreadSelector func(pod *corev1.Pod) labels.Selector
	// namespaceLabels are the labels of a namespace, nil when it is not known.
	namespaceLabels func(name string) labels.Set
	stored          *stored
}

func sortedHosts(hosts map[string]*host) []*host {
	var sorted []*host
	for _, h := range hosts {
		if h.node != nil {
			sorted = append(sorted, h)
		}
	}
	slices.SortFunc(sorted, func(a, b *host) int { return cmp.Compare(a.node.Name, b.node.Name) })
	return sorted
}

// countMatching counts the host's Pods of a namespace that the selector matches; terminating ones make room and do not count.
func (h *host) countMatching(namespace string, selector labels.Selector) int {
	if selector.Empty() {
		return 0
	}
	count := 0
	for _, other := range h.pods {
		if other.pod.DeletionTimestamp == nil && other.pod.Namespace == namespace && selector.Matches(labels.Set(other.pod.Labels)) {
			count++
		}
	}
	return count
}

func selectorOf(selector *metav1.LabelSelector) labels.Selector {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return labels.Nothing()
	}
	return parsed
}
