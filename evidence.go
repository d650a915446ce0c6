package plumbline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline/plumbline/reports"
)

// The bounds of what one scenario may leave behind.
const (
	mostObservations  = 500
	mostAttachments   = 50
	largestAttachment = 4 << 20 // bytes
)

// evidence keeps what a scenario saw, in memory until it is known whether anybody will want it.
type evidence struct {
	mu           sync.Mutex
	observations []reports.Observation
	attachments  []attachment
	dropped      int
}

type attachment struct {
	name, mediaType string
	data            []byte
}

// Attach keeps a file for the report. The tail of a very large one is cut off.
func (e *evidence) Attach(name, mediaType string, data []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.attachments) >= mostAttachments {
		e.dropped++
		return
	}
	if len(data) > largestAttachment {
		data = append(data[:largestAttachment:largestAttachment], "\n(cut off here)\n"...)
	}
	e.attachments = append(e.attachments, attachment{name: name, mediaType: mediaType, data: append([]byte(nil), data...)})
}

// Observe notes that an object was seen to change.
func (e *evidence) Observe(at time.Time, object, what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.observations) >= mostObservations {
		e.dropped++
		return
	}
	e.observations = append(e.observations, reports.Observation{At: at, Object: object, What: what})
}

func (e *evidence) timeline() []reports.Observation {
	e.mu.Lock()
	defer e.mu.Unlock()
	timeline := append([]reports.Observation{}, e.observations...)
	// Several watch at once, and who saw something first need not be the first to tell.
	slices.SortStableFunc(timeline, func(a, b reports.Observation) int { return a.At.Compare(b.At) })
	if e.dropped > 0 {
		timeline = append(timeline, reports.Observation{At: time.Now(), Object: "evidence", What: fmt.Sprintf("%d more observations and files are left out", e.dropped)})
	}
	return timeline
}

// store writes the attachments below out/evidence/ID and returns where, relative to out.
func (e *evidence) store(out, id string) ([]reports.File, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	files := []reports.File{}
	used := map[string]bool{}
	for i, a := range e.attachments {
		slug, _ := slugOf(strings.TrimSuffix(a.name, filepath.Ext(a.name)))
		name := slug + filepath.Ext(filepath.Base(a.name))
		if slug == "" || used[name] {
			name = fmt.Sprintf("%02d-%s", i+1, name)
		}
		used[name] = true
		file, err := storeFile(out, filepath.Join("evidence", filepath.FromSlash(id), name), a.name, a.mediaType, a.data)
		if err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}

func storeFile(out, relative, name, mediaType string, data []byte) (reports.File, error) {
	path := filepath.Join(out, relative)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return reports.File{}, fmt.Errorf("make the folder for evidence: %w", err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return reports.File{}, fmt.Errorf("store evidence: %w", err)
	}
	return reports.File{Name: name, MediaType: mediaType, Path: filepath.ToSlash(relative)}, nil
}
