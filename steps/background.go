package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Sentences about a kubectl that goes on beside the scenario's steps: a watch, a log, a forwarded port.

func backgroundSentences(sc vocabulary) {
	sc.Step(`^kubectl begins "([^"]*)"$`, kubectlBegins)
	sc.Step(`^what kubectl began prints "([^"]*)"$`, begunPrints)
	sc.Step(`^what kubectl began ends with (\d+)$`, begunEnds)
	sc.Step(`^kubectl forwards a local port to "([^"]*)"$`, kubectlForwards)
	sc.Step(`^(\d+) requests to the local port are answered by Pod "([^"]*)"$`, localAnswered)
	sc.Step(`^a request to the local port fails$`, localFails)
}

// background is a program that runs beside the steps. Its output is one text, in the order in which it came.
type background struct {
	asked  string
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	output  strings.Builder
	changed chan struct{}
	exit    int
	err     error
}

// Write takes what the program prints.
func (b *background) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.output.Write(data)
	close(b.changed)
	b.changed = make(chan struct{})
	return len(data), nil
}

func (b *background) text() (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.output.String(), b.changed
}

func (b *background) stop() {
	b.cancel()
	<-b.done
}

func kubectlBegins(ctx context.Context, arguments string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if s.background != nil {
		s.background.stop()
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	command, err := s.kubectlCommand(running, arguments)
	if err != nil {
		cancel()
		return err
	}
	b := &background{asked: "kubectl " + arguments, cancel: cancel, done: make(chan struct{}), changed: make(chan struct{})}
	command.Stdout, command.Stderr = b, b
	if err := command.Start(); err != nil {
		cancel()
		return fmt.Errorf("start kubectl: %w", err)
	}
	s.background = b
	go func() {
		defer close(b.done)
		err := command.Wait()
		var ended *exec.ExitError
		b.mu.Lock()
		defer b.mu.Unlock()
		b.exit = command.ProcessState.ExitCode()
		if !errors.As(err, &ended) {
			b.err = err
		}
	}()
	return nil
}

// began is the program that goes on.
func began(ctx context.Context) (*background, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, err
	}
	if s.background == nil {
		return nil, errors.New("kubectl has not begun anything before it is judged")
	}
	return s.background, nil
}

func begunPrints(ctx context.Context, text string) error {
	b, err := began(ctx)
	if err != nil {
		return err
	}
	_, err = b.await(ctx, regexp.MustCompile(regexp.QuoteMeta(text)))
	return err
}

// await waits until the program has printed what matches.
func (b *background) await(ctx context.Context, pattern *regexp.Regexp) ([]string, error) {
	timer := time.NewTimer(boundPodStart.within(ctx))
	defer timer.Stop()
	missing := func(seen string) error {
		text, _ := b.text()
		return &Failure{What: b.asked, Expected: "it prints " + pattern.String(), Seen: seen + text, Waited: boundPodStart.within(ctx), At: time.Now()}
	}
	for {
		text, changed := b.text()
		if match := pattern.FindStringSubmatch(text); match != nil {
			return match, nil
		}
		select {
		case <-changed:
		case <-b.done:
			text, _ := b.text()
			if match := pattern.FindStringSubmatch(text); match != nil {
				return match, nil
			}
			return nil, missing(fmt.Sprintf("it ended with %d after ", b.exit))
		case <-timer.C:
			return nil, missing("")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func begunEnds(ctx context.Context, code int) error {
	b, err := began(ctx)
	if err != nil {
		return err
	}
	timer := time.NewTimer(boundPodStart.within(ctx))
	defer timer.Stop()
	select {
	case <-b.done:
	case <-timer.C:
		text, _ := b.text()
		return &Failure{What: b.asked, Expected: "it ends", Seen: "it went on, after " + text, Waited: boundPodStart.within(ctx), At: time.Now()}
	case <-ctx.Done():
		return ctx.Err()
	}
	if b.err != nil {
		return fmt.Errorf("run %s: %w", b.asked, b.err)
	}
	if text, _ := b.text(); b.exit != code {
		return failed(b.asked, fmt.Sprintf("exit %d", code), fmt.Sprintf("exit %d after %s", b.exit, text))
	}
	return nil
}

var forwarding = regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+)`)

// kubectlForwards begins a port-forward to "pod/NAME PORT" or the like, and waits until kubectl listens.
func kubectlForwards(ctx context.Context, to string) error {
	target, port, ok := strings.Cut(to, " ")
	if !ok {
		return fmt.Errorf("%q does not name a target and its port", to)
	}
	if err := kubectlBegins(ctx, "port-forward --address=127.0.0.1 "+target+" :"+port); err != nil {
		return err
	}
	b, err := began(ctx)
	if err != nil {
		return err
	}
	match, err := b.await(ctx, forwarding)
	if err != nil {
		return err
	}
	s, err := from(ctx)
	if err != nil {
		return err
	}
	s.local = match[1]
	return nil
}

// askLocal sends one request through the forwarded port.
func (s *scenario) askLocal(ctx context.Context) (string, error) {
	limited, cancel := context.WithTimeout(ctx, boundProgram.within(ctx))
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodGet, "http://"+s.local+"/", nil)
	if err != nil {
		return "", fmt.Errorf("make a request to the local port: %w", err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func localAnswered(ctx context.Context, count int, pod string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	answers := make(chan error, count)
	for range count {
		go func() {
			body, err := s.askLocal(ctx)
			if err == nil && !strings.Contains(body, fmt.Sprintf(`"hostname":%q`, pod)) {
				err = errors.New(body)
			}
			answers <- err
		}()
	}
	var wrong []string
	for range count {
		if err := <-answers; err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	if len(wrong) > 0 {
		return failed(fmt.Sprintf("%d requests through the forwarded port", count), "each is answered by Pod "+pod, fmt.Sprintf("%d were not: %s", len(wrong), wrong[0]))
	}
	return nil
}

func localFails(ctx context.Context) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if body, err := s.askLocal(ctx); err == nil {
		return failed("a request through the forwarded port", "it fails", "it is answered: "+body)
	}
	return nil
}
