package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/ci"
)

// programs is the folder of the reference's programs. Mutants can share the first of them: the environment, which says whose turn
// it is, reaches it on every node, but not what runs in Pods.
const (
	programs = "reference/cmd"
	first    = "reference"
)

// share builds one program for all mutants that can share it. Alone, none needs to.
func (h *hunt) share(ctx context.Context, open []ci.Mutant) error {
	if len(open) < 2 {
		return nil
	}
	packages, err := packagesOf(ctx, first)
	if err != nil {
		return err
	}
	schemata, err := ci.NewSchemata(ctx, ".", filepath.Join(h.folder, "_shared"), open, packages)
	if err != nil {
		return err
	}
	for {
		names := schemata.Names()
		if len(names) < 2 {
			return nil
		}
		h.say("building %d of %d mutants into one program", len(names), len(open))
		overlay, err := schemata.Overlay()
		if err != nil {
			return err
		}
		h.shared, err = h.forge.Overlaid(ctx, overlay, filepath.Join(h.folder, "_shared", "bin"))
		if err == nil {
			h.sharing = map[string]bool{}
			for _, name := range names {
				h.sharing[name] = true
			}
			for _, name := range slices.Sorted(maps.Keys(schemata.Apart)) {
				h.say("%s gets a program of its own: %s", name, firstLine(schemata.Apart[name]))
			}
			return nil
		}
		if ctx.Err() != nil || !schemata.Without(err.Error()) {
			return fmt.Errorf("build mutants into one program: %w", err)
		}
	}
}

// shares says whether a mutant is in the shared program.
func (h *hunt) shares(m ci.Mutant) bool { return h.sharing[m.Name] }

// packagesOf are the folders of our packages that one of the reference's programs is made of, and no other.
func packagesOf(ctx context.Context, program string) ([]string, error) {
	entries, err := os.ReadDir(programs)
	if err != nil {
		return nil, fmt.Errorf("look for the reference's programs: %w", err)
	}
	others := map[string]bool{}
	var its []string
	for _, entry := range entries {
		folders, err := packages(ctx, "./"+programs+"/"+entry.Name())
		if err != nil {
			return nil, err
		}
		if entry.Name() == program {
			its = folders
			continue
		}
		for _, folder := range folders {
			others[folder] = true
		}
	}
	var only []string
	for _, folder := range its {
		if !others[folder] {
			only = append(only, folder)
		}
	}
	return only, nil
}

// packages are the folders of our packages that one imports, itself among them.
func packages(ctx context.Context, of string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.ImportPath}} {{.Path}}{{end}}{{end}}", of)
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	listed, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("list the packages of %s: %w", of, err)
	}
	var folders []string
	for line := range strings.Lines(string(listed)) {
		if full, module, found := strings.Cut(strings.TrimSpace(line), " "); found {
			folders = append(folders, strings.TrimPrefix(full, module+"/"))
		}
	}
	return folders, nil
}
