package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// exitOf and killedBy are wait statuses as the kernel encodes them.
func exitOf(code int) syscall.WaitStatus           { return syscall.WaitStatus(code << 8) }
func killedBy(s syscall.Signal) syscall.WaitStatus { return syscall.WaitStatus(s) }

func TestStartFailure(t *testing.T) {
	for _, test := range []struct {
		name   string
		first  bool
		ran    time.Duration
		status syscall.WaitStatus
		err    error
		code   int
		fatal  bool
	}{
		{"a flag that makes no sense", true, time.Second, exitOf(1), nil, 1, true},
		{"a program that ends without a word", true, time.Second, exitOf(0), nil, 1, true},
		{"no such program", true, 0, 0, errors.New("not found"), 127, true},
		{"killed at its start", true, time.Second, killedBy(syscall.SIGKILL), nil, 0, false},
		{"an error after a while", true, time.Minute, exitOf(1), nil, 0, false},
		{"an error when started again", false, time.Second, exitOf(1), nil, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, fatal := startFailure(test.first, test.ran, test.status, test.err)
			if code != test.code || fatal != test.fatal {
				t.Errorf("startFailure = %d, %v; want %d, %v", code, fatal, test.code, test.fatal)
			}
		})
	}
}

// lockedBuffer may be written and read at the same time.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eventually asks again and again: what holds is read from pipes, files and processes, which have no event in common.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func TestSupervisorRestartsWhatIsKilled(t *testing.T) {
	var out, errs lockedBuffer
	s := newSupervisor(&out, &errs)
	defer s.close()
	marker := filepath.Join(t.TempDir(), "stopped")
	c := s.start("child", "sh", "-c", "trap 'echo bye > "+marker+"; exit 0' TERM; echo up; while :; do sleep 0.05; done")
	starts := func() int { return strings.Count(out.String(), "child: up\n") }
	eventually(t, "the child's first line, with its name", func() bool { return starts() == 1 })
	c.kill(syscall.SIGKILL)
	eventually(t, "the child is started again", func() bool { return starts() == 2 })
	if !strings.Contains(errs.String(), "init: child was killed by killed") {
		t.Errorf("nothing tells of the death: %q", errs.String())
	}
	c.stop(10 * time.Second)
	if _, err := os.Stat(marker); err != nil {
		t.Errorf("the child was not asked to end: %v", err)
	}
	if starts() != 2 {
		t.Error("the child was started again after stop")
	}
}

func TestSupervisorGivesUpWhatCannotStart(t *testing.T) {
	var out, errs lockedBuffer
	s := newSupervisor(&out, &errs)
	defer s.close()
	c := s.start("child", "sh", "-c", "echo no such range >&2; exit 7")
	if code := <-c.failed; code != 7 {
		t.Errorf("code = %d, want the child's 7", code)
	}
	eventually(t, "the child's reason is passed on", func() bool { return strings.Contains(errs.String(), "child: no such range\n") })
	c.stop(time.Second)
	missing := s.start("missing", filepath.Join(t.TempDir(), "missing"))
	if code := <-missing.failed; code != 127 {
		t.Errorf("code = %d, want 127 for a program that does not exist", code)
	}
	missing.stop(time.Second)
}

func TestSupervisorKillsWhatDoesNotEnd(t *testing.T) {
	var out, errs lockedBuffer
	s := newSupervisor(&out, &errs)
	defer s.close()
	c := s.start("child", "sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")
	eventually(t, "the child runs", func() bool { return strings.Contains(out.String(), "up") })
	c.stop(50 * time.Millisecond)
	select {
	case <-c.ended:
	default:
		t.Error("stop returned and the child was not ended")
	}
}
