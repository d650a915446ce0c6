package steps

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Sentences about much data: what goes through the API server, to a Pod and back, arrives whole and unchanged. The data are random,
// so that nothing on the way can make them smaller, and are compared by their sums.

func transferSentences(sc vocabulary) {
	sc.Step(`^(\d+) connections to the local port bring (\S+) bytes each to the Pod and back at once, unchanged$`, localCarries)
	sc.Step(`^kubectl runs with (\S+) bytes of input "([^"]*)"$`, kubectlRunsWithMuch)
	sc.Step(`^it prints what it was given$`, printsItsInput)
	sc.Step(`^the file "([^"]*)" with (\S+) bytes$`, fileOfSize)
	sc.Step(`^the files "([^"]*)" and "([^"]*)" are the same$`, sameFiles)
	sc.Step(`^its lines are ([\d, ]+) bytes long$`, linesAreLong)
}

// random gives so many bytes, the same for the same seed.
func random(seed byte, size int) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{seed}), int64(size))
}

// carried is what went one way.
type carried struct {
	bytes int64
	sum   hash.Hash
}

func newCarried() *carried { return &carried{sum: sha256.New()} }

func (c *carried) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return c.sum.Write(p)
}

func (c *carried) String() string {
	return fmt.Sprintf("%d bytes with the SHA-256 %x", c.bytes, c.sum.Sum(nil))
}

// localCarries sends over several connections through the forwarded port at once. Each is answered with what it sends while it still
// sends, so that both directions are under way together.
func localCarries(ctx context.Context, connections int, size string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	count, err := bytesOf(size)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, boundTransfer.within(ctx))
	defer cancel()
	wrong := make(chan error, connections)
	for i := range connections {
		go func() { wrong <- s.carry(limited, random(byte(i), count), count) }()
	}
	var errs []error
	for range connections {
		errs = append(errs, <-wrong)
	}
	return errors.Join(errs...)
}

// carry sends over one connection of its own, and compares what comes back.
func (s *scenario) carry(ctx context.Context, body io.Reader, size int) error {
	sent, received := newCarried(), newCarried()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.local+"/echo", io.TeeReader(body, sent))
	if err != nil {
		return fmt.Errorf("make a request to the local port: %w", err)
	}
	request.ContentLength, request.Close = int64(size), true
	what := fmt.Sprintf("%d bytes to the Pod and back, through the forwarded port", size)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return failed(what, "they are echoed", err.Error())
	}
	defer response.Body.Close()
	if _, err := io.Copy(received, response.Body); err != nil {
		return failed(what, "they are echoed", fmt.Sprintf("after %d bytes: %v", received.bytes, err))
	}
	if sent.String() != received.String() {
		return failed(what, sent.String(), received.String())
	}
	return nil
}

// kubectlRunsWithMuch runs the program with random input. What it prints is kept as its sum, and as much of it as a failure can show.
func kubectlRunsWithMuch(ctx context.Context, size, arguments string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	count, err := bytesOf(size)
	if err != nil {
		return err
	}
	// Summed beforehand: a program may end without having read it all.
	given, printed := newCarried(), newCarried()
	if _, err := io.Copy(given, random(0, count)); err != nil {
		return fmt.Errorf("make the input: %w", err)
	}
	o := &outcome{asked: "kubectl " + arguments, given: given, printed: printed}
	return s.runKubectl(ctx, boundTransfer, o, arguments, random(0, count), &summed{carried: printed}, &bytes.Buffer{})
}

// summed is an output of which the beginning is kept, too.
type summed struct {
	*carried
	beginning []byte
}

func (s *summed) Write(p []byte) (int, error) {
	const most = 512
	s.beginning = append(s.beginning, p[:min(len(p), max(0, most-len(s.beginning)))]...)
	return s.carried.Write(p)
}

// String is the beginning, in letters.
func (s *summed) String() string { return strconv.QuoteToASCII(string(s.beginning)) }

func printsItsInput(ctx context.Context) error {
	o, err := ran(ctx)
	if err != nil {
		return err
	}
	if o.given == nil {
		return errors.New("no program has run with much input before its output is judged")
	}
	if o.exit != 0 || o.given.String() != o.printed.String() {
		return failed(o.asked, "exit 0 after "+o.given.String(), fmt.Sprintf("exit %d after %s\nstderr: %s", o.exit, o.printed, o.stderr))
	}
	return nil
}

// fileOfSize makes a file of random bytes, and the folders above it.
func fileOfSize(ctx context.Context, name, size string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	count, err := bytesOf(size)
	if err != nil {
		return err
	}
	directory, err := s.folder()
	if err != nil {
		return err
	}
	path := filepath.Join(directory, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make a folder for the scenario's file: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("make the scenario's file: %w", err)
	}
	_, err = io.Copy(file, random(0, count))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the scenario's file: %w", err)
	}
	return nil
}

func sameFiles(ctx context.Context, one, other string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	directory, err := s.folder()
	if err != nil {
		return err
	}
	var contents [2]string
	for i, name := range []string{one, other} {
		contents[i], err = contentOf(filepath.Join(directory, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
	}
	if contents[0] != contents[1] {
		return failed(fmt.Sprintf("the file %q", other), "like "+one+": "+contents[0], contents[1])
	}
	return nil
}

// contentOf is the sum of a file, or that it is not there.
func contentOf(path string) (string, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "there is no such file", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the scenario's file: %w", err)
	}
	defer file.Close()
	read := newCarried()
	if _, err := io.Copy(read, file); err != nil {
		return "", fmt.Errorf("read the scenario's file: %w", err)
	}
	return read.String(), nil
}

// linesAreLong judges the output by the lengths of its lines; what comes behind the last line's end is one more.
func linesAreLong(ctx context.Context, lengths string) error {
	return judgeOutput(ctx, lengths, "lines that are %s bytes long", func(o *outcome, lengths string) bool {
		var seen []string
		for line := range strings.Lines(o.stdout) {
			seen = append(seen, strconv.Itoa(len(strings.TrimSuffix(line, "\n"))))
		}
		return strings.Join(seen, ", ") == lengths
	})
}
