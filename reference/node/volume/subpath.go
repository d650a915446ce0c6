package volume

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"
)

// SubPath finds, or makes, a path inside a volume for a container's mount and
// pins it with a bind mount of its own: a container that swaps a directory
// for a symbolic link cannot lead the mount out of the volume.
func (v *Volumes) SubPath(pod *v1.Pod, volume, container string, index int, volumePath, subPath string) (string, error) {
	if filepath.IsAbs(subPath) {
		return "", fmt.Errorf("error SubPath `%s` must not be an absolute path", subPath)
	}
	if slices.Contains(strings.Split(subPath, "/"), "..") {
		return "", fmt.Errorf("unable to provision SubPath `%s`: must not contain '..'", subPath)
	}
	failed := fmt.Errorf("failed to prepare subPath for volumeMount %q of container %q", volume, container)
	root, err := os.OpenRoot(volumePath)
	if err != nil {
		return "", failed
	}
	defer root.Close()
	subPath = filepath.Clean(subPath)
	if _, err := root.Stat(subPath); os.IsNotExist(err) {
		mode := os.FileMode(0o750)
		if info, err := root.Stat("."); err == nil {
			mode = info.Mode().Perm()
		}
		if err := makeAllIn(root, subPath, mode); err != nil {
			return "", fmt.Errorf("failed to create subPath directory for volumeMount %q of container %q", volume, container)
		}
	} else if err != nil {
		return "", failed
	}
	// Not with O_PATH: that would open a symbolic link itself.
	source, err := root.OpenFile(subPath, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", failed
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return "", failed
	}
	at := filepath.Join(v.PodDir(string(pod.UID)), "volume-subpaths", volume, container, strconv.Itoa(index))
	if err := pin(fmt.Sprintf("/proc/self/fd/%d", source.Fd()), at, info.IsDir()); err != nil {
		return "", fmt.Errorf("%w: %w", failed, err)
	}
	return at, nil
}

// makeAllIn makes a directory and its parents with a mode, whatever the umask.
func makeAllIn(root *os.Root, path string, mode os.FileMode) error {
	made := ""
	for _, part := range strings.Split(path, "/") {
		made = filepath.Join(made, part)
		switch err := root.Mkdir(made, mode); {
		case os.IsExist(err):
		case err != nil:
			return err
		default:
			if err := root.Chmod(made, mode); err != nil {
				return err
			}
		}
	}
	return nil
}

// pin bind-mounts source at a place of its own, instead of what an earlier
// instance of the container left there.
func pin(source, at string, dir bool) error {
	if is, err := mounted(at); err != nil {
		return err
	} else if is {
		if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", at, err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
		return err
	}
	if dir {
		if err := os.MkdirAll(at, 0o750); err != nil {
			return err
		}
	} else {
		f, err := os.OpenFile(at, os.O_CREATE, 0o640)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	if err := unix.Mount(source, at, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind mount %s: %w", at, err)
	}
	return nil
}
