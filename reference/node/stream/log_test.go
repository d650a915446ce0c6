package stream

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

const sample = `2026-01-02T03:04:01.000000001Z stdout F one
2026-01-02T03:04:02Z stderr F two
2026-01-02T03:04:03Z stdout P thr
2026-01-02T03:04:03.5Z stdout F ee
nonsense
2026-01-02T03:04:04Z stdout F 
2026-01-02T03:04:05Z stdout F five
`

func logTime() time.Time { return time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC) }

func TestReadLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.log")
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	since := metav1.NewTime(logTime().Add(-2 * time.Second))
	tests := []struct {
		name    string
		options v1.PodLogOptions
		want    string
	}{
		{"everything", v1.PodLogOptions{}, "one\ntwo\nthree\n\nfive\n"},
		{"the last line", v1.PodLogOptions{TailLines: ptr.To[int64](1)}, "five\n"},
		{"the last two", v1.PodLogOptions{TailLines: ptr.To[int64](2)}, "\nfive\n"},
		{"none", v1.PodLogOptions{TailLines: ptr.To[int64](0)}, ""},
		{"more than there are", v1.PodLogOptions{TailLines: ptr.To[int64](99)}, "one\ntwo\nthree\n\nfive\n"},
		{"since seconds ago", v1.PodLogOptions{SinceSeconds: ptr.To[int64](2)}, "\nfive\n"},
		{"since a time", v1.PodLogOptions{SinceTime: &since}, "\nfive\n"},
		{"with times", v1.PodLogOptions{Timestamps: true, SinceSeconds: ptr.To[int64](3)},
			"2026-01-02T03:04:03Z three\n2026-01-02T03:04:04Z \n2026-01-02T03:04:05Z five\n"},
		{"so many bytes", v1.PodLogOptions{LimitBytes: ptr.To[int64](6)}, "one\ntw"},
		{"one stream", v1.PodLogOptions{Stream: ptr.To(v1.LogStreamStderr)}, "two\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := ReadLog(path, &test.options, logTime, &b); err != nil {
				t.Fatal(err)
			}
			if b.String() != test.want {
				t.Errorf("got %q, want %q", b.String(), test.want)
			}
		})
	}
}

// page is what a client has read so far.
type page struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{}
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
	return p.buf.Write(b)
}

func (p *page) waitFor(t *testing.T, want string) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		p.mu.Lock()
		got := p.buf.String()
		p.mu.Unlock()
		if got == want {
			return
		}
		select {
		case <-p.more:
		case <-deadline:
			t.Fatalf("read %q, want %q", got, want)
		}
	}
}

func TestFollowLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { f.Close() }()
	add := func(text string) {
		t.Helper()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	add("2026-01-02T03:04:01Z stdout F one\n")
	read := &page{more: make(chan struct{}, 1)}
	ended, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- FollowLog(context.Background(), path, &v1.PodLogOptions{}, logTime, read, func() {}, ended)
	}()
	read.waitFor(t, "one\n")
	add("2026-01-02T03:04:02Z stdout F t") // a line comes in two writes
	add("wo\n")
	read.waitFor(t, "one\ntwo\n")
	// The log is full, and put aside; a line came just before.
	add("2026-01-02T03:04:02Z stdout F three\n")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	next, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	f = next
	add("2026-01-02T03:04:03Z stdout F last words\n")
	close(ended)
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it goes on after the container's end")
	}
	read.waitFor(t, "one\ntwo\nthree\nlast words\n")
}

func TestChooseInstance(t *testing.T) {
	running := v1.ContainerState{Running: &v1.ContainerStateRunning{}}
	ended := func(id string) v1.ContainerState {
		return v1.ContainerState{Terminated: &v1.ContainerStateTerminated{ContainerID: id}}
	}
	waiting := func(why string) v1.ContainerState {
		return v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: why}}
	}
	tests := []struct {
		name     string
		status   v1.ContainerStatus
		previous bool
		want     instance
		fails    string
	}{
		{"it runs", v1.ContainerStatus{State: running, ContainerID: "containerd://b", RestartCount: 1}, false, instance{"b", 1}, ""},
		{"the run before", v1.ContainerStatus{State: running, ContainerID: "containerd://b", RestartCount: 1, LastTerminationState: ended("containerd://a")}, true, instance{"a", 0}, ""},
		{"there was none", v1.ContainerStatus{State: running, ContainerID: "containerd://a"}, true, instance{}, `previous terminated container "main" in pod "web" not found`},
		{"it has ended", v1.ContainerStatus{State: ended("containerd://a"), ContainerID: "containerd://a"}, false, instance{"a", 0}, ""},
		{"it waits to run again", v1.ContainerStatus{State: waiting("CrashLoopBackOff"), ContainerID: "containerd://b", RestartCount: 1,
			LastTerminationState: ended("containerd://b")}, false, instance{"b", 1}, ""},
		{"and its last run was", v1.ContainerStatus{State: waiting("CrashLoopBackOff"), ContainerID: "containerd://b", RestartCount: 1,
			LastTerminationState: ended("containerd://b")}, true, instance{"b", 1}, ""},
		{"it never ran", v1.ContainerStatus{State: waiting("ContainerCreating")}, false, instance{}, `container "main" in pod "web" is waiting to start: ContainerCreating`},
		{"its image cannot be had", v1.ContainerStatus{State: waiting("ImagePullBackOff")}, false, instance{},
			`container "main" in pod "web" is waiting to start: trying and failing to pull image`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.status.Name = "main"
			pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Status: v1.PodStatus{ContainerStatuses: []v1.ContainerStatus{test.status}}}
			got, err := chooseInstance(pod, "main", test.previous)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if got != test.want || message != test.fails {
				t.Errorf("got %v %q, want %v %q", got, message, test.want, test.fails)
			}
		})
	}
}
