package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const cgroupRoot = "/sys/fs/cgroup"

// prepareNode makes of a container, privileged or merely with all
// capabilities, a place in which containers can run.
func prepareNode() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("make / shared, so that mounts propagate into containers: %w", err)
	}
	if err := freshRun(); err != nil {
		return err
	}
	if err := makeWritable("/sys"); err != nil {
		return err
	}
	if err := makeWritable("/proc/sys"); err != nil {
		return err
	}
	if err := prepareCgroups(); err != nil {
		return err
	}
	// Redirects would tell Pods of shorter ways that bypass the node's rules.
	for _, setting := range []struct{ name, value string }{
		{"ip_forward", "1"},
		{"conf/all/send_redirects", "0"},
	} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+setting.name, []byte(setting.value), 0); err != nil {
			return fmt.Errorf("turn forwarding on: %w", err)
		}
	}
	if err := chooseIPTables(); err != nil {
		return err
	}
	return os.MkdirAll("/etc/kubernetes", 0o755)
}

// freshRun gives the node an empty /run at each of its starts, for it
// describes what runs. Docker may have mounted one already.
func freshRun() error {
	var stat unix.Statfs_t
	if err := unix.Statfs("/run", &stat); err == nil && stat.Type == unix.TMPFS_MAGIC {
		return nil
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	return nil
}

// makeWritable clears a mount's read-only flag. What is no mount of its own
// is left alone: it is as writable as what it stands on.
func makeWritable(path string) error {
	var stat unix.Statfs_t
	if err := unix.Statfs(path, &stat); err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if stat.Flags&unix.ST_RDONLY == 0 {
		return nil
	}
	// The other flags are kept: a bind remount sets them all.
	flags := uintptr(stat.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	if err := unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_BIND|flags, ""); err != nil {
		return fmt.Errorf("make %s writable: %w", path, err)
	}
	return nil
}

func prepareCgroups() error {
	var stat unix.Statfs_t
	if err := unix.Statfs(cgroupRoot, &stat); err != nil {
		return fmt.Errorf("look at the cgroups: %w", err)
	}
	if stat.Type == unix.CGROUP2_SUPER_MAGIC {
		if err := makeWritable(cgroupRoot); err != nil {
			return err
		}
		return delegateCgroup2(cgroupRoot)
	}
	entries, err := os.ReadDir(cgroupRoot)
	if err != nil {
		return fmt.Errorf("list the cgroup controllers: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := makeWritable(filepath.Join(cgroupRoot, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// delegateCgroup2 moves every process of the root group into a leaf and hands
// all controllers down: a group of version 2 has either processes or controllers.
func delegateCgroup2(root string) error {
	leaf := filepath.Join(root, "init")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return fmt.Errorf("make a cgroup for the node's own processes: %w", err)
	}
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("read the cgroup controllers: %w", err)
	}
	// A process forked between the reading and the moving (docker exec) makes
	// the second write fail with EBUSY; the next round moves it.
	for deadline := time.Now().Add(5 * time.Second); ; {
		pids, err := os.ReadFile(filepath.Join(root, "cgroup.procs"))
		if err != nil {
			return fmt.Errorf("list the processes of the root cgroup: %w", err)
		}
		for pid := range strings.FieldsSeq(string(pids)) {
			err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte(pid), 0)
			if err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("move process %s into a leaf cgroup: %w", pid, err)
			}
		}
		var enable []string
		for controller := range strings.FieldsSeq(string(controllers)) {
			enable = append(enable, "+"+controller)
		}
		err = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte(strings.Join(enable, " ")), 0)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return fmt.Errorf("hand the cgroup controllers down: %w", err)
		}
	}
}

// chooseIPTables points the iptables commands to the legacy backend where the
// kernel has it, for it rewrites large tables faster, and else to nftables'.
func chooseIPTables() error {
	backend := "nft"
	if exec.Command("iptables-legacy", "-w", "5", "-t", "nat", "-S").Run() == nil {
		backend = "legacy"
	}
	for _, family := range []string{"iptables", "ip6tables"} {
		for _, suffix := range []string{"", "-save", "-restore"} {
			link := "/usr/sbin/" + family + suffix
			target := family + "-" + backend + suffix
			if now, err := os.Readlink(link); err == nil && now == target {
				continue
			}
			if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("choose the iptables backend: %w", err)
			}
			if err := os.Symlink(target, link); err != nil {
				return fmt.Errorf("choose the iptables backend: %w", err)
			}
		}
	}
	return nil
}

// endPods kills every process of every Pod. What is left of mounts and
// namespaces ends with PID 1.
func endPods() {
	roots := []string{filepath.Join(cgroupRoot, "kubepods"), filepath.Join(cgroupRoot, "memory", "kubepods")}
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		left := 0
		for _, root := range roots {
			filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
				if err != nil || entry.IsDir() || entry.Name() != "cgroup.procs" {
					return nil
				}
				pids, _ := os.ReadFile(path)
				for pid := range strings.FieldsSeq(string(pids)) {
					var n int
					if _, err := fmt.Sscan(pid, &n); err == nil && n > 1 {
						syscall.Kill(n, syscall.SIGKILL)
						left++
					}
				}
				return nil
			})
		}
		if left == 0 {
			return
		}
	}
}
