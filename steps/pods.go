package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cucumber/godog"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
)

// Sentences about Pods: that they run, what happens inside, and that containers are restarted or not.

func podSentences(sc *godog.ScenarioContext) {
	sc.Step(`^Pods? "([^"]*)" (?:is|are|becomes|become) Ready$`, podsReady)
	sc.Step(`^Pod "([^"]*)" becomes Ready within (\d+) seconds$`, podReadyWithin)
	sc.Step(`^Pod "([^"]*)" becomes unready$`, podUnready)
	sc.Step(`^Pod "([^"]*)" stays (Ready|unready) for (\d+) seconds$`, podStaysReady)
	sc.Step(`^Pod "([^"]*)" stays unready until its log says "([^"]*)"$`, unreadyUntil)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" is (?:restarted|restarted at least (\d+) times?)$`, containerRestarted)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" is restarted within (\d+) seconds$`, containerRestartedWithin)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" has not been restarted$`, containerNotRestarted)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" is not restarted for (\d+) seconds$`, containerStaysUp)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" (?:executes|has executed) "([^"]*)"$`, executes)
	sc.Step(`^it exits with (\d+)$`, exits)
	sc.Step(`^it prints "([^"]*)"$`, prints)
	sc.Step(`^its output contains "([^"]*)"$`, outputContains)
	sc.Step(`^its output does not contain "([^"]*)"$`, outputLacks)
	sc.Step(`^its error output contains "([^"]*)"$`, errorContains)
	sc.Step(`^its output is remembered as "([^"]*)"$`, outputRemembered)
	sc.Step(`^an event "([^"]*)" is recorded for (\w+) "([^"]*)"$`, eventRecorded)
	sc.Step(`^an event "([^"]*)" is recorded for (\w+) "([^"]*)" that says "([^"]*)"$`, eventSays)
}

// ready says whether a Pod is Ready, and what it is instead.
func ready(object *unstructured.Unstructured) (bool, string) {
	if object == nil {
		return false, "the Pod does not exist"
	}
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod); err != nil {
		return false, "the Pod cannot be read: " + err.Error()
	}
	seen := []string{"phase " + string(pod.Status.Phase)}
	isReady := false
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			isReady = true
		}
		if condition.Status != corev1.ConditionTrue && condition.Reason != "" {
			seen = append(seen, fmt.Sprintf("%s=%s (%s: %s)", condition.Type, condition.Status, condition.Reason, condition.Message))
		}
	}
	if isReady {
		seen = append(seen, "Ready")
	}
	for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		seen = append(seen, containerSeen(status))
	}
	if pod.DeletionTimestamp != nil {
		seen = append(seen, "Terminating")
	}
	return isReady, strings.Join(seen, "; ")
}

func containerSeen(status corev1.ContainerStatus) string {
	state := "unknown"
	switch {
	case status.State.Running != nil:
		state = "running"
	case status.State.Waiting != nil:
		state = "waiting: " + status.State.Waiting.Reason
		if status.State.Waiting.Message != "" {
			state += " (" + status.State.Waiting.Message + ")"
		}
	case status.State.Terminated != nil:
		state = fmt.Sprintf("terminated: %s, exit %d", status.State.Terminated.Reason, status.State.Terminated.ExitCode)
	}
	return fmt.Sprintf("container %s %s, %d restarts", status.Name, state, status.RestartCount)
}

// awaitReady waits for Pods to be Ready or unready, or to stay so.
func awaitReady(ctx context.Context, name string, want, hold bool, limit time.Duration) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	expected := map[bool]string{true: "Ready", false: "not Ready"}[want]
	if hold {
		expected += fmt.Sprintf(", for %s", limit)
	}
	return s.await(ctx, wait{
		kind: "Pod", options: named(name), limit: limit, hold: hold,
		what: fmt.Sprintf("Pod %q", name), expected: expected,
		judge: func(found objects) (bool, string, error) {
			is, seen := ready(found[name])
			return found[name] != nil && is == want, seen, nil
		},
	})
}

func podsReady(ctx context.Context, list string) error {
	for _, name := range names(strings.ReplaceAll(list, `"`, "")) {
		if err := awaitReady(ctx, name, true, false, boundPodStart.limit); err != nil {
			return err
		}
	}
	return nil
}

func podReadyWithin(ctx context.Context, name string, seconds int) error {
	return awaitReady(ctx, name, true, false, time.Duration(seconds)*time.Second)
}

func podUnready(ctx context.Context, name string) error {
	return awaitReady(ctx, name, false, false, boundPodStart.limit)
}

func podStaysReady(ctx context.Context, name, which string, seconds int) error {
	return awaitReady(ctx, name, which == "Ready", true, time.Duration(seconds)*time.Second)
}

// unreadyUntil reads the Pod's readiness as watched up to a line of its own log.
func unreadyUntil(ctx context.Context, name, text string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	follower, err := s.follower(ctx, name, "")
	if err != nil {
		return err
	}
	said := make(chan error, 1)
	go func() {
		_, err := follower.await(limited, text, boundPodStart.limit)
		said <- err
		cancel()
	}()
	err = awaitReady(limited, name, false, true, boundPodStart.limit)
	if lineErr := <-said; lineErr != nil && !errors.Is(lineErr, context.Canceled) {
		return lineErr
	}
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		return nil // the line came, and until then the Pod was never Ready
	}
	return err
}

func restartPath(container string) string {
	return fmt.Sprintf("status.containerStatuses[name=%s].restartCount", container)
}

func containerRestarted(ctx context.Context, container, pod, times string) error {
	least := 1
	if times != "" {
		n, err := strconv.Atoi(times)
		if err != nil {
			return fmt.Errorf("the number of restarts %q: %w", times, err)
		}
		least = n
	}
	return fieldBecomesAtLeast(ctx, restartPath(container), "Pod", pod, least, "")
}

func containerRestartedWithin(ctx context.Context, container, pod string, seconds int) error {
	return fieldBecomesAtLeast(ctx, restartPath(container), "Pod", pod, 1, strconv.Itoa(seconds))
}

func containerNotRestarted(ctx context.Context, container, pod string) error {
	return fieldIs(ctx, restartPath(container), "Pod", pod, "0")
}

func containerStaysUp(ctx context.Context, container, pod string, seconds int) error {
	return fieldStays(ctx, restartPath(container), "Pod", pod, "0", seconds)
}

// outcome is how a program ended, in a container or as kubectl.
type outcome struct {
	asked          string
	stdout, stderr string
	exit           int
}

func (o *outcome) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", o.exit, o.stdout, o.stderr)
}

// execute runs a program in a container by the exec subresource.
func (s *scenario) execute(ctx context.Context, pod, container string, command ...string) (*outcome, error) {
	limited, cancel := context.WithTimeout(ctx, boundProgram.limit)
	defer cancel()
	request := s.typed.CoreV1().RESTClient().Post().Resource("pods").Namespace(s.namespace).Name(pod).
		SubResource("exec").VersionedParams(&corev1.PodExecOptions{
		Container: container, Command: command, Stdout: true, Stderr: true,
	}, scheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(s.config, "GET", request.URL().String())
	if err != nil {
		return nil, fmt.Errorf("prepare to execute %q: %w", command, err)
	}
	var stdout, stderr bytes.Buffer
	err = executor.StreamWithContext(limited, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr})
	o := &outcome{asked: fmt.Sprintf("%q in container %s of Pod %s", strings.Join(command, " "), container, pod), stdout: stdout.String(), stderr: stderr.String()}
	var exit utilexec.CodeExitError
	switch {
	case errors.As(err, &exit):
		o.exit = exit.Code
	case err != nil:
		return nil, failed(o.asked, "it runs", fmt.Sprintf("%v\nstdout: %s\nstderr: %s", err, o.stdout, o.stderr))
	}
	s.observe(o.asked, o.String())
	s.command = o
	return o, nil
}

func executes(ctx context.Context, container, pod, command string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	command, err = s.expand(command)
	if err != nil {
		return err
	}
	_, err = s.execute(ctx, pod, container, words(command)...)
	return err
}

// words splits a command line at blanks; 'single quotes' hold together.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}

// ran is the program that the sentences judge.
func ran(ctx context.Context) (*outcome, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, err
	}
	if s.command == nil {
		return nil, errors.New("no program has run before its end is judged")
	}
	return s.command, nil
}

func judgeProgram(ctx context.Context, expected func(o *outcome) (string, bool)) error {
	o, err := ran(ctx)
	if err != nil {
		return err
	}
	if want, ok := expected(o); !ok {
		return failed(o.asked, want, o.String())
	}
	return nil
}

func exits(ctx context.Context, code int) error {
	return judgeProgram(ctx, func(o *outcome) (string, bool) { return fmt.Sprintf("exit %d", code), o.exit == code })
}

func judgeOutput(ctx context.Context, text, expected string, ok func(o *outcome, text string) bool) error {
	text, err := expanded(ctx, text)
	if err != nil {
		return err
	}
	return judgeProgram(ctx, func(o *outcome) (string, bool) { return fmt.Sprintf(expected, text), ok(o, text) })
}

func prints(ctx context.Context, text string) error {
	return judgeOutput(ctx, text, "stdout is %q", func(o *outcome, text string) bool { return strings.TrimSpace(o.stdout) == text })
}

func outputContains(ctx context.Context, text string) error {
	return judgeOutput(ctx, text, "stdout contains %q", func(o *outcome, text string) bool { return strings.Contains(o.stdout, text) })
}

func outputLacks(ctx context.Context, text string) error {
	return judgeOutput(ctx, text, "stdout does not contain %q", func(o *outcome, text string) bool { return !strings.Contains(o.stdout, text) })
}

func errorContains(ctx context.Context, text string) error {
	return judgeOutput(ctx, text, "stderr contains %q", func(o *outcome, text string) bool { return strings.Contains(o.stderr, text) })
}

func outputRemembered(ctx context.Context, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	o, err := ran(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember[as] = strings.TrimSpace(o.stdout)
	return nil
}

func eventRecorded(ctx context.Context, reason, kind, name string) error {
	return eventSays(ctx, reason, kind, name, "")
}

func eventSays(ctx context.Context, reason, kind, name, text string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{
		kind: "Event", limit: patience(kind),
		what: fmt.Sprintf("the events for %s %q", kind, name), expected: fmt.Sprintf("one with the reason %s that says %q", reason, text),
		judge: func(found objects) (bool, string, error) {
			seen := []string{}
			for _, event := range found.sorted() {
				subject, _, err := lookup(event.Object, "involvedObject")
				if err != nil {
					return false, "", err
				}
				fields, _ := subject.(map[string]any)
				if fields["kind"] != kind || fields["name"] != name {
					continue
				}
				if event.Object["reason"] == reason && strings.Contains(show(event.Object["message"]), text) {
					return true, fmt.Sprintf("%s: %s", reason, show(event.Object["message"])), nil
				}
				seen = append(seen, fmt.Sprintf("%s: %s", show(event.Object["reason"]), show(event.Object["message"])))
			}
			return false, among(seen), nil
		},
	})
}
