package node

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/node/probe"
	"github.com/plumbline/plumbline/reference/node/runtime"
)

// preStop runs a container's preStop hook. That it failed does not keep the
// container from being stopped.
func (w *worker) preStop(ctx context.Context, pod *v1.Pod, sandbox *runtime.Sandbox, a runPreStop) {
	c, _ := containerSpec(pod, a.Name)
	if _, err := w.runHook(ctx, pod, sandbox, c, a.ID, c.Lifecycle.PreStop); err != nil && ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "PreStop hook failed", "container", a.Name)
		w.recordAt(pod, recordEvent{Container: a.Name, Warning: true, EventReason: "FailedPreStopHook", EventMsg: "PreStopHook failed"})
	}
}

// runHook runs a lifecycle handler to its end. With an error comes upstream's
// message for the container's status.
func (w *worker) runHook(ctx context.Context, pod *v1.Pod, sandbox *runtime.Sandbox, c *v1.Container, id string, h *v1.LifecycleHandler) (string, error) {
	switch {
	case h.Exec != nil:
		output, exitCode, err := w.agent.exec(ctx, id, h.Exec.Command)
		if err == nil && exitCode != 0 {
			err = fmt.Errorf("command '%s' exited with %d: %s", strings.Join(h.Exec.Command, " "), exitCode, output)
		}
		if err != nil {
			return fmt.Sprintf("Exec lifecycle hook (%v) for Container %q in Pod %q failed - error: %v, message: %q", h.Exec.Command, c.Name, podRef(pod), err, output), err
		}
	case h.HTTPGet != nil:
		if err := hookHTTP(ctx, c, h.HTTPGet, sandbox); err != nil {
			return fmt.Sprintf("HTTP lifecycle hook (%s) for Container %q in Pod %q failed - error: %v", h.HTTPGet.Path, c.Name, podRef(pod), err), err
		}
	case h.Sleep != nil:
		select {
		case <-time.After(time.Duration(h.Sleep.Seconds) * time.Second):
		case <-ctx.Done():
			err := fmt.Errorf("container terminated before sleep hook finished")
			return fmt.Sprintf("Sleep lifecycle hook (%d) for Container %q in Pod %q failed - error: %v", h.Sleep.Seconds, c.Name, podRef(pod), err), err
		}
	default:
		err := fmt.Errorf("invalid handler: %v", h)
		return "Cannot run handler: " + err.Error(), err
	}
	return "", nil
}

// hookHTTP asks a hook's URL. Any answer will do; a server that speaks plain
// HTTP where HTTPS was expected is asked again.
func hookHTTP(ctx context.Context, c *v1.Container, action *v1.HTTPGetAction, sandbox *runtime.Sandbox) error {
	podIP := ""
	if sandbox != nil {
		podIP = sandbox.IP.String()
	}
	req, err := probe.NewRequest(ctx, action, c, podIP, "lifecycle")
	if err != nil {
		return err
	}
	err = ask(req)
	if err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		plain := req.Clone(ctx)
		plain.URL.Scheme = "http"
		plain.Header.Del("Authorization")
		err = ask(plain)
	}
	return err
}

func ask(req *http.Request) error {
	client := http.Client{Transport: probe.Transport}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 10<<10) // what it says does not matter
	return nil
}

// outputMax is how much of a command's output is kept.
const outputMax = 10 << 10

// exec runs a command in a container and keeps the beginning of its output.
func (a *Agent) exec(ctx context.Context, id string, command []string) (output []byte, exitCode int, err error) {
	var b limited
	exitCode, err = a.runtime.Exec(ctx, id, runtime.ExecConfig{Command: command, Streams: runtime.Streams{Stdout: &b, Stderr: &b}})
	return b.take(), exitCode, err
}

// limited keeps the first outputMax bytes written to it. Both streams of a
// command write to it.
type limited struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(p[:min(len(p), outputMax-l.buf.Len())])
	return len(p), nil
}

func (l *limited) take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Bytes()
}
