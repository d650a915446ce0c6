package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Sentences about Pods: that they run, what happens inside, and that containers are restarted or not.

func podSentences(sc vocabulary) {
	sc.Step(`^Pods? "([^"]*)" (?:is|are|becomes|become) Ready$`, podsReady)
	sc.Step(`^Pod "([^"]*)" becomes Ready, if its node pulls without TLS$`, podReadyWithoutTLS)
	sc.Step(`^Pod "([^"]*)" is not Ready$`, podNotReady)
	sc.Step(`^Pod "([^"]*)" becomes unready$`, podUnready)
	sc.Step(`^Pod "([^"]*)" stays (Ready|unready) for (\d+) seconds$`, podStaysReady)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" is (?:restarted|restarted at least (\d+) times?)$`, containerRestarted)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" is restarted within (\d+) seconds$`, containerRestartedWithin)
	sc.Step(`^the restarts of container "([^"]*)" of Pod "([^"]*)" after the first wait at least (\d+), (\d+) and (\d+) seconds$`, restartsWait)
	sc.Step(`^restart (\d+) of container "([^"]*)" of Pod "([^"]*)" comes within (\d+) seconds of the end before it$`, restartComes)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" runs on for (\d+) seconds$`, containerRunsOn)
	sc.Step(`^the run of container "([^"]*)" of Pod "([^"]*)" before that lasted at least (\d+) seconds$`, lastRunLasted)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" has not been restarted$`, containerNotRestarted)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" is not restarted for (\d+) seconds$`, containerStaysUp)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" comes to have failed, or to wait with a reason$`, containerFailedOrWaits)
	sc.Step(`^Pod "([^"]*)" is evicted, and told "([^"]*)"$`, podEvicted)
	sc.Step(`^an event is recorded for (\w+) "([^"]*)"$`, anyEventRecorded)
	sc.Step(`^an event "([^"]*)" is recorded for (\w+) "([^"]*)"$`, eventRecorded)
	sc.Step(`^an event "([^"]*)" is recorded for (\w+) "([^"]*)" that says "([^"]*)"$`, eventSays)
	sc.Step(`^a warning is recorded for (\w+) "([^"]*)" that says "([^"]*)"$`, warningSays)
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
	err = s.await(ctx, wait{
		kind: "Pod", options: named(name), limit: limit, hold: hold,
		what: fmt.Sprintf("Pod %q", name), expected: expected,
		judge: func(found objects) (bool, string, error) {
			is, seen := ready(found[name])
			return found[name] != nil && is == want, seen, nil
		},
	})
	return s.unlessFull(err)
}

// unlessFull says that somebody's cluster is full, where a Pod waited for that reason: its owner's Pods and other scenarios' take the room.
func (s *scenario) unlessFull(err error) error {
	var failure *Failure
	if s.env.Outlives && errors.As(err, &failure) && strings.Contains(failure.Seen, "Too many pods") {
		return &Inconclusive{Why: fmt.Sprintf("the cluster has no room for another Pod: %s", failure.Seen)}
	}
	return err
}

func podsReady(ctx context.Context, list string) error {
	for _, name := range names(strings.ReplaceAll(list, `"`, "")) {
		if err := awaitReady(ctx, name, true, false, boundPodStart.within(ctx)); err != nil {
			return err
		}
	}
	return nil
}

func podUnready(ctx context.Context, name string) error {
	return awaitReady(ctx, name, false, false, boundPodStart.within(ctx))
}

func podStaysReady(ctx context.Context, name, which string, seconds int) error {
	return awaitReady(ctx, name, which == "Ready", true, time.Duration(seconds)*time.Second)
}

// podNotReady judges at once, behind a sentence that has seen what should have made the Pod Ready if it were wrong.
func podNotReady(ctx context.Context, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	pod, err := s.mustGet(ctx, "Pod", name)
	if err != nil {
		return err
	}
	if is, seen := ready(pod); is {
		return failed(fmt.Sprintf("Pod %q", name), "not Ready", seen)
	}
	return nil
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

// lastRunLasted reads how long the run before the present one took, by the node's own clock.
func lastRunLasted(ctx context.Context, container, name string, seconds int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	pod, err := s.mustGet(ctx, "Pod", name)
	if err != nil {
		return err
	}
	ended := fmt.Sprintf("status.containerStatuses[name=%s].lastState.terminated", container)
	var times [2]time.Time
	for i, field := range []string{".startedAt", ".finishedAt"} {
		text, there, err := valueOf(pod, ended+field)
		if err != nil {
			return err
		}
		if times[i], err = time.Parse(time.RFC3339, text); err != nil {
			return failed(fmt.Sprintf("%q of Pod %q", ended+field, name), "a time", said(pod, text, there))
		}
	}
	if lasted := times[1].Sub(times[0]); lasted < time.Duration(seconds)*time.Second {
		return failed(fmt.Sprintf("the run of container %q of Pod %q before the present one", container, name), fmt.Sprintf("at least %d s", seconds), lasted.String())
	}
	return nil
}

// restartsWait measures, by the node's own clock, how long a container that keeps ending waits for each of three restarts. The first
// one of all is at once.
func restartsWait(ctx context.Context, container, name string, first, second, third int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	least := []time.Duration{time.Duration(first) * time.Second, time.Duration(second) * time.Second, time.Duration(third) * time.Second}
	pauses := map[int]time.Duration{} // by the number of the restart
	tell := func() string {
		said := []string{}
		for n := 2; pauses[n] != 0 || n == 2; n++ {
			said = append(said, fmt.Sprintf("restart %d after %s", n, pauses[n]))
		}
		return strings.Join(said, ", ")
	}
	expected := fmt.Sprintf("at least %d, %d and %d s", first, second, third)
	return s.await(ctx, wait{
		kind: "Pod", options: named(name), what: fmt.Sprintf("the pauses before the restarts of container %q of Pod %q", container, name),
		expected: expected, limit: 2*(least[0]+least[1]+least[2]) + boundPodStart.within(ctx),
		judge: func(state objects) (bool, string, error) {
			for _, object := range state {
				n, pause, err := lastPause(object, container)
				if err != nil {
					return false, "", err
				}
				if n >= 2 && pauses[n] == 0 {
					pauses[n] = max(pause, time.Nanosecond)
				}
			}
			for i, wanted := range least {
				pause := pauses[i+2]
				if pause == 0 {
					return false, tell(), nil
				}
				if pause < wanted-clockSkew {
					return false, "", failed(fmt.Sprintf("the pauses before the restarts of container %q of Pod %q", container, name), expected, tell())
				}
			}
			return true, tell(), nil
		},
	})
}

// restartComes measures one restart by the node's own clock.
func restartComes(ctx context.Context, number int, container, name string, seconds int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	most := time.Duration(seconds) * time.Second
	what, expected := fmt.Sprintf("restart %d of container %q of Pod %q", number, container, name), fmt.Sprintf("within %s of the end before it", most)
	return s.await(ctx, wait{
		kind: "Pod", options: named(name), what: what, expected: expected, limit: most + boundPodStart.within(ctx),
		judge: func(state objects) (bool, string, error) {
			object := state[name]
			if object == nil {
				return false, "there is no such Pod", nil
			}
			n, pause, err := lastPause(object, container)
			switch {
			case err != nil:
				return false, "", err
			case n < number:
				return false, fmt.Sprintf("%d restarts", n), nil
			case n > number || pause > most+clockSkew:
				return false, "", failed(what, expected, fmt.Sprintf("restart %d came after %s", n, pause))
			}
			return true, fmt.Sprintf("after %s", pause), nil
		},
	})
}

// containerRunsOn wants as many restarts as there are now.
func containerRunsOn(ctx context.Context, container, pod string, seconds int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.mustGet(ctx, "Pod", pod)
	if err != nil {
		return err
	}
	now, _, err := valueOf(object, restartPath(container))
	if err != nil {
		return err
	}
	return fieldStays(ctx, restartPath(container), "Pod", pod, now, seconds)
}

// lastPause is the number of a container's last restart, and the time between the end of the run before and its own begin; 0 as long
// as there was none, or it has not begun.
func lastPause(object *unstructured.Unstructured, container string) (int, time.Duration, error) {
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod); err != nil {
		return 0, 0, fmt.Errorf("read Pod %s: %w", object.GetName(), err)
	}
	for _, status := range pod.Status.ContainerStatuses {
		ended := status.LastTerminationState.Terminated
		if status.Name != container || ended == nil {
			continue
		}
		switch {
		case status.State.Running != nil:
			return int(status.RestartCount), status.State.Running.StartedAt.Sub(ended.FinishedAt.Time), nil
		case status.State.Terminated != nil:
			return int(status.RestartCount), status.State.Terminated.StartedAt.Sub(ended.FinishedAt.Time), nil
		}
	}
	return 0, 0, nil
}

func containerNotRestarted(ctx context.Context, container, pod string) error {
	return fieldIs(ctx, restartPath(container), "Pod", pod, "0")
}

func containerStaysUp(ctx context.Context, container, pod string, seconds int) error {
	return fieldStays(ctx, restartPath(container), "Pod", pod, "0", seconds)
}

// containerFailedOrWaits is for what cannot be started. Runtimes that find that out when they start a container let it fail, as containerd;
// those that find it out when they create one, as CRI-O, leave none behind, and the Pod waits while the node tries again.
func containerFailedOrWaits(ctx context.Context, container, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{
		kind: "Pod", options: named(name), limit: boundPodStart.within(ctx), what: fmt.Sprintf("container %q of Pod %q", container, name),
		expected: "phase Failed, and terminated with an exit code that is not 0; or phase Pending, and waiting with a reason of its own",
		judge: func(found objects) (bool, string, error) {
			object := found[name]
			if object == nil {
				return false, "the Pod does not exist", nil
			}
			var pod corev1.Pod
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod); err != nil {
				return false, "", failed(fmt.Sprintf("Pod %q", name), "a Pod", err.Error())
			}
			for _, status := range pod.Status.ContainerStatuses {
				if status.Name == container {
					return failedOrWaits(pod.Status.Phase, status), fmt.Sprintf("phase %s, %s", pod.Status.Phase, containerSeen(status)), nil
				}
			}
			return false, fmt.Sprintf("phase %s, no status of the container", pod.Status.Phase), nil
		},
	})
}

func failedOrWaits(phase corev1.PodPhase, status corev1.ContainerStatus) bool {
	if ended := status.State.Terminated; phase == corev1.PodFailed {
		return ended != nil && ended.ExitCode != 0
	}
	// Before anything is tried the reason is one of the two.
	waiting := status.State.Waiting
	return phase == corev1.PodPending && waiting != nil && !slices.Contains([]string{"", "ContainerCreating", "PodInitializing"}, waiting.Reason)
}

func podEvicted(ctx context.Context, name, why string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{
		kind: "Pod", options: named(name), limit: boundEviction.within(ctx),
		what: fmt.Sprintf("Pod %q", name), expected: fmt.Sprintf("phase Failed, reason Evicted, a message that contains %q", why),
		judge: func(found objects) (bool, string, error) {
			var status [3]string
			for i, field := range []string{"phase", "reason", "message"} {
				var err error
				if status[i], _, err = valueOf(found[name], "status."+field); err != nil {
					return false, "", err
				}
			}
			seen := fmt.Sprintf("phase %s, reason %q, message %q", status[0], status[1], status[2])
			return status[0] == "Failed" && status[1] == "Evicted" && strings.Contains(status[2], why), seen, nil
		},
	})
}

// anyEventRecorded: Kubernetes wants nobody to go by the reasons of events, nor by their words.
func anyEventRecorded(ctx context.Context, kind, name string) error {
	return awaitEvent(ctx, "any event", kind, name, "", func(map[string]any) bool { return true })
}

func eventRecorded(ctx context.Context, reason, kind, name string) error {
	return eventSays(ctx, reason, kind, name, "")
}

func eventSays(ctx context.Context, reason, kind, name, text string) error {
	return awaitEvent(ctx, fmt.Sprintf("one with the reason %s that says %q", reason, text), kind, name, text,
		func(event map[string]any) bool { return event["reason"] == reason })
}

// warningSays leaves the reason to whoever warns: Kubernetes documents few of them.
func warningSays(ctx context.Context, kind, name, text string) error {
	return awaitEvent(ctx, fmt.Sprintf("a warning that says %q", text), kind, name, text,
		func(event map[string]any) bool { return event["type"] == corev1.EventTypeWarning })
}

// awaitEvent waits for an event about an object that is wanted and whose message contains text.
func awaitEvent(ctx context.Context, expected, kind, name, text string, wanted func(event map[string]any) bool) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{
		kind: "Event", limit: boundEvent.within(ctx),
		what: fmt.Sprintf("the events for %s %q", kind, name), expected: expected,
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
				told := fmt.Sprintf("%s: %s", show(event.Object["reason"]), show(event.Object["message"]))
				if wanted(event.Object) && strings.Contains(show(event.Object["message"]), text) {
					return true, told, nil
				}
				seen = append(seen, told)
			}
			return false, among(seen), nil
		},
	})
}

// podReadyWithoutTLS is unsupported where a node's container runtime asks registries by TLS only, as it may.
func podReadyWithoutTLS(ctx context.Context, pod string) error {
	return awaitPods(ctx, fmt.Sprintf("Pod %q", pod), "Ready", boundPodStart.within(ctx), false, named(pod), func(found objects) (bool, string, error) {
		is, seen := ready(found[pod])
		message, _, err := valueOf(found[pod], "status.containerStatuses[0].state.waiting.message")
		if err == nil && !is && wantsTLS(message) {
			err = &Unsupported{Why: "the node pulls no image without TLS: " + message}
		}
		return is, seen, err
	})
}

// wantsTLS says whether a pull failed because the registry was asked by TLS.
func wantsTLS(message string) bool {
	return strings.Contains(message, "HTTP response to HTTPS client") || strings.Contains(message, "first record does not look like a TLS handshake")
}
