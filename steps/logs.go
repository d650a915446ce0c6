package steps

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Sentences about logs that are followed. A followed log ends with its process: so the suite sees from outside, on any
// implementation, when a process died. Times are those at which the suite received a line.

func logSentences(sc vocabulary) {
	sc.Step(`^the log of (?:container "([^"]*)" of )?Pod "([^"]*)" is followed$`, logFollowed)
	sc.Step(`^the log of Pod "([^"]*)" says "([^"]*)"$`, logSays)
	sc.Step(`^the log of container "([^"]*)" of Pod "([^"]*)" says "([^"]*)"$`, containerLogSays)
	sc.Step(`^the log of (?:container "([^"]*)" of )?Pod "([^"]*)" says "([^"]*)" before "([^"]*)"$`, logOrder)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" wrote "([^"]*)" before container "([^"]*)" wrote "([^"]*)"$`, wroteBefore)
	sc.Step(`^what the log of Pod "([^"]*)" says behind "([^"]*)" is remembered as "([^"]*)"$`, logRemembered)
	sc.Step(`^the process of (?:container "([^"]*)" of )?Pod "([^"]*)" ends between (\d+) and (\d+) seconds after the deletion$`, processEnds)
	sc.Step(`^the process of Pod "([^"]*)" ends within (\d+) seconds after the deletion$`, processEndsSoon)
	sc.Step(`^the process of Pod "([^"]*)" ends within (\d+) seconds after the log says "([^"]*)"$`, processEndsAfterLine)
}

type logLine struct {
	at   time.Time
	text string
}

// logFollower reads one container's log from a goroutine of its own, until the container ends or the follower is stopped.
type logFollower struct {
	what   string
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	lines   []logLine
	changed chan struct{} // closed and replaced at each line, and at the end
	ended   time.Time
	broken  error
}

func (f *logFollower) stop() {
	f.cancel()
	<-f.done
}

// containerOf names a Pod's container in messages; only the Pod where container is empty.
func containerOf(pod, container string) string {
	if container == "" {
		return fmt.Sprintf("Pod %q", pod)
	}
	return fmt.Sprintf("container %q of Pod %q", container, pod)
}

// follow starts to read a log. container may be empty where the Pod has one.
func (s *scenario) follow(ctx context.Context, pod, container string) (*logFollower, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stream, err := s.typed.CoreV1().Pods(s.namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container, Follow: true}).Stream(ctx)
	if err != nil {
		cancel()
		return nil, failed("the log of "+containerOf(pod, container), "it can be followed", err.Error())
	}
	f := &logFollower{what: "the log of " + containerOf(pod, container), cancel: cancel, done: make(chan struct{}), changed: make(chan struct{})}
	go func() {
		defer close(f.done)
		defer stream.Close()
		scanner := bufio.NewScanner(stream)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			f.add(scanner.Text())
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ended = time.Now()
		if err := scanner.Err(); err != nil && ctx.Err() == nil {
			f.broken = err
		}
		close(f.changed)
	}()
	if before, ok := s.logs[pod+"/"+container]; ok {
		before.stop()
	}
	s.logs[pod+"/"+container] = f
	return f, nil
}

func (f *logFollower) add(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, logLine{time.Now(), text})
	close(f.changed)
	f.changed = make(chan struct{})
}

// follower is the one that follows a Pod's log, started now if none does.
func (s *scenario) follower(ctx context.Context, pod, container string) (*logFollower, error) {
	if f, ok := s.logs[pod+"/"+container]; ok {
		return f, nil
	}
	return s.follow(ctx, pod, container)
}

// state is what has been read so far, and a channel that closes when there is more.
func (f *logFollower) state() (lines []logLine, ended time.Time, changed <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines, f.ended, f.changed, f.broken
}

// tail is the end of the log for a failure.
func (f *logFollower) tail() []string {
	lines, _, _, _ := f.state()
	var out []string
	for _, line := range lines[max(0, len(lines)-20):] {
		out = append(out, line.at.Format("15:04:05.000")+"  "+line.text)
	}
	return out
}

// find is the first line that contains text; false if there is none yet.
func find(lines []logLine, text string) (logLine, bool) {
	for _, line := range lines {
		if strings.Contains(line.text, text) {
			return line, true
		}
	}
	return logLine{}, false
}

// await waits for a line that contains text, or for the first of all where text is empty.
func (f *logFollower) await(ctx context.Context, text string, limit time.Duration) (logLine, error) {
	begun := time.Now()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	expected := fmt.Sprintf("a line that contains %q", text)
	if text == "" {
		expected = "a first line, which the program writes once it has begun"
	}
	for {
		lines, ended, changed, _ := f.state()
		if line, ok := find(lines, text); ok {
			return line, nil
		}
		missing := &Failure{What: f.what, Expected: expected, Seen: "no such line", At: time.Now(), Waited: time.Since(begun), Timeline: f.tail()}
		if !ended.IsZero() {
			missing.Seen = "no such line, and the log has ended"
			return logLine{}, missing
		}
		select {
		case <-changed:
		case <-deadline.C:
			return logLine{}, missing
		case <-ctx.Done():
			return logLine{}, ctx.Err()
		}
	}
}

// awaitEnd waits for the end of the process.
func (f *logFollower) awaitEnd(ctx context.Context, limit time.Duration) (time.Time, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-f.done:
	case <-timer.C:
		return time.Time{}, &Failure{What: f.what, Expected: "it ends with its process", Seen: "it goes on", At: time.Now(), Waited: limit, Timeline: f.tail()}
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
	_, ended, _, err := f.state()
	if err != nil {
		return time.Time{}, &Inconclusive{Why: fmt.Sprintf("%s broke off: %v", f.what, err)}
	}
	return ended, nil
}

// logFollowed returns once the log has a line. A container runs before its program does: where the machine is slow, a signal would
// reach a process that has not come to note any.
func logFollowed(ctx context.Context, container, pod string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	f, err := s.follow(ctx, pod, container)
	if err != nil {
		return err
	}
	_, err = f.await(ctx, "", boundPodStart.within(ctx))
	return err
}

// followed is the follower that a sentence is about. container may be empty where the Pod has one.
func followed(ctx context.Context, pod, container string) (*scenario, *logFollower, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	f, err := s.follower(ctx, pod, container)
	return s, f, err
}

func logSays(ctx context.Context, pod, text string) error {
	_, f, err := followed(ctx, pod, "")
	if err != nil {
		return err
	}
	_, err = f.await(ctx, text, boundPodStart.within(ctx))
	return err
}

// logRemembered keeps the word that follows a text in a log.
func logRemembered(ctx context.Context, pod, text, as string) error {
	s, f, err := followed(ctx, pod, "")
	if err != nil {
		return err
	}
	line, err := f.await(ctx, text, boundPodStart.within(ctx))
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(line.text, text)
	word, _, _ := strings.Cut(rest, " ")
	s.store(as, word)
	return nil
}

func containerLogSays(ctx context.Context, container, pod, text string) error {
	_, f, err := followed(ctx, pod, container)
	if err != nil {
		return err
	}
	_, err = f.await(ctx, text, boundPodStart.within(ctx))
	return err
}

// logOrder wants two lines in this order.
func logOrder(ctx context.Context, container, pod, first, second string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	f, err := s.follower(ctx, pod, container)
	if err != nil {
		return err
	}
	for _, text := range []string{first, second} {
		if _, err := f.await(ctx, text, boundPodStart.within(ctx)); err != nil {
			return err
		}
	}
	lines, _, _, _ := f.state()
	for _, line := range lines {
		if strings.Contains(line.text, first) {
			break
		}
		if strings.Contains(line.text, second) {
			return &Failure{What: f.what, Expected: fmt.Sprintf("%q before %q", first, second), Seen: "the other order", At: time.Now(), Timeline: f.tail()}
		}
	}
	return nil
}

// wroteBefore compares the times that the workload writes before its lines, by its node's clock: which line reaches the suite first says
// nothing about two logs.
func wroteBefore(ctx context.Context, container, pod, text, other, later string) error {
	written := func(container, text string) (time.Time, error) {
		_, f, err := followed(ctx, pod, container)
		if err != nil {
			return time.Time{}, err
		}
		line, err := f.await(ctx, text, boundPodStart.within(ctx))
		if err != nil {
			return time.Time{}, err
		}
		stamp, _, _ := strings.Cut(line.text, " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			return time.Time{}, failed(f.what, "lines with their times, as the workload writes them", line.text)
		}
		return at, nil
	}
	first, err := written(container, text)
	if err != nil {
		return err
	}
	second, err := written(other, later)
	if err != nil {
		return err
	}
	if !first.Before(second) {
		return failed(fmt.Sprintf("%q of %s", text, containerOf(pod, container)), fmt.Sprintf("it comes before %q of container %q", later, other),
			fmt.Sprintf("it came at %s, and the other at %s", first.Format("15:04:05.000"), second.Format("15:04:05.000")))
	}
	return nil
}

// deletion is when the suite asked for a Pod's deletion.
func (s *scenario) deletion(pod string) (time.Time, error) {
	at, ok := s.deletedAt["Pod/"+pod]
	if !ok {
		return time.Time{}, errors.New("the Pod has not been deleted before its end is judged")
	}
	return at, nil
}

func processEnds(ctx context.Context, container, pod string, least, most int) error {
	s, f, err := followed(ctx, pod, container)
	if err != nil {
		return err
	}
	asked, err := s.deletion(pod)
	if err != nil {
		return err
	}
	ended, err := f.awaitEnd(ctx, time.Until(asked)+time.Duration(most)*time.Second+graceLate.within(ctx))
	if err != nil {
		return err
	}
	after := ended.Sub(asked)
	if after < time.Duration(least)*time.Second || after > time.Duration(most)*time.Second {
		return &Failure{
			What: "the process of " + containerOf(pod, container), At: ended, Timeline: f.tail(),
			Expected: fmt.Sprintf("it ends between %d and %d s after the deletion", least, most),
			Seen:     fmt.Sprintf("it ended %.2f s after the deletion", after.Seconds()),
		}
	}
	s.observe(containerOf(pod, container), fmt.Sprintf("the process ended %.2f s after the deletion", after.Seconds()))
	return nil
}

func processEndsSoon(ctx context.Context, pod string, most int) error {
	return processEnds(ctx, "", pod, 0, most)
}

func processEndsAfterLine(ctx context.Context, pod string, most int, text string) error {
	_, f, err := followed(ctx, pod, "")
	if err != nil {
		return err
	}
	line, err := f.await(ctx, text, boundPodStart.within(ctx))
	if err != nil {
		return err
	}
	ended, err := f.awaitEnd(ctx, time.Until(line.at)+time.Duration(most)*time.Second+graceLate.within(ctx))
	if err != nil {
		return err
	}
	if after := ended.Sub(line.at); after > time.Duration(most)*time.Second {
		return &Failure{
			What: fmt.Sprintf("the process of Pod %q", pod), At: ended, Timeline: f.tail(),
			Expected: fmt.Sprintf("it ends within %d s after its log says %q", most, text),
			Seen:     fmt.Sprintf("it ended %.2f s after", after.Seconds()),
		}
	}
	return nil
}
