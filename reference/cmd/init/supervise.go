package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	firstBackoff = 200 * time.Millisecond
	maxBackoff   = 5 * time.Second
	// settled is how long a child must have run for its next death to be
	// taken for an accident and not for a failure to start.
	settled = 10 * time.Second
	// restless is how long a child must have run to be restarted at once
	// again; of one that dies sooner the next start waits longer.
	restless = 2 * time.Second
)

// supervisor starts processes, restarts those that die, and reaps orphans.
// It alone calls wait, so no exec.Cmd.Wait may run beside it.
type supervisor struct {
	stdout, stderr *prefixer

	mu      sync.Mutex // held over fork and registration, so that no exit is missed
	waiters map[int]chan syscall.WaitStatus

	signals chan os.Signal
	done    chan struct{}
	reaping sync.WaitGroup
}

func newSupervisor(stdout, stderr io.Writer) *supervisor {
	s := &supervisor{
		stdout: &prefixer{w: stdout}, stderr: &prefixer{w: stderr},
		waiters: map[int]chan syscall.WaitStatus{},
		signals: make(chan os.Signal, 1), done: make(chan struct{}),
	}
	signal.Notify(s.signals, syscall.SIGCHLD)
	s.reaping.Add(1)
	go s.reap()
	return s
}

// close ends the reaping. The children must have been stopped.
func (s *supervisor) close() {
	signal.Stop(s.signals)
	close(s.done)
	s.reaping.Wait()
}

func (s *supervisor) reap() {
	defer s.reaping.Done()
	for {
		select {
		case <-s.done:
			return
		case <-s.signals:
		}
		for s.reapOne() {
		}
	}
}

func (s *supervisor) reapOne() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
	if err == syscall.EINTR {
		return true
	}
	if err != nil || pid <= 0 {
		return false
	}
	if waiter, ours := s.waiters[pid]; ours {
		delete(s.waiters, pid)
		waiter <- status
	}
	return true
}

// child is a supervised program.
type child struct {
	supervisor *supervisor
	name       string
	path       string
	args       []string

	failed   chan int // the exit code of a first start that failed
	stopping chan struct{}
	ended    chan struct{}

	mu  sync.Mutex
	pid int // 0 when it does not run
}

func (s *supervisor) start(name, path string, args ...string) *child {
	c := &child{
		supervisor: s, name: name, path: path, args: args,
		failed: make(chan int, 1), stopping: make(chan struct{}), ended: make(chan struct{}),
	}
	go c.run()
	return c
}

func (c *child) run() {
	defer close(c.ended)
	backoff := firstBackoff
	for first := true; ; first = false {
		started := time.Now()
		status, err := c.runOnce()
		ran := time.Since(started)
		select {
		case <-c.stopping:
			return
		default:
		}
		c.supervisor.stderr.line("init", fmt.Sprintf("%s %s after %s", c.name, describeEnd(status, err), ran.Round(time.Millisecond)))
		if code, fatal := startFailure(first, ran, status, err); fatal {
			c.failed <- code
			return
		}
		if ran >= restless {
			backoff = firstBackoff
		}
		select {
		case <-c.stopping:
			return
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// startFailure says whether an end means that the program cannot start as it
// was told to: the first start ended of its own accord before it settled.
func startFailure(first bool, ran time.Duration, status syscall.WaitStatus, err error) (code int, fatal bool) {
	switch {
	case !first || ran >= settled:
		return 0, false
	case err != nil:
		return 127, true
	case status.Signaled():
		return 0, false
	case status.ExitStatus() == 0:
		return 1, true
	}
	return status.ExitStatus(), true
}

func describeEnd(status syscall.WaitStatus, err error) string {
	switch {
	case err != nil:
		return "could not be started: " + err.Error()
	case status.Signaled():
		return "was killed by " + status.Signal().String()
	}
	return fmt.Sprintf("exited with code %d", status.ExitStatus())
}

func (c *child) runOnce() (syscall.WaitStatus, error) {
	cmd := exec.Command(c.path, c.args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer outWrite.Close()
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		outRead.Close()
		return 0, err
	}
	defer errWrite.Close()
	cmd.Stdout, cmd.Stderr = outWrite, errWrite
	exited := make(chan syscall.WaitStatus, 1)

	c.supervisor.mu.Lock()
	err = cmd.Start()
	if err == nil {
		c.supervisor.waiters[cmd.Process.Pid] = exited
	}
	c.supervisor.mu.Unlock()
	if err != nil {
		outRead.Close()
		errRead.Close()
		return 0, err
	}
	// The copies end with the last process that holds the pipes, which may
	// be one that the child left behind: nobody waits for them.
	go c.supervisor.stdout.copy(c.name, outRead)
	go c.supervisor.stderr.copy(c.name, errRead)
	outWrite.Close()
	errWrite.Close()

	c.setPID(cmd.Process.Pid)
	status := <-exited
	c.setPID(0)
	cmd.Process.Release()
	return status, nil
}

func (c *child) setPID(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pid = pid
	select {
	case <-c.stopping: // stop came between the fork and here
		if pid != 0 {
			syscall.Kill(pid, syscall.SIGTERM)
		}
	default:
	}
}

func (c *child) kill(signal syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pid != 0 {
		syscall.Kill(c.pid, signal)
	}
}

// stop ends the child with SIGTERM, and after the timeout with SIGKILL.
func (c *child) stop(timeout time.Duration) {
	c.mu.Lock()
	close(c.stopping)
	c.mu.Unlock()
	c.kill(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(timeout):
		c.kill(syscall.SIGKILL)
		<-c.ended
	}
}

// prefixer writes whole lines with the name of who wrote them.
type prefixer struct {
	mu sync.Mutex
	w  io.Writer
}

func (p *prefixer) line(name, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "%s: %s\n", name, text)
}

func (p *prefixer) copy(name string, from *os.File) {
	defer from.Close()
	reader := bufio.NewReaderSize(from, 64<<10)
	for {
		// An overlong line comes in pieces, which is better than not at all.
		text, _, err := reader.ReadLine()
		if err != nil {
			return
		}
		p.line(name, string(text))
	}
}
