package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// pauseProgram is reference/cmd/pause.
const pauseProgram = "/usr/local/bin/pause"

const (
	pidFile  = "pid"   // to which the namespace of processes is bound
	pauseDir = "pause" // the directory that becomes the program's root, and the name of its cgroup
)

// startPause makes a namespace of processes for all of the Pod's containers, and the process that it lives by: such a namespace ends
// with its first process, unlike the others. It outlives the agent.
func (c *Containerd) startPause(s *sandbox, record *sandboxRecord) error {
	root := filepath.Join(s.dir, pauseDir)
	if err := os.Mkdir(root, 0o755); err != nil {
		return fmt.Errorf("make the root of the Pod's first process: %w", err)
	}
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread, being in the Pod's namespaces, ends here.
		goruntime.LockOSThread()
		var err error
		record.PausePID, err = pauseIn(s.dir, root)
		done <- err
	}()
	if err := <-done; err != nil {
		return err
	}
	if err := c.cgroups.join(filepath.Join(record.Cgroup, pauseDir), record.PausePID); err != nil {
		return errors.Join(err, syscall.Kill(record.PausePID, syscall.SIGKILL))
	}
	var err error
	if s.first, err = openProcess(record.PausePID, record.Cgroup); err != nil || s.first == nil {
		return errors.Join(err, errors.New("the Pod's first process has ended"))
	}
	target := filepath.Join(s.dir, pidFile)
	if err := os.WriteFile(target, nil, 0o400); err != nil {
		return fmt.Errorf("make the file for a namespace: %w", err)
	}
	if err := unix.Mount(fmt.Sprintf("/proc/%d/ns/pid", record.PausePID), target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind the pid namespace: %w", err)
	}
	return nil
}

// pauseIn starts the program on the calling thread, which enters the Pod's namespaces for that, and returns once it has given up its rights.
func pauseIn(dir, root string) (int, error) {
	for _, name := range []string{netFile, ipcFile, utsFile} {
		if file := filepath.Join(dir, name); bound(file) {
			if err := enter(file); err != nil {
				return 0, fmt.Errorf("enter the Pod's %s namespace: %w", name, err)
			}
		}
	}
	pause := exec.Command(pauseProgram)
	pause.Args, pause.Dir, pause.Env = []string{"/pause"}, root, []string{}
	pause.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	output, err := pause.StdoutPipe()
	if err != nil {
		return 0, fmt.Errorf("start the Pod's first process: %w", err)
	}
	if err := pause.Start(); err != nil {
		return 0, fmt.Errorf("start the Pod's first process: %w", err)
	}
	said, err := io.ReadAll(output)
	// It is reaped whenever it ends; after this agent's end by the node's first process.
	go pause.Wait()
	if err != nil || len(said) > 0 {
		return 0, errors.Join(fmt.Errorf("start the Pod's first process: %s", said), err, pause.Process.Kill())
	}
	return pause.Process.Pid, nil
}

func enter(file string) error {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Setns(fd, 0)
}

// alive says whether a sandbox still has the process that all of its containers live by, if it is to have one.
func (s *sandbox) alive() bool {
	return s.record.PausePID == 0 || s.first.alive()
}
