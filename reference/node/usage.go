package node

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

// usageInterval is how often use is read, and so the window over which the use
// of CPU is a rate. It is half of the shortest that metrics-server knows.
const usageInterval = 5 * time.Second

// reading is what something has used so far.
type reading struct {
	at     time.Time
	cpu    time.Duration // core time since its start
	memory int64         // bytes, the working set
}

// readings are the last two of one thing: a rate needs both.
type readings struct{ before, last reading }

// add takes in a newer reading. One that counts less core time is of
// something else.
func (r readings) add(next reading) readings {
	if next.cpu < r.last.cpu {
		return readings{last: next}
	}
	return readings{before: r.last, last: next}
}

// usage is what was used between the two readings; not ok until there are two.
func (r readings) usage() (list v1.ResourceList, ok bool) {
	window := r.window()
	if r.before.at.IsZero() || window <= 0 {
		return nil, false
	}
	rate := float64((r.last.cpu - r.before.cpu).Nanoseconds()) / window.Seconds()
	cpu := resource.NewScaledQuantity(int64(rate), resource.Nano)
	cpu.Format = resource.DecimalSI
	return v1.ResourceList{v1.ResourceCPU: *cpu, v1.ResourceMemory: *resource.NewQuantity(r.last.memory, resource.BinarySI)}, true
}

func (r readings) window() time.Duration { return r.last.at.Sub(r.before.at) }

// measured are the containers of a Pod that run, by name.
type measured map[string]readings

// metrics is what a Pod uses. One of whose running containers any has been
// read only once has none yet, as with metrics-server. Time and window are
// those of the container that was read first.
func (m measured) metrics(pod types.NamespacedName) (metricsv1beta1.PodMetrics, bool) {
	metrics := metricsv1beta1.PodMetrics{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	for name, r := range m {
		usage, ok := r.usage()
		if !ok {
			return metrics, false
		}
		if metrics.Timestamp.IsZero() || r.last.at.Before(metrics.Timestamp.Time) {
			metrics.Timestamp, metrics.Window = metav1.NewTime(r.last.at), metav1.Duration{Duration: r.window()}
		}
		metrics.Containers = append(metrics.Containers, metricsv1beta1.ContainerMetrics{Name: name, Usage: usage})
	}
	slices.SortFunc(metrics.Containers, func(a, b metricsv1beta1.ContainerMetrics) int { return strings.Compare(a.Name, b.Name) })
	return metrics, len(metrics.Containers) > 0
}

// usages is what was last measured of the node and its Pods.
type usages struct {
	mu         sync.Mutex
	node       readings
	pods       map[types.UID]measured
	names      map[types.UID]types.NamespacedName
	containers map[string]readings // by ID
}

// measureUsage reads what the node and its Pods use, until ctx ends.
func (a *Agent) measureUsage(ctx context.Context) {
	ticker := time.NewTicker(usageInterval)
	defer ticker.Stop()
	for {
		a.readUsage(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (a *Agent) readUsage(ctx context.Context) {
	node, err := nodeReading()
	if err != nil {
		klog.FromContext(ctx).Error(err, "The node's use is not known")
	}
	a.mu.Lock()
	running := make(map[types.UID]runningPod, len(a.workers))
	for uid, w := range a.workers {
		running[uid] = runningContainers(w.pod(), w.snapshot())
	}
	a.mu.Unlock()

	u := &a.usages
	pods, names, containers := map[types.UID]measured{}, map[types.UID]types.NamespacedName{}, map[string]readings{}
	for uid, pod := range running {
		pods[uid], names[uid] = measured{}, pod.name
		for name, id := range pod.containers {
			stats, err := a.runtime.Stats(ctx, id)
			if err != nil {
				continue // it has ended
			}
			read := u.containers[id].add(reading{stats.Time, stats.CPUUsage, stats.MemoryWorkingSet})
			containers[id], pods[uid][name] = read, read
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if err == nil {
		u.node = u.node.add(node)
	}
	u.pods, u.names, u.containers = pods, names, containers
}

// runningPod is a Pod's name, and the IDs of the containers that run, by name.
type runningPod struct {
	name       types.NamespacedName
	containers map[string]string
}

func runningContainers(pod *v1.Pod, status v1.PodStatus) runningPod {
	found := runningPod{types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, map[string]string{}}
	for _, list := range [][]v1.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses} {
		for i := range list {
			if list[i].State.Running != nil {
				found.containers[list[i].Name] = strings.TrimPrefix(list[i].ContainerID, containerIDPrefix)
			}
		}
	}
	return found
}

// NodeUsage is what the node uses; not ok until it was measured.
func (a *Agent) NodeUsage() (metricsv1beta1.NodeMetrics, bool) {
	a.usages.mu.Lock()
	defer a.usages.mu.Unlock()
	read := a.usages.node
	usage, ok := read.usage()
	return metricsv1beta1.NodeMetrics{
		ObjectMeta: metav1.ObjectMeta{Name: a.options.Name},
		Timestamp:  metav1.NewTime(read.last.at), Window: metav1.Duration{Duration: read.window()}, Usage: usage,
	}, ok
}

// PodUsage is what each of the node's Pods uses that was measured.
func (a *Agent) PodUsage() []metricsv1beta1.PodMetrics {
	a.usages.mu.Lock()
	defer a.usages.mu.Unlock()
	list := []metricsv1beta1.PodMetrics{}
	for uid, containers := range a.usages.pods {
		if metrics, ok := containers.metrics(a.usages.names[uid]); ok {
			metrics.UID = uid
			list = append(list, metrics)
		}
	}
	return list
}

// nodeReading is what the node's own cgroup uses, and on a bare machine's, which
// counts no memory, what of its memory is not available.
func nodeReading() (reading, error) {
	read := reading{at: time.Now()}
	var err error
	if read.cpu, err = cgroupCPUUse(); err != nil {
		return reading{}, err
	}
	if use, ok := cgroupWorkingSet(); ok {
		read.memory = use
		return read, nil
	}
	total, err := meminfo("MemTotal")
	if err != nil {
		return reading{}, err
	}
	available, err := meminfo("MemAvailable")
	read.memory = total - available
	return read, err
}

// cgroupCPUUse is the core time of the node's own cgroup, v2 or v1.
func cgroupCPUUse() (time.Duration, error) {
	if data, err := os.ReadFile("/sys/fs/cgroup/cpu.stat"); err == nil {
		for line := range strings.Lines(string(data)) {
			if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == "usage_usec" {
				micros, err := strconv.ParseInt(value, 10, 64)
				return time.Duration(micros) * time.Microsecond, err
			}
		}
	}
	nanos, err := strconv.ParseInt(firstLine("/sys/fs/cgroup/cpuacct/cpuacct.usage"), 10, 64)
	return time.Duration(nanos), err
}
