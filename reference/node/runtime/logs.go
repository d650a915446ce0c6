package runtime

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// maxLogLine is the length from which on a line is written in parts, as with
// containerd's CRI plugin by default.
const maxLogLine = 16 << 10

// A log that has come to maxLogSize is begun anew beside maxLogFiles-1 older ones, as by a kubelet with its defaults.
const (
	maxLogSize  = 10 << 20
	maxLogFiles = 5
)

// logTime is RFC3339Nano with all its digits.
const logTime = "2006-01-02T15:04:05.000000000Z07:00"

// logFile is a container's log: lines of "time stream tag text", where the
// tag is F for a whole line and P for a part of one (the CRI's format).
type logFile struct {
	mu   sync.Mutex
	file *os.File // nil: output is discarded
	path string
	size int64 // of the file
}

func openLog(path string) (*logFile, error) {
	if path == "" {
		return &logFile{}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the log's directory: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return &logFile{file: file, path: path, size: info.Size()}, nil
}

// write appends lines, and begins the file anew once it is full. Lines that cannot be written are lost.
func (l *logFile) write(lines []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil || len(lines) == 0 {
		return
	}
	n, _ := l.file.Write(lines)
	if l.size += int64(n); l.size >= maxLogSize {
		l.rotate(time.Now())
	}
}

// rotate puts the file aside under a name with the time, and removes the oldest of such. Where that fails, the file goes on to grow, and is
// tried again at the next line.
func (l *logFile) rotate(now time.Time) {
	aside := l.path + "." + now.UTC().Format("20060102-150405.000000000")
	if err := os.Rename(l.path, aside); err != nil {
		return
	}
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		_ = os.Rename(aside, l.path)
		return
	}
	l.file.Close()
	l.file, l.size = file, 0
	old, _ := filepath.Glob(l.path + ".*") // the pattern is well-formed; names are in order of time
	for _, name := range old[:max(0, len(old)-(maxLogFiles-1))] {
		os.Remove(name)
	}
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
	}
}

// stream returns the writer of one of the container's streams.
func (l *logFile) stream(name string) *logStream {
	return &logStream{log: l, name: name, now: time.Now}
}

// logStream cuts one stream into the log's lines.
type logStream struct {
	log  *logFile
	name string
	now  func() time.Time
	rest []byte // an unfinished line, shorter than maxLogLine
}

// Write never fails: a container must not stop because its log cannot be written.
func (s *logStream) Write(p []byte) (int, error) {
	var out bytes.Buffer
	s.rest = append(s.rest, p...)
	from := s.rest
	for len(from) > 0 {
		end := bytes.IndexByte(from, '\n')
		switch {
		case end >= 0 && end <= maxLogLine:
			line := from[:end]
			if end > 0 && line[end-1] == '\r' {
				line = line[:end-1]
			}
			s.format(&out, "F", line)
			from = from[end+1:]
			continue
		case len(from) > maxLogLine:
			s.format(&out, "P", from[:maxLogLine])
			from = from[maxLogLine:]
			continue
		}
		break
	}
	s.rest = append(s.rest[:0], from...)
	s.flush(out.Bytes())
	return len(p), nil
}

// finish writes what came after the last newline.
func (s *logStream) finish() {
	if len(s.rest) > 0 {
		var out bytes.Buffer
		s.format(&out, "P", s.rest)
		s.rest = nil
		s.flush(out.Bytes())
	}
}

func (s *logStream) format(out *bytes.Buffer, tag string, text []byte) {
	out.Write(s.now().UTC().AppendFormat(nil, logTime))
	fmt.Fprintf(out, " %s %s ", s.name, tag)
	out.Write(text)
	out.WriteByte('\n')
}

func (s *logStream) flush(lines []byte) {
	s.log.write(lines)
}

var _ io.Writer = (*logStream)(nil)
