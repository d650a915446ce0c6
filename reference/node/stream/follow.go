package stream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
	v1 "k8s.io/api/core/v1"
)

// FollowLog writes what a log file holds and then what is added to it, until
// ended is closed (the container writes no more), ctx ends, or the limit of
// the options is reached. flush is called whenever nothing more is at hand.
func FollowLog(ctx context.Context, path string, options *v1.PodLogOptions, now LogClock, out io.Writer, flush func(), ended <-chan struct{}) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer func() { f.Close() }()
	w := newLogWriter(out, options, now())
	if w.left == 0 {
		return nil
	}
	if err := seekTail(f, options.TailLines); err != nil {
		return err
	}
	changes, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch log: %w", err)
	}
	defer changes.Close()
	// The directory, in which a full log is put aside for a new one of its name.
	if err := changes.Add(filepath.Dir(path)); err != nil {
		return fmt.Errorf("watch log: %w", err)
	}
	lines := &lineReader{r: bufio.NewReader(f)}
	for last := false; ; {
		// Whether the container has ended is asked before reading, so that
		// what it wrote last is read.
		select {
		case <-ended:
			last = true
		default:
		}
		if err := copyLines(lines, w); err != nil {
			if errors.Is(err, errLimit) {
				return nil
			}
			return err
		}
		next, err := begunAnew(path, f)
		if err != nil {
			return err
		}
		if next != nil {
			// What was written between the last look and the cut is still in the old one.
			err := copyLines(lines, w)
			f.Close()
			f, lines = next, &lineReader{r: bufio.NewReader(next)}
			if errors.Is(err, errLimit) {
				return nil
			}
			if err != nil {
				return err
			}
			continue
		}
		flush()
		if last {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ended:
		case <-changes.Events:
		case err := <-changes.Errors:
			return fmt.Errorf("watch log: %w", err)
		}
	}
}

// begunAnew opens the log if it is another file than the one that is read, and is nil if it is the same, or not there at the moment.
func begunAnew(path string, current *os.File) (*os.File, error) {
	was, err := current.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at log: %w", err)
	}
	is, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && os.SameFile(was, is) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at log: %w", err)
	}
	next, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return next, nil
}

// copyLines writes all complete lines that are there.
func copyLines(lines *lineReader, w *logWriter) error {
	for {
		raw, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		if err := w.write(raw); err != nil {
			return err
		}
	}
}

// lineReader reads complete lines of a file that grows; of an incomplete one
// it keeps what there is.
type lineReader struct {
	r    *bufio.Reader
	kept []byte
}

func (l *lineReader) next() ([]byte, error) {
	raw, err := l.r.ReadBytes('\n')
	if err != nil {
		l.kept = append(l.kept, raw...)
		return nil, err
	}
	if len(l.kept) > 0 {
		raw = append(l.kept, raw...)
		l.kept = nil
	}
	return raw, nil
}
