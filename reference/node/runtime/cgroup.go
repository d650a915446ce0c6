package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cgroups is the node's hierarchy, of version 1 or 2.
type cgroups struct {
	root        string
	v2          bool
	controllers []string // version 1: the directories below root
	swap        bool     // memory and swap can be limited together
}

func findCgroups(root string) (cgroups, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(root, &stat); err != nil {
		return cgroups{}, fmt.Errorf("look at the cgroups in %s: %w", root, err)
	}
	c := cgroups{root: root, v2: stat.Type == unix.CGROUP2_SUPER_MAGIC}
	if c.v2 {
		c.swap = true
		return c, nil
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return cgroups{}, fmt.Errorf("list the cgroup controllers: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() { // the others are links to joint controllers, as cpu to cpu,cpuacct
			c.controllers = append(c.controllers, entry.Name())
		}
	}
	_, err = os.Stat(filepath.Join(root, "memory", "memory.memsw.limit_in_bytes"))
	c.swap = err == nil
	return c, nil
}

// podCgroup is the path of a Pod's group below the root, as the kubelet has it.
func podCgroup(uid string, class QOSClass) string {
	switch class {
	case Burstable:
		return "/kubepods/burstable/pod" + uid
	case BestEffort:
		return "/kubepods/besteffort/pod" + uid
	}
	return "/kubepods/pod" + uid
}

// create makes a group with its parents, and sets its limits.
func (c cgroups) create(path string, resources Resources) error {
	if c.v2 {
		if err := c.createDelegated(path); err != nil {
			return err
		}
	} else {
		for _, controller := range []string{"cpu", "memory"} {
			if err := os.MkdirAll(filepath.Join(c.root, controller, path), 0o755); err != nil {
				return fmt.Errorf("make the cgroup %s: %w", path, err)
			}
		}
	}
	for _, setting := range c.settings(resources) {
		if err := c.write(path, setting); err != nil {
			return err
		}
	}
	return nil
}

// createDelegated makes the group and its parents one by one, each handing
// all its controllers down. The root's were handed down by the node's init.
func (c cgroups) createDelegated(path string) error {
	at := c.root
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		at = filepath.Join(at, name)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return fmt.Errorf("make the cgroup %s: %w", path, err)
		}
		controllers, err := os.ReadFile(filepath.Join(at, "cgroup.controllers"))
		if err != nil {
			return fmt.Errorf("read the controllers of the cgroup %s: %w", path, err)
		}
		if len(strings.Fields(string(controllers))) == 0 {
			continue
		}
		enable := "+" + strings.Join(strings.Fields(string(controllers)), " +")
		if err := os.WriteFile(filepath.Join(at, "cgroup.subtree_control"), []byte(enable), 0); err != nil {
			return fmt.Errorf("hand down the controllers of the cgroup %s: %w", path, err)
		}
	}
	return nil
}

// join makes a group that hands nothing down, and moves a process into it.
func (c cgroups) join(path string, pid int) error {
	controllers := []string{""}
	if !c.v2 {
		controllers = []string{"cpu", "memory"}
	}
	for _, controller := range controllers {
		dir := filepath.Join(c.root, controller, path)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make the cgroup %s: %w", path, err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
			return fmt.Errorf("move process %d into the cgroup %s: %w", pid, path, err)
		}
	}
	return nil
}

// setting is a value of one of a group's files.
type setting struct{ controller, file, value string }

// settings turns limits into what is written to the group's files.
func (c cgroups) settings(r Resources) []setting {
	var settings []setting
	add := func(controller, file, value string) {
		settings = append(settings, setting{controller, file, value})
	}
	period := r.CPUPeriod
	if period == 0 {
		period = 100000
	}
	if c.v2 {
		if r.CPUShares != 0 {
			add("", "cpu.weight", strconv.FormatUint(cpuWeight(r.CPUShares), 10))
		}
		if r.CPUQuota > 0 {
			add("", "cpu.max", fmt.Sprintf("%d %d", r.CPUQuota, period))
		}
		if r.MemoryLimit > 0 {
			add("", "memory.max", strconv.FormatInt(r.MemoryLimit, 10))
		}
		return settings
	}
	if r.CPUShares != 0 {
		add("cpu", "cpu.shares", strconv.FormatUint(r.CPUShares, 10))
	}
	if r.CPUQuota > 0 {
		add("cpu", "cpu.cfs_period_us", strconv.FormatUint(period, 10))
		add("cpu", "cpu.cfs_quota_us", strconv.FormatInt(r.CPUQuota, 10))
	}
	if r.MemoryLimit > 0 {
		add("memory", "memory.limit_in_bytes", strconv.FormatInt(r.MemoryLimit, 10))
	}
	return settings
}

// cpuWeight maps version 1's shares (2 to 262144) to version 2's weight
// (1 to 10000), as runc does (KEP-2254).
func cpuWeight(shares uint64) uint64 {
	shares = min(max(shares, 2), 262144)
	return 1 + ((shares-2)*9999)/262142
}

func (c cgroups) write(path string, s setting) error {
	file := filepath.Join(c.root, s.controller, path, s.file)
	if err := os.WriteFile(file, []byte(s.value), 0); err != nil {
		return fmt.Errorf("set %s of the cgroup %s to %s: %w", s.file, path, s.value, err)
	}
	return nil
}

// remove kills what still runs in the group and removes it with all below it.
func (c cgroups) remove(path string) error {
	if path == "" {
		return nil // the root is nobody's
	}
	roots := []string{""}
	if !c.v2 {
		roots = c.controllers
	}
	deadline := time.Now().Add(5 * time.Second)
	for _, controller := range roots {
		dir := filepath.Join(c.root, controller, path)
		for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
			err := removeTree(dir)
			if err == nil {
				break
			}
			if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
				return fmt.Errorf("remove the cgroup %s: %w", path, err)
			}
			// Killed processes leave their group only when they are reaped.
			killTree(dir)
			time.Sleep(wait)
		}
	}
	return nil
}

// kill sends SIGKILL to what runs in the group.
func (c cgroups) kill(path string) {
	if c.v2 {
		killTree(filepath.Join(c.root, path))
	} else {
		killTree(filepath.Join(c.root, "memory", path))
	}
}

func removeTree(dir string) error {
	err := os.Remove(dir)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	entries, readErr := os.ReadDir(dir)
	if readErr != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}

func killTree(dir string) {
	filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil
		}
		pids, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		for field := range strings.FieldsSeq(string(pids)) {
			if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		return nil
	})
}

// oomKills counts the processes of the group that the kernel killed for
// want of memory. A group that is gone has none.
func (c cgroups) oomKills(path string) int64 {
	file := filepath.Join(c.root, "memory", path, "memory.oom_control")
	if c.v2 {
		file = filepath.Join(c.root, path, "memory.events")
	}
	return readKey(file, "oom_kill")
}

// stats reads a group's usage.
func (c cgroups) stats(path string) (ContainerStats, error) {
	s := ContainerStats{Time: time.Now()}
	if c.v2 {
		dir := filepath.Join(c.root, path)
		usage, err := readNumber(filepath.Join(dir, "memory.current"))
		if err != nil {
			return s, err
		}
		s.CPUUsage = time.Duration(readKey(filepath.Join(dir, "cpu.stat"), "usage_usec")) * time.Microsecond
		s.MemoryUsage = usage
		s.MemoryRSS = readKey(filepath.Join(dir, "memory.stat"), "anon")
		s.MemoryWorkingSet = max(usage-readKey(filepath.Join(dir, "memory.stat"), "inactive_file"), 0)
		return s, nil
	}
	memory := filepath.Join(c.root, "memory", path)
	usage, err := readNumber(filepath.Join(memory, "memory.usage_in_bytes"))
	if err != nil {
		return s, err
	}
	cpu, err := readNumber(filepath.Join(c.root, "cpuacct", path, "cpuacct.usage"))
	if err != nil {
		return s, err
	}
	s.CPUUsage = time.Duration(cpu)
	s.MemoryUsage = usage
	s.MemoryRSS = readKey(filepath.Join(memory, "memory.stat"), "total_rss")
	s.MemoryWorkingSet = max(usage-readKey(filepath.Join(memory, "memory.stat"), "total_inactive_file"), 0)
	return s, nil
}

func readNumber(file string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read a cgroup's usage: %w", err)
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// readKey finds a value in a file of "key value" lines; 0 when it is not there.
func readKey(file, key string) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == key {
			n, _ := strconv.ParseInt(value, 10, 64)
			return n
		}
	}
	return 0
}
