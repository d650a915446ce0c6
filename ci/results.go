package ci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// Result is what became of one mutant.
type Result struct {
	Name       string    `json:"name"`
	Key        string    `json:"key"`    // of the state that was judged; see State
	State      string    `json:"state"`  // Caught, or one of the others
	Caught     bool      `json:"caught"` // all its scenarios failed, in its words
	Why        string    `json:"why"`    // of a mutant that was not caught
	Claims     []string  `json:"claims"`
	Scenarios  []string  `json:"scenarios"`            // that had to fail
	Invariants []string  `json:"invariants,omitempty"` // that had to be breached
	Seconds    float64   `json:"seconds"`              // from the build to the clean-up
	Finished   time.Time `json:"finished"`
}

// Results are all results that are kept, in a file, from one run of the tool to the next. Its methods may be called
// from any goroutine.
type Results struct {
	path   string
	mu     sync.Mutex
	byName map[string]Result
}

// resultsVersion changes when a file of the old form would be misread.
const resultsVersion = 2

type resultsFile struct {
	Version int      `json:"version"`
	Mutants []Result `json:"mutants"` // in the order of their names
}

// OpenResults reads the file, if there is one.
func OpenResults(path string) (*Results, error) {
	r := &Results{path: path, byName: map[string]Result{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	var file resultsFile
	if err == nil {
		err = json.Unmarshal(data, &file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the earlier results in %s (removing the file forgets them): %w", path, err)
	}
	if file.Version == resultsVersion {
		for _, result := range file.Mutants {
			r.byName[result.Name] = result
		}
	}
	return r, nil
}

// Caught says whether a mutant has been caught at the state that the key names.
func (r *Results) Caught(name, key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	result := r.byName[name]
	return result.Caught && result.Key == key
}

// Get returns the last result of a mutant.
func (r *Results) Get(name string) (Result, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	result, found := r.byName[name]
	return result, found
}

// Put keeps a result instead of an earlier one of the same mutant, and writes the file.
func (r *Results) Put(result Result) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byName[result.Name] = result
	return r.write()
}

// Forget drops the results of mutants that there are no more.
func (r *Results) Forget(except []Mutant) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.byName, func(name string, _ Result) bool {
		return !slices.ContainsFunc(except, func(m Mutant) bool { return m.Name == name })
	})
	return r.write()
}

// replaceFile never leaves half a file.
func replaceFile(path string, data []byte) error {
	if err := os.WriteFile(path+".part", data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func (r *Results) write() error {
	file := resultsFile{Version: resultsVersion, Mutants: []Result{}}
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		file.Mutants = append(file.Mutants, r.byName[name])
	}
	data, err := json.MarshalIndent(file, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(r.path), 0o755)
	}
	if err == nil {
		err = replaceFile(r.path, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep the results: %w", err)
	}
	return nil
}

// noticed says what has caught a mutant.
func noticed(scenarios, invariants int) string {
	var parts []string
	for _, part := range []struct {
		n         int
		one, many string
	}{
		{scenarios, "1 scenario failed as it should", "%d scenarios failed as they should"},
		{invariants, "1 invariant was breached as it should be", "%d invariants were breached as they should be"},
	} {
		switch part.n {
		case 0:
		case 1:
			parts = append(parts, part.one)
		default:
			parts = append(parts, fmt.Sprintf(part.many, part.n))
		}
	}
	return strings.Join(parts, ", ")
}

// Table writes one line a mutant: what became of it, how long it took, and why it was not caught.
func Table(w io.Writer, results []Result) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, result := range results {
		state, why := "caught", noticed(len(result.Scenarios), len(result.Invariants))
		if !result.Caught {
			state = "NOT CAUGHT"
			why, _, _ = strings.Cut(result.Why, "\n")
		}
		fmt.Fprintf(table, "%s\t%s\t%.1f s\t%s\n", state, result.Name, result.Seconds, why)
	}
	_ = table.Flush() // to a terminal or a buffer
}
