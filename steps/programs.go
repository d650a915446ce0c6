package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
)

// Sentences about programs: those that run inside containers by exec, and how they ended.

func programSentences(sc vocabulary) {
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" (?:executes|has executed) "([^"]*)"$`, executes)
	sc.Step(`^it exits with (\d+)$`, exits)
	sc.Step(`^it prints "([^"]*)"$`, prints)
	sc.Step(`^what it prints is remembered as "([^"]*)"$`, printedRemembered)
	sc.Step(`^its output contains "(.*)"$`, outputContains)
	sc.Step(`^its output does not contain "(.*)"$`, outputLacks)
	sc.Step(`^its error output contains "(.*)"$`, errorContains)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" begins "([^"]*)"$`, begins)
	sc.Step(`^what was begun exits with (\d+)$`, begunExits)
	sc.Step(`^Pod "([^"]*)" has been asked for "([^"]*)" at least (\d+) times$`, askedFor)
	sc.Step(`^Pod "([^"]*)" has never been asked for "([^"]*)"$`, neverAskedFor)
	sc.Step(`^Pod "([^"]*)" is (from now on )?asked for "([^"]*)" every (\d+) seconds, at least (\d+) times$`, askedEvery)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" comes to print "([^"]*)" when it executes "([^"]*)"$`, comesToPrint)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" comes to see the process "([^"]*)", whose number is remembered as "([^"]*)"$`, comesToSee)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" comes to see no process "([^"]*)"$`, comesToSeeNone)
}

// outcome is how a program ended, in a container or as kubectl.
type outcome struct {
	asked          string
	stdout, stderr string
	exit           int
	given, printed *carried // where it was given too much to be kept
}

func (o *outcome) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", o.exit, o.stdout, o.stderr)
}

// execute runs a program in a container and makes its end the one to judge.
func (s *scenario) execute(ctx context.Context, pod, container string, command ...string) (*outcome, error) {
	o, err := s.executeAside(ctx, pod, container, command...)
	if err == nil {
		s.command = o
	}
	return o, err
}

// executeAside runs a program in a container by the exec subresource.
func (s *scenario) executeAside(ctx context.Context, pod, container string, command ...string) (*outcome, error) {
	limited, cancel := context.WithTimeout(ctx, boundProgram.within(ctx))
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
	return o, nil
}

func executes(ctx context.Context, container, pod, command string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	_, err = s.execute(ctx, pod, container, words(command)...)
	return err
}

// words splits a command line at blanks; 'single quotes' hold together, as in a shell.
func words(line string) []string {
	var out []string
	var word strings.Builder
	begun, quoted := false, false
	for _, char := range line {
		switch {
		case char == '\'':
			begun, quoted = true, !quoted
		case char == ' ' && !quoted:
			if begun {
				out = append(out, word.String())
				word.Reset()
			}
			begun = false
		default:
			begun = true
			word.WriteRune(char)
		}
	}
	if begun {
		out = append(out, word.String())
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

func printedRemembered(ctx context.Context, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	o, err := ran(ctx)
	if err != nil {
		return err
	}
	if o.exit != 0 {
		return failed(o.asked, "exit 0", o.String())
	}
	s.store(as, strings.TrimSpace(o.stdout))
	return nil
}

func judgeOutput(ctx context.Context, text, expected string, ok func(o *outcome, text string) bool) error {
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

// ending is the end of a program that runs beside the scenario's steps.
type ending struct {
	outcome *outcome
	err     error
}

func begins(ctx context.Context, container, pod, command string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	s.begin(ctx, func(running context.Context) (*outcome, error) {
		return s.executeAside(running, pod, container, words(command)...)
	})
	return nil
}

// begin runs a program beside the scenario's steps.
func (s *scenario) begin(ctx context.Context, run func(context.Context) (*outcome, error)) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan ending, 1)
	s.begun, s.cancelBegun = ended, cancel
	go func() {
		o, err := run(running)
		ended <- ending{o, err}
	}()
}

func begunExits(ctx context.Context, code int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if s.begun == nil {
		return errors.New("nothing has been begun before its end is judged")
	}
	select {
	case end := <-s.begun:
		s.begun = nil
		if end.err != nil {
			return end.err
		}
		s.command = end.outcome
		return exits(ctx, code)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell asks the workload in a Pod what it knows of itself, and reads its answer; false while its server does not listen.
func (s *scenario) tell(ctx context.Context, pod, about string, into any) (bool, error) {
	object, err := s.mustGet(ctx, "Pod", pod)
	if err != nil {
		return false, err
	}
	container, _, err := valueOf(object, "spec.containers[0].name")
	if err != nil {
		return false, err
	}
	o, err := s.executeAside(ctx, pod, container, "/workload", "http", "http://localhost:8080"+about)
	if err != nil {
		return false, err
	}
	var answer struct {
		Body  string `json:"body"`
		Class string `json:"class"` // why there is no answer: the server may not listen yet
	}
	if err := json.Unmarshal([]byte(o.stdout), &answer); err != nil {
		return false, fmt.Errorf("the client in Pod %s printed %q: %w", pod, o.stdout, err)
	}
	if answer.Class != "" {
		return false, nil
	}
	if err := json.Unmarshal([]byte(answer.Body), into); err != nil {
		return false, fmt.Errorf("the workload in Pod %s answered %q: %w", pod, answer.Body, err)
	}
	return true, nil
}

// asked reads how often the workload in a Pod has been asked for a path, from the workload itself.
func (s *scenario) asked(ctx context.Context, pod, path string) (int, error) {
	var counts map[string]struct {
		Count int `json:"count"`
	}
	_, err := s.tell(ctx, pod, "/count", &counts)
	return counts[(&url.URL{Path: path}).Path].Count, err
}

// askedEvery judges the pauses between requests by the clock of the workload. A request may arrive a second late, so that the
// next one comes a second early; and a busy node may take twice its time, but not on the whole.
func askedEvery(ctx context.Context, pod, onwards, path string, seconds, least int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	before := 0
	if onwards != "" {
		if before, err = s.asked(ctx, pod, path); err != nil {
			return err
		}
	}
	if err := askedFor(ctx, pod, path, before+least); err != nil {
		return err
	}
	var requests []struct {
		At time.Time `json:"at"`
	}
	if _, err := s.tell(ctx, pod, "/requests?path="+url.QueryEscape(path), &requests); err != nil {
		return err
	}
	requests = requests[min(before, len(requests)):]
	if len(requests) == 0 {
		return failed(fmt.Sprintf("requests for %s at Pod %q", path, pod), fmt.Sprintf("at least %d", least), "none: the container has begun anew")
	}
	period := time.Duration(seconds) * time.Second
	var pauses []string
	tooSoon := false
	for i := 1; i < len(requests); i++ {
		pause := requests[i].At.Sub(requests[i-1].At)
		pauses = append(pauses, fmt.Sprintf("%.1f s", pause.Seconds()))
		tooSoon = tooSoon || pause < period-clockSkew
	}
	all := requests[len(requests)-1].At.Sub(requests[0].At)
	if tooSoon || all > 2*period*time.Duration(len(requests)-1) {
		return failed(fmt.Sprintf("the pauses between requests for %s at Pod %q", path, pod), fmt.Sprintf("%d s", seconds), strings.Join(pauses, ", "))
	}
	return nil
}

// comesToPrint executes a program again and again: what a node brings up to date in a container's files cannot be watched.
func comesToPrint(ctx context.Context, container, pod, wanted, command string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.lookUntil(ctx, fmt.Sprintf("what %q prints in Pod %q", command, pod), wanted, boundRefresh, func() (string, bool, error) {
		o, err := s.executeAside(ctx, pod, container, words(command)...)
		if err != nil {
			return "", false, err
		}
		return o.String(), strings.TrimSpace(o.stdout) == wanted, nil
	})
}

func comesToSee(ctx context.Context, container, pod, text, as string) error {
	return lookForProcess(ctx, container, pod, text, boundProgram, fmt.Sprintf("one with %q in its command line", text), func(s *scenario, number int) bool {
		s.store(as, strconv.Itoa(number))
		return number != 0
	})
}

func comesToSeeNone(ctx context.Context, container, pod, text string) error {
	return lookForProcess(ctx, container, pod, text, boundPodEnd, fmt.Sprintf("none with %q in its command line", text), func(_ *scenario, number int) bool { return number == 0 })
}

// lookForProcess looks for a process by a part of its command line; 0 is the number of none.
func lookForProcess(ctx context.Context, container, pod, text string, patience bound, expected string, wanted func(s *scenario, number int) bool) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("the processes that container %q of Pod %q sees", container, pod)
	return s.lookUntil(ctx, what, expected, patience, func() (string, bool, error) {
		o, err := s.executeAside(ctx, pod, container, "/workload", "ps")
		if err != nil {
			return "", false, err
		}
		number := 0
		for line := range strings.Lines(o.stdout) {
			var process struct {
				PID     int    `json:"pid"`
				Command string `json:"command"`
			}
			if err := json.Unmarshal([]byte(line), &process); err != nil {
				return "", false, fmt.Errorf("the workload in Pod %s printed %q: %w", pod, line, err)
			}
			if strings.Contains(process.Command, text) {
				number = process.PID
			}
		}
		return strings.TrimSpace(o.stdout), wanted(s, number), nil
	})
}

// askedPause is between two looks at what a workload was asked: a container cannot be watched.
const askedPause = 250 * time.Millisecond

func askedFor(ctx context.Context, pod, path string, least int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if err := fieldBecomes(ctx, "status.phase", "Pod", pod, "Running"); err != nil {
		return err
	}
	what, expected := fmt.Sprintf("requests for %s at Pod %q", path, pod), fmt.Sprintf("at least %d", least)
	return s.lookUntil(ctx, what, expected, boundPodStart, func() (string, bool, error) {
		count, err := s.asked(ctx, pod, path)
		// Between two runs of the container nobody is there to be asked.
		if away := (*Failure)(nil); errors.As(err, &away) {
			return away.Seen, false, nil
		}
		return fmt.Sprintf("%d times", count), count >= least, err
	})
}

// lookUntil looks into a container again and again: it cannot be watched. Look says what is seen, and whether it is what is waited for.
func (s *scenario) lookUntil(ctx context.Context, what, expected string, patience bound, look func() (string, bool, error)) error {
	begun := time.Now()
	seen := &history{begun: begun}
	ticker := time.NewTicker(askedPause)
	defer ticker.Stop()
	for {
		said, done, err := look()
		if err != nil {
			return err
		}
		if seen.add(said); done {
			return nil
		}
		if waited := time.Since(begun); waited > patience.within(ctx) {
			return &Failure{What: what, Expected: expected, Seen: seen.last, Waited: waited, At: time.Now(), Timeline: seen.lines}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func neverAskedFor(ctx context.Context, pod, path string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	count, err := s.asked(ctx, pod, path)
	if err == nil && count > 0 {
		err = failed(fmt.Sprintf("requests for %s at Pod %q", path, pod), "none", fmt.Sprintf("%d", count))
	}
	return err
}
