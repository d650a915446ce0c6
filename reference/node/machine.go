package node

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/component-base/version"
)

// machine is what the node is made of.
type machine struct {
	milliCPU int64
	memory   int64 // bytes
	storage  int64 // bytes, of the file system below the data directory
	info     v1.NodeSystemInfo
}

// readMachine looks at the machine, or as much of it as the node's own cgroup
// may use.
func readMachine(dataDir string) (machine, error) {
	m := machine{milliCPU: int64(goruntime.NumCPU()) * 1000}
	total, err := meminfo("MemTotal")
	if err != nil {
		return m, err
	}
	m.memory = total
	if limit, ok := cgroupMemoryLimit(); ok && limit < m.memory {
		m.memory = limit
	}
	if milli, ok := cgroupCPULimit(); ok && milli < m.milliCPU {
		m.milliCPU = milli
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dataDir, &fs); err != nil {
		return m, fmt.Errorf("look at the file system of %s: %w", dataDir, err)
	}
	m.storage = int64(fs.Blocks) * fs.Bsize
	m.info = systemInfo()
	return m, nil
}

// Room that the node keeps for itself: upstream's default eviction thresholds.
const (
	memoryReserve  = 100 << 20 // bytes
	storageReserve = 10        // percent
)

// resources are the node's capacity and what of it Pods may use.
func (m *machine) resources(o *Options) (capacity, allocatable v1.ResourceList) {
	list := func(milliCPU, memory, storage int64) v1.ResourceList {
		return v1.ResourceList{
			v1.ResourceCPU:              *resource.NewMilliQuantity(milliCPU, resource.DecimalSI),
			v1.ResourceMemory:           *resource.NewQuantity(memory, resource.BinarySI),
			v1.ResourceEphemeralStorage: *resource.NewQuantity(storage, resource.BinarySI),
			v1.ResourcePods:             *resource.NewQuantity(int64(o.MaxPods), resource.DecimalSI),
		}
	}
	cpu := m.milliCPU - o.SystemReserved.Cpu().MilliValue()
	memory := m.memory - o.evictionMemory() - o.SystemReserved.Memory().Value()
	storage := m.storage - m.storage*storageReserve/100 - o.SystemReserved.StorageEphemeral().Value()
	return list(m.milliCPU, m.memory, m.storage), list(max(cpu, 0), max(memory, 0), max(storage, 0))
}

func systemInfo() v1.NodeSystemInfo {
	info := v1.NodeSystemInfo{
		MachineID:      firstLine("/etc/machine-id"),
		SystemUUID:     firstLine("/sys/class/dmi/id/product_uuid"),
		BootID:         firstLine("/proc/sys/kernel/random/boot_id"),
		KernelVersion:  firstLine("/proc/sys/kernel/osrelease"),
		OSImage:        "Linux",
		KubeletVersion: version.Get().GitVersion,
		// What the runtime package runs on; its version comes with the module.
		ContainerRuntimeVersion: "containerd://" + containerdVersion(),
		OperatingSystem:         goruntime.GOOS,
		Architecture:            goruntime.GOARCH,
	}
	if f, err := os.Open("/etc/os-release"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "PRETTY_NAME="); ok {
				info.OSImage = strings.Trim(name, `"`)
			}
		}
	}
	return info
}

// firstLine is empty when there is no such file: not every machine has all.
func firstLine(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return string(line)
}

// meminfo reads a value of /proc/meminfo in bytes.
func meminfo(name string) (int64, error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == name+":" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("read memory: no %s", name)
}

// cgroupMemoryLimit is the limit of the node's own cgroup, cgroup v2 or v1.
func cgroupMemoryLimit() (int64, bool) {
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if n, err := strconv.ParseInt(firstLine(path), 10, 64); err == nil && n > 0 {
			return n, true
		}
	}
	return 0, false
}

// cgroupCPULimit is the limit of the node's own cgroup in thousandths of a
// core.
func cgroupCPULimit() (int64, bool) {
	quota, period, ok := strings.Cut(firstLine("/sys/fs/cgroup/cpu.max"), " ")
	if !ok {
		quota, period = firstLine("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), firstLine("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
	}
	q, err := strconv.ParseInt(quota, 10, 64)
	p, err2 := strconv.ParseInt(period, 10, 64)
	if err != nil || err2 != nil || q <= 0 || p <= 0 {
		return 0, false
	}
	return q * 1000 / p, true
}

// cgroupWorkingSet is what the node's own cgroup uses without what can be
// dropped.
func cgroupWorkingSet() (int64, bool) {
	for _, c := range []struct{ usage, stat, key string }{
		{"/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat", "inactive_file"},
		{"/sys/fs/cgroup/memory/memory.usage_in_bytes", "/sys/fs/cgroup/memory/memory.stat", "total_inactive_file"},
	} {
		usage, err := strconv.ParseInt(firstLine(c.usage), 10, 64)
		if err != nil {
			continue
		}
		data, err := os.ReadFile(c.stat)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == c.key {
				if n, err := strconv.ParseInt(value, 10, 64); err == nil {
					usage -= n
				}
			}
		}
		return max(usage, 0), true
	}
	return 0, false
}
