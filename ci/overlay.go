package ci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

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
