package volume

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
)

// emptyDir is a directory that everybody may write to, or with medium Memory
// a tmpfs.
func (v *Volumes) emptyDir(pod *v1.Pod, name string, source *v1.EmptyDirVolumeSource) (Volume, error) {
	dir := v.dir(pod, "empty-dir", name)
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		if err := makeDir(dir, 0o777); err != nil {
			return Volume{}, err
		}
	} else if err != nil {
		return Volume{}, err
	}
	switch source.Medium {
	case v1.StorageMediumDefault:
	case v1.StorageMediumMemory:
		if err := v.tmpfs(pod, dir, source); err != nil {
			return Volume{}, err
		}
	default:
		return Volume{}, fmt.Errorf("unknown storage medium %q", source.Medium)
	}
	if err := giveGroup(pod, dir); err != nil {
		return Volume{}, err
	}
	return Volume{Path: dir}, nil
}

// tmpfs mounts memory on dir, as much as the volume, the Pod and the node
// allow.
func (v *Volumes) tmpfs(pod *v1.Pod, dir string, source *v1.EmptyDirVolumeSource) error {
	is, err := mounted(dir)
	if err != nil || is {
		return err
	}
	size := v.Source.Memory()
	limits := resourcehelper.PodLimits(pod, resourcehelper.PodResourcesOptions{})
	if limit := limits.Memory().Value(); limit > 0 && (size == 0 || limit < size) && allLimited(pod) {
		size = limit
	}
	if source.SizeLimit != nil && source.SizeLimit.Value() > 0 && (size == 0 || source.SizeLimit.Value() < size) {
		size = source.SizeLimit.Value()
	}
	options := "mode=0777"
	if size > 0 {
		options += fmt.Sprintf(",size=%d", size)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		return fmt.Errorf("mount tmpfs at %s: %w", dir, err)
	}
	return nil
}

// inMemory makes a directory, and mounts a tmpfs on it, once.
func (v *Volumes) inMemory(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if is, err := mounted(dir); err != nil || is {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0777"); err != nil {
		return fmt.Errorf("mount tmpfs at %s: %w", dir, err)
	}
	return nil
}

// allLimited: every container has a memory limit, so their sum is the Pod's.
func allLimited(pod *v1.Pod) bool {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Resources.Limits.Memory().IsZero() {
			return false
		}
	}
	return true
}

// makeDir makes a directory with exactly this mode, whatever the umask.
func makeDir(dir string, mode os.FileMode) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return os.Chmod(dir, mode)
}

// giveGroup gives a directory to the Pod's fsGroup, and lets what is made in
// it belong to that group.
func giveGroup(pod *v1.Pod, dir string) error {
	if pod.Spec.SecurityContext == nil || pod.Spec.SecurityContext.FSGroup == nil {
		return nil
	}
	if err := os.Chown(dir, -1, int(*pod.Spec.SecurityContext.FSGroup)); err != nil {
		return err
	}
	return os.Chmod(dir, 0o777|os.ModeSetgid)
}
