package ci

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What a mutant's result depends on besides its patch and its scenarios: the orchestrator that it breaks, and what the scenarios'
// sentences mean. Their own tests and texts change nothing.
var judged = []string{"reference", "steps", "invariants"}

// State is the contents of the repository that a result is of.
type State struct {
	sum       []byte
	scenarios map[string]string // texts, by id
}

// ReadState reads the repository's state, as its files are now. The scenarios are texts by id.
func ReadState(repository string, scenarios map[string]string) (State, error) {
	sum := sha256.New()
	for _, folder := range judged {
		root := filepath.Join(repository, folder)
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".md") {
				return err
			}
			relative, err := filepath.Rel(repository, path)
			if err != nil {
				return err
			}
			return addFile(sum, filepath.ToSlash(relative), path)
		})
		if err != nil {
			return State{}, fmt.Errorf("read the state of %s: %w", folder, err)
		}
	}
	return State{sum.Sum(nil), scenarios}, nil
}

// Key names what a mutant's result is of: its patch, header included, and its scenarios, at this state.
func (s State) Key(m Mutant) (string, error) {
	sum := sha256.New()
	sum.Write(s.sum)
	if err := addFile(sum, m.Name, m.Path); err != nil {
		return "", fmt.Errorf("read the mutant %s: %w", m.Name, err)
	}
	for _, id := range m.Runs() {
		text, found := s.scenarios[id]
		if !found {
			return "", fmt.Errorf("the mutant %s names the scenario %s, which there is not", m.Name, id)
		}
		fmt.Fprintf(sum, "%s %d\n%s", id, len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// addFile adds a file under a name, with its length, so that no two trees look alike.
func addFile(sum io.Writer, name, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%s %d\n", name, len(data))
	_, err = sum.Write(data)
	return err
}
