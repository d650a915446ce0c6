package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A fetcher that comes before the run's end waits for it, and gets every file.
func TestReportsAreFetched(t *testing.T) {
	path, folder := filepath.Join(t.TempDir(), "s"), t.TempDir()
	held, err := hold(path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold(path, time.Minute); err == nil || !strings.Contains(err.Error(), "-hold") || !strings.Contains(err.Error(), path) {
		t.Errorf("two runs hold their reports at one place: %v", err)
	}
	var archive bytes.Buffer
	code := make(chan int)
	go func() { code <- fetch(nil, &archive, path) }()
	files := map[string]string{"report.json": "{}", "evidence/pods.yaml": strings.Repeat("a: b\n", 1<<16)}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var said strings.Builder
	if err := held.release(t.Context(), folder, &said); err != nil {
		t.Fatal(err)
	}
	if code := <-code; code != conformant {
		t.Errorf("exit %d", code)
	}
	if !strings.Contains(said.String(), "have been fetched") {
		t.Errorf("it says %q", said.String())
	}
	unpacked, err := gzip.NewReader(&archive)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unpacked); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if want, known := files[header.Name]; known && want != string(data) {
			t.Errorf("%s has %d bytes, want %d", header.Name, len(data), len(want))
		}
		delete(files, header.Name)
	}
	if len(files) > 0 {
		t.Errorf("not in the archive: %v", files)
	}
	if code := fetch(nil, io.Discard, path); code != failed {
		t.Errorf("reports are fetched twice: exit %d", code)
	}
}

// Whoever goes before the end has not fetched them; the next one does.
func TestReportsOutliveABrokenConnection(t *testing.T) {
	path, folder := filepath.Join(t.TempDir(), "s"), t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "report.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	held, err := hold(path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	first, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	code := make(chan int)
	go func() { code <- fetch(nil, io.Discard, path) }()
	var said strings.Builder
	if err := held.release(t.Context(), folder, &said); err != nil {
		t.Fatal(err)
	}
	if code := <-code; code != conformant || !strings.Contains(said.String(), "are kept: ") {
		t.Errorf("exit %d, and it says %q", code, said.String())
	}
}

func TestReportsThatNobodyFetches(t *testing.T) {
	for name, c := range map[string]struct {
		limit time.Duration
		ended bool // the run has been told to end
	}{"for a while": {time.Millisecond, false}, "a run that ends": {time.Hour, true}} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.ended {
				cancel()
			}
			held, err := hold(filepath.Join(t.TempDir(), "s"), c.limit)
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			if err := held.release(ctx, t.TempDir(), &said); err != nil || !strings.Contains(said.String(), "Nobody has fetched") {
				t.Errorf("%v; it says %q", err, said.String())
			}
		})
	}
}

// What waits for a run that ends without reports is told so.
func TestRunsWithoutReports(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	held, err := hold(path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	if err := held.drop(); err != nil {
		t.Fatal(err)
	}
	if data, _ := io.ReadAll(waiting); len(data) > 0 {
		t.Errorf("it got %q", data)
	}
	if held, err := hold(path, 0); held != nil || err != nil || held.drop() != nil {
		t.Errorf("without -hold nothing is held: %v, %v", held, err)
	}
	if _, err := hold(path, -time.Second); err == nil || !strings.Contains(err.Error(), "-hold=-1s") {
		t.Errorf("a negative time: %v", err)
	}
}
