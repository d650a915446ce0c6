package runtime

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// endStray ends what containerd, killed while it started a container, no
// longer knows of: the shim, what the shim started, and the root filesystem's mount.
func (c *Containerd) endStray(record containerRecord) error {
	for _, pid := range shimsOf(record.Status.ID) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	if err := c.cgroups.remove(record.Cgroup); err != nil {
		return err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	suffix := "/" + record.Status.ID + "/rootfs"
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasSuffix(fields[4], suffix) {
			unix.Unmount(fields[4], unix.MNT_DETACH)
		}
	}
	return nil
}

// shimsOf finds the shims that were started for a container.
func shimsOf(id string) []int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var pids []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		args := strings.Split(string(bytes.TrimRight(text, "\x00")), "\x00")
		if !strings.HasPrefix(filepath.Base(args[0]), "containerd-shim") || !slices.Contains(args, id) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
