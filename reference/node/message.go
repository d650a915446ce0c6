package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
	"github.com/plumbline/plumbline/reference/node/stream"
)

// Limits of a termination message, as upstream's.
const (
	messageMax   = 4096 // bytes, from the file
	logLinesMax  = 80   // lines, from the log
	logLengthMax = 2048 // bytes, from the log
)

// terminationLog is the file of the node behind a container's
// terminationMessagePath.
func (w *worker) terminationLog(pod *v1.Pod, container string, attempt int) string {
	return filepath.Join(w.agent.volumes.PodDir(string(pod.UID)), "containers", container, strconv.Itoa(attempt))
}

// terminationMessage is what a container left to say when it ended.
func (w *worker) terminationMessage(c *runtime.ContainerStatus) string {
	spec, _ := containerSpec(w.state.Pod, c.Name)
	if spec == nil || c.Message != "" {
		return c.Message
	}
	text := ""
	if spec.TerminationMessagePath != "" {
		path := w.terminationLog(w.state.Pod, c.Name, c.Attempt)
		data, err := readTail(path, messageMax)
		switch {
		case err == nil:
			text = string(data)
		case !errors.Is(err, os.ErrNotExist):
			return fmt.Sprintf("Error on reading termination log %s: %v", path, err)
		}
	}
	if text == "" && spec.TerminationMessagePolicy == v1.TerminationMessageFallbackToLogsOnError && c.ExitCode != 0 {
		path := c.LogPath
		if path == "" {
			path = w.agent.logPath(w.state.Pod, c.Name, c.Attempt)
		}
		var b bytes.Buffer
		lines := int64(logLinesMax)
		if err := stream.ReadLog(path, &v1.PodLogOptions{TailLines: &lines}, time.Now, &b); err == nil {
			text = b.String()
		}
		text = text[max(0, len(text)-logLengthMax):]
	}
	return text
}

// readTail reads the last bytes of a file.
func readTail(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(max(0, info.Size()-most), io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, most))
}
