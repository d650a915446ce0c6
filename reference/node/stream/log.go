// Package stream serves what clients stream from a node: logs, exec, attach
// and port-forward.
package stream

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	v1 "k8s.io/api/core/v1"
)

// A line of a container's log, as container runtimes write it:
//
//	2006-01-02T15:04:05.999999999Z stdout F what the container wrote
//
// The third field is F for the end of a line, P for a part of one.
type logLine struct {
	at     []byte
	stream []byte
	full   bool
	text   []byte
}

func parseLine(raw []byte) (logLine, bool) {
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	fields := bytes.SplitN(raw, []byte(" "), 4)
	if len(fields) < 3 {
		return logLine{}, false
	}
	line := logLine{at: fields[0], stream: fields[1], full: bytes.HasPrefix(fields[2], []byte("F"))}
	if len(fields) == 4 {
		line.text = fields[3]
	}
	return line, true
}

// logWriter writes the wanted parts of log lines.
type logWriter struct {
	out        io.Writer
	since      time.Time
	timestamps bool
	stream     string // stdout, stderr or "" for both
	left       int64  // bytes that may still be written; negative: no limit
	partial    bool   // the last line written was a part
}

var errLimit = errors.New("limit reached")

func newLogWriter(out io.Writer, options *v1.PodLogOptions, now time.Time) *logWriter {
	w := &logWriter{out: out, timestamps: options.Timestamps, left: -1}
	if options.LimitBytes != nil {
		w.left = *options.LimitBytes
	}
	switch {
	case options.SinceSeconds != nil:
		w.since = now.Add(-time.Duration(*options.SinceSeconds) * time.Second)
	case options.SinceTime != nil:
		w.since = options.SinceTime.Time
	}
	if options.Stream != nil {
		switch *options.Stream {
		case v1.LogStreamStdout:
			w.stream = "stdout"
		case v1.LogStreamStderr:
			w.stream = "stderr"
		}
	}
	return w
}

// write writes one raw line. Lines that nobody could have written are skipped.
func (w *logWriter) write(raw []byte) error {
	line, ok := parseLine(raw)
	if !ok {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, string(line.at))
	if err != nil || at.Before(w.since) || (w.stream != "" && string(line.stream) != w.stream) {
		return nil
	}
	var b []byte
	if w.timestamps && !w.partial {
		b = append(append(b, line.at...), ' ')
	}
	b = append(b, line.text...)
	if line.full {
		b = append(b, '\n')
	}
	w.partial = !line.full
	if w.left >= 0 && int64(len(b)) > w.left {
		b = b[:w.left]
	}
	n, err := w.out.Write(b)
	if w.left >= 0 {
		w.left -= int64(n)
	}
	if err == nil && w.left == 0 {
		err = errLimit
	}
	return err
}

// LogClock tells the time, from which sinceSeconds counts.
type LogClock func() time.Time

// ReadLog writes what a log file holds now. Options that concern following or
// choosing a container are not looked at.
func ReadLog(path string, options *v1.PodLogOptions, now LogClock, out io.Writer) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer f.Close()
	w := newLogWriter(out, options, now())
	if w.left == 0 {
		return nil
	}
	if err := seekTail(f, options.TailLines); err != nil {
		return err
	}
	if err := copyLines(&lineReader{r: bufio.NewReader(f)}, w); err != nil && !errors.Is(err, errLimit) {
		return err
	}
	return nil
}

// seekTail moves to the beginning of the last lines of the file. Lines are
// the file's, parts included, as upstream counts them.
func seekTail(f *os.File, tail *int64) error {
	if tail == nil {
		return nil
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("seek in log: %w", err)
	}
	const block = 4096
	left := *tail
	at, buf := end, make([]byte, block)
	for at > 0 {
		n := min(at, int64(block))
		at -= n
		if _, err := f.ReadAt(buf[:n], at); err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		for i := n - 1; i >= 0; i-- {
			if buf[i] != '\n' || at+i == end-1 {
				continue
			}
			if left--; left <= 0 {
				return seekTo(f, at+i+1, *tail == 0, end)
			}
		}
	}
	return seekTo(f, 0, *tail == 0, end)
}

func seekTo(f *os.File, at int64, none bool, end int64) error {
	if none {
		at = end
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return fmt.Errorf("seek in log: %w", err)
	}
	return nil
}
