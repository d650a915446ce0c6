// Command pause is the first process of a Pod whose containers share their processes. The namespace of processes lives as long as it does,
// and what ends there without a parent ends with it.
//
// It is seen by all of the Pod's containers, and has nothing that they could take from it: an empty root, nobody's rights.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// nobody is whom it runs as, like upstream's pause.
const nobody = 65535

// main is started in namespaces of processes and of mounts of its own, in the directory that becomes its root. It says on standard output
// what went wrong, or nothing.
func main() {
	// The first process of a namespace gets only those signals that it asks for. Children that end are then reaped by the kernel.
	signal.Ignore(syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	if err := confine(); err != nil {
		fmt.Print(err)
		os.Exit(1)
	}
	os.Stdout.Close()
	for {
		syscall.Pause()
	}
}

// confine leaves the node's files and the rights of root behind.
func confine() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := unix.Mount("none", ".", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_RDONLY, "size=4k"); err != nil {
		return fmt.Errorf("mount an empty root: %w", err)
	}
	here, err := os.Getwd() // below the mount so far
	if err != nil {
		return fmt.Errorf("find the root: %w", err)
	}
	if err := os.Chdir(here); err != nil {
		return fmt.Errorf("enter the root: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the old root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("enter the root: %w", err)
	}
	if err := syscall.Setgroups(nil); err != nil {
		return fmt.Errorf("give up groups: %w", err)
	}
	if err := syscall.Setresgid(nobody, nobody, nobody); err != nil {
		return fmt.Errorf("give up the group: %w", err)
	}
	if err := syscall.Setresuid(nobody, nobody, nobody); err != nil {
		return fmt.Errorf("give up root: %w", err)
	}
	return nil
}
