package runtime

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLogLines(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	const stamp = "2026-01-02T03:04:05.000000600Z"
	long := strings.Repeat("x", maxLogLine)
	for _, test := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"a line", []string{"hello\n"}, []string{"F hello"}},
		{"lines in one write", []string{"a\nb\n\n"}, []string{"F a", "F b", "F "}},
		{"a line in two writes", []string{"hel", "lo\nwor"}, []string{"F hello", "P wor"}},
		{"an end without newline", []string{"a\nb"}, []string{"F a", "P b"}},
		{"carriage return", []string{"a\r\n"}, []string{"F a"}},
		{"a line as long as one may be", []string{long + "\n"}, []string{"F " + long}},
		{"a longer one comes in parts", []string{long + "yz\n"}, []string{"P " + long, "F yz"}},
		{"a long one in two writes", []string{long, "y", "z\n"}, []string{"P " + long, "F yz"}},
		{"nothing", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pod", "log")
			log, err := openLog(path)
			if err != nil {
				t.Fatal(err)
			}
			stream := log.stream("stdout")
			stream.now = func() time.Time { return at }
			for _, text := range test.writes {
				stream.Write([]byte(text))
			}
			stream.finish()
			log.close()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want strings.Builder
			for _, line := range test.want {
				fmt.Fprintf(&want, "%s stdout %s\n", stamp, line)
			}
			if diff := cmp.Diff(want.String(), string(text)); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFullLogsArePutAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.log")
	log, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.close()
	stream := log.stream("stdout")
	block := []byte(strings.Repeat(strings.Repeat("x", 1023)+"\n", 1024))
	for n := range 64 { // MiB
		fmt.Fprintf(stream, "block %d\n", n)
		stream.Write(block)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != maxLogFiles {
		t.Errorf("there are %v, want %d files", files, maxLogFiles)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxLogSize+(2<<20) {
			t.Errorf("%s has %d bytes, want about %d at most", file, info.Size(), maxLogSize)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "block 0\n") || !strings.Contains(string(text), "block 63\n") {
		t.Error("the newest file has not what was written last")
	}
}
