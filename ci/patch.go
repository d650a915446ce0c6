package ci

import (
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

// Patch is a file of git's form, with lines before its first diff that say what it is. It changes the reference, and nothing else.
type Patch struct {
	Name  string // the file's, without .patch
	Path  string
	About string   // what it changes, in a sentence or two
	Files []string // that it changes, relative to the repository
}

// String names it in errors.
func (p Patch) String() string { return "the patch " + p.Name }

// readAll reads all patches of a folder, in the order of their names.
func readAll[T any](folder string, read func(path string) (T, error)) ([]T, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.patch"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var all []T
	var errs []error
	for _, path := range paths {
		one, err := read(path)
		all, errs = append(all, one), append(errs, err)
	}
	return all, errors.Join(errs...)
}

var changed = regexp.MustCompile(`(?m)^\+\+\+ b/(\S+)$`)

// open reads all but About, and returns the lines before the first diff.
func (p *Patch) open(path string) (header string, err error) {
	*p = Patch{Name: strings.TrimSuffix(filepath.Base(path), ".patch"), Path: path}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", p, err)
	}
	header, diff, found := strings.Cut(string(data), "diff --git ")
	if !found {
		return "", fmt.Errorf("%s holds no diff of git's form", p)
	}
	for _, match := range changed.FindAllStringSubmatch(diff, -1) {
		p.Files = append(p.Files, match[1])
	}
	if len(p.Files) == 0 {
		return "", fmt.Errorf("%s changes no file", p)
	}
	for _, file := range p.Files {
		if !strings.HasPrefix(file, "reference/") {
			return "", fmt.Errorf("%s changes %s: patches change the reference, nothing else", p, file)
		}
	}
	return header, nil
}

// Applies says whether the patch still fits the repository.
func (p Patch) Applies(ctx context.Context, repository string) error {
	path, err := filepath.Abs(p.Path)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "git", "apply", "--check", path)
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not apply any more: %s", p, strings.TrimSpace(string(out)))
	}
	return nil
}

// Overlay writes the changed files below a folder, and the file that makes `go build -overlay` take them instead of the
// repository's, which stays as it is. It returns that file's path.
func (p Patch) Overlay(ctx context.Context, repository, folder string) (string, error) {
	patch, err := filepath.Abs(p.Path)
	if err != nil {
		return "", err
	}
	repository, err = filepath.Abs(repository)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for _, file := range p.Files {
		to := filepath.Join(folder, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", fmt.Errorf("make %s: %w", p, err)
		}
		data, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(file)))
		if err == nil {
			err = os.WriteFile(to, data, 0o644)
		} else if errors.Is(err, os.ErrNotExist) {
			err = nil // a file that the patch adds
		}
		if err != nil {
			return "", fmt.Errorf("make %s: %w", p, err)
		}
		replace[filepath.Join(repository, filepath.FromSlash(file))] = to
	}
	cmd := exec.CommandContext(ctx, "git", "apply", patch)
	cmd.Dir = folder
	// A folder inside of the repository is no part of it here.
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(folder))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make %s: %s", p, strings.TrimSpace(string(out)))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, os.WriteFile(path, overlay, 0o644)
}
