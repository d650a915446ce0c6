// Package ci holds what gates a change besides ordinary tests: the mutants. A mutant is a small deliberate break of the
// reference orchestrator, kept as a patch, with the scenario that catches it and the words in which it says so. It is
// the proof that the scenario can fail.
package ci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Mutant is one file ci/mutants/NAME.patch. Its header is made of lines before the first diff:
//
//	Claim: labels/not-equal
//	Scenario: labels/not-equal/objects-without-the-key-match
//	Message: finds exactly the ConfigMaps
//	What the break is, in a sentence or two.
//
// There may be several scenarios; each has to fail. Each message has to appear in the report of each scenario.
type Mutant struct {
	Name      string
	Path      string
	Claims    []string
	Scenarios []string
	Messages  []string
	About     string
	Files     []string // that the patch changes, relative to the repository
}

// Load reads all mutants of a folder, in the order of their names.
func Load(folder string) ([]Mutant, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.patch"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var mutants []Mutant
	var errs []error
	for _, path := range paths {
		m, err := read(path)
		mutants, errs = append(mutants, m), append(errs, err)
	}
	return mutants, errors.Join(errs...)
}

var changed = regexp.MustCompile(`(?m)^\+\+\+ b/(\S+)$`)

func read(path string) (Mutant, error) {
	m := Mutant{Name: strings.TrimSuffix(filepath.Base(path), ".patch"), Path: path}
	data, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("read the mutant %s: %w", m.Name, err)
	}
	header, diff, found := bytes.Cut(data, []byte("diff --git "))
	if !found {
		return m, fmt.Errorf("the mutant %s holds no diff of git's form", m.Name)
	}
	for line := range strings.Lines(string(header)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch value = strings.TrimSpace(value); key {
		case "Claim":
			m.Claims = append(m.Claims, value)
		case "Scenario":
			m.Scenarios = append(m.Scenarios, value)
		case "Message":
			m.Messages = append(m.Messages, value)
		default:
			m.About += line
		}
	}
	m.About = strings.TrimSpace(m.About)
	for _, match := range changed.FindAllSubmatch(diff, -1) {
		m.Files = append(m.Files, string(match[1]))
	}
	switch {
	case len(m.Claims) == 0:
		return m, fmt.Errorf("the mutant %s names no claim (a line \"Claim: …\")", m.Name)
	case len(m.Scenarios) == 0:
		return m, fmt.Errorf("the mutant %s names no scenario (a line \"Scenario: …\")", m.Name)
	case len(m.Messages) == 0:
		return m, fmt.Errorf("the mutant %s names no message (a line \"Message: …\")", m.Name)
	case len(m.Files) == 0:
		return m, fmt.Errorf("the mutant %s changes no file", m.Name)
	}
	for _, file := range m.Files {
		if !strings.HasPrefix(file, "reference/") {
			return m, fmt.Errorf("the mutant %s changes %s: mutants break the reference, nothing else", m.Name, file)
		}
	}
	return m, nil
}

// Applies says whether the patch still fits the repository.
func (m Mutant) Applies(ctx context.Context, repository string) error {
	path, err := filepath.Abs(m.Path)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "git", "apply", "--check", path)
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the mutant %s does not apply any more: %s", m.Name, strings.TrimSpace(string(out)))
	}
	return nil
}

// Overlay writes the broken files below a folder, and the file that makes `go build -overlay` take them instead of the
// repository's, which stays as it is. It returns that file's path.
func (m Mutant) Overlay(ctx context.Context, repository, folder string) (string, error) {
	patch, err := filepath.Abs(m.Path)
	if err != nil {
		return "", err
	}
	repository, err = filepath.Abs(repository)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for _, file := range m.Files {
		to := filepath.Join(folder, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", fmt.Errorf("make the mutant %s: %w", m.Name, err)
		}
		data, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(file)))
		if err == nil {
			err = os.WriteFile(to, data, 0o644)
		} else if errors.Is(err, os.ErrNotExist) {
			err = nil // a file that the patch adds
		}
		if err != nil {
			return "", fmt.Errorf("make the mutant %s: %w", m.Name, err)
		}
		replace[filepath.Join(repository, filepath.FromSlash(file))] = to
	}
	cmd := exec.CommandContext(ctx, "git", "apply", patch)
	cmd.Dir = folder
	// A folder inside of the repository is no part of it here.
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(folder))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make the mutant %s: %s", m.Name, strings.TrimSpace(string(out)))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, os.WriteFile(path, overlay, 0o644)
}
