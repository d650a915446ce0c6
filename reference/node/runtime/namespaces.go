package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"

	"golang.org/x/sys/unix"
)

// The files in a sandbox's directory to which its namespaces are bound. A
// namespace lives as long as that mount, without any process.
const (
	netFile = "net"
	ipcFile = "ipc"
	utsFile = "uts"
	shmDir  = "shm"
)

// shmSize is what /dev/shm holds, as with containerd's CRI plugin.
const shmSize = "size=65536k"

// unshare makes new namespaces, configures them, and binds each to its file in dir.
func unshare(dir, hostname string, hostNetwork, hostIPC bool) error {
	flags, files := 0, []string{}
	if !hostNetwork { // host networking means the host's name too, as upstream has it
		flags |= unix.CLONE_NEWNET | unix.CLONE_NEWUTS
		files = append(files, netFile, utsFile)
	}
	if !hostIPC {
		flags |= unix.CLONE_NEWIPC
		files = append(files, ipcFile)
	}
	if len(files) == 0 {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread, being in the Pod's namespaces, ends here.
		goruntime.LockOSThread()
		done <- unshareThread(dir, hostname, flags, files)
	}()
	return <-done
}

func unshareThread(dir, hostname string, flags int, files []string) error {
	if err := unix.Unshare(flags); err != nil {
		return fmt.Errorf("make the Pod's namespaces: %w", err)
	}
	if flags&unix.CLONE_NEWUTS != 0 {
		if err := unix.Sethostname([]byte(hostname)); err != nil {
			return fmt.Errorf("set the Pod's host name: %w", err)
		}
	}
	if flags&unix.CLONE_NEWNET != 0 {
		// As containerd's CRI plugin by default: any user may ping and listen on low ports.
		for file, value := range map[string]string{"ping_group_range": "0 2147483647", "ip_unprivileged_port_start": "0"} {
			if err := os.WriteFile("/proc/sys/net/ipv4/"+file, []byte(value), 0); err != nil {
				return fmt.Errorf("set up the Pod's network namespace: %w", err)
			}
		}
	}
	for _, name := range files {
		target := filepath.Join(dir, name)
		if err := os.WriteFile(target, nil, 0o400); err != nil {
			return fmt.Errorf("make the file for a namespace: %w", err)
		}
		if err := unix.Mount("/proc/thread-self/ns/"+name, target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("bind the %s namespace: %w", name, err)
		}
	}
	return nil
}

// mountShm makes the memory that the Pod's containers share at /dev/shm.
func mountShm(dir string) error {
	target := filepath.Join(dir, shmDir)
	if err := os.MkdirAll(target, 0o1777); err != nil {
		return fmt.Errorf("make the directory for shared memory: %w", err)
	}
	if err := unix.Mount("shm", target, "tmpfs", unix.MS_NOEXEC|unix.MS_NOSUID|unix.MS_NODEV, "mode=1777,"+shmSize); err != nil {
		return fmt.Errorf("mount shared memory: %w", err)
	}
	return nil
}

// release unbinds a sandbox's namespaces and shared memory, as far as they
// exist, and removes its directory.
func release(dir string) error {
	for _, name := range []string{netFile, ipcFile, utsFile, pidFile, shmDir} {
		err := unix.Unmount(filepath.Join(dir, name), unix.MNT_DETACH)
		if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("unbind the Pod's %s namespace: %w", name, err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove the sandbox's directory: %w", err)
	}
	return nil
}

// bound says whether a namespace is bound to the file.
func bound(file string) bool {
	var stat unix.Statfs_t
	return unix.Statfs(file, &stat) == nil && stat.Type == unix.NSFS_MAGIC
}
