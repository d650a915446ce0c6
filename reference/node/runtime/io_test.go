package runtime

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// failing is a writer whose reader has gone.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestStreamsReachTheLogAndTheAttached(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	c, err := openIO(t.Context(), filepath.Join(dir, "io"), ContainerStatus{LogPath: log})
	if err != nil {
		t.Fatal(err)
	}
	// What the shim does: it opens the stream and writes.
	out, err := os.OpenFile(filepath.Join(c.dir, "stdout"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	errors, err := os.OpenFile(filepath.Join(c.dir, "stderr"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	attached := c.out[0].attach(&seen)
	gone := c.out[0].attach(failing{})
	out.WriteString("hello\n")
	out.Close()
	errors.Close()
	select {
	case <-attached.gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the stream's end does not reach who is attached")
	}
	<-gone.gone
	c.drain(10 * time.Second)
	if seen.String() != "hello\n" {
		t.Errorf("attached saw %q", seen.String())
	}
	if text, _ := os.ReadFile(log); !strings.HasSuffix(string(text), " stdout F hello\n") {
		t.Errorf("log = %q", text)
	}
	late := c.out[0].attach(&seen)
	select {
	case <-late.gone:
	default:
		t.Error("attaching to an ended stream waits")
	}
}

func TestDrainIsPatientOnlyForSoLong(t *testing.T) {
	dir := t.TempDir()
	c, err := openIO(t.Context(), filepath.Join(dir, "io"), ContainerStatus{})
	if err != nil {
		t.Fatal(err)
	}
	held, err := os.OpenFile(filepath.Join(c.dir, "stdout"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	for err != nil { // until the reader has opened its end
		held, err = os.OpenFile(filepath.Join(c.dir, "stdout"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	}
	defer held.Close()
	c.drain(20 * time.Millisecond)
	select {
	case <-c.done:
	default:
		t.Error("drain returned before the copies had ended")
	}
}
