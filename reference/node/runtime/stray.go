package runtime

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// endStray ends what containerd, killed while it started a container, no
// longer knows of: what the shim started, and the root filesystem's mount.
func (c *Containerd) endStray(record containerRecord) error {
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
