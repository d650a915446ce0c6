package volume

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// file is one file of a projected volume.
type file struct {
	data  []byte
	mode  int32
	owner *int64 // nil is root
}

// dataLink points to the directory of the present contents. Everything at the
// top of the volume is a link through it, so that all files change at once
// when it is replaced (the layout of upstream's AtomicWriter).
const dataLink = "..data"

// writeAtomically makes the files of dir exactly these. Contents that are the
// same stay untouched.
func writeAtomically(dir string, files map[string]file, group int) error {
	for path := range files {
		if err := checkPath(path); err != nil {
			return err
		}
	}
	present := filepath.Join(dir, dataLink)
	old, err := os.Readlink(present)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("read %s: %w", present, err)
	}
	if old != "" && same(filepath.Join(dir, old), files) {
		return linkTop(dir, files)
	}
	fresh, err := os.MkdirTemp(dir, time.Now().UTC().Format("..2006_01_02_15_04_05."))
	if err != nil {
		return err
	}
	if err := fill(fresh, files, group); err != nil {
		return err
	}
	next := present + "_tmp"
	if err := os.Remove(next); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink(filepath.Base(fresh), next); err != nil {
		return err
	}
	if err := os.Rename(next, present); err != nil {
		return err
	}
	if err := linkTop(dir, files); err != nil {
		return err
	}
	if old == "" {
		return nil
	}
	return os.RemoveAll(filepath.Join(dir, old))
}

// checkPath refuses what would lead out of the volume or into its machinery.
func checkPath(path string) error {
	if filepath.IsAbs(path) || strings.HasPrefix(path, "..") || slices.Contains(strings.Split(path, "/"), "..") || path == "" {
		return fmt.Errorf("invalid path %q of a file in a volume", path)
	}
	return nil
}

func fill(dir string, files map[string]file, group int) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	for path, f := range files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(f.mode) & os.ModePerm
		if group >= 0 {
			mode |= 0o440
		}
		if err := os.WriteFile(full, f.data, mode); err != nil {
			return err
		}
		owner := -1
		if f.owner != nil {
			owner = int(*f.owner)
		}
		if owner >= 0 || group >= 0 {
			if err := os.Chown(full, owner, group); err != nil {
				return err
			}
		}
		if err := os.Chmod(full, mode); err != nil { // whatever the umask
			return err
		}
	}
	return nil
}

// same tells whether a directory holds exactly these files.
func same(dir string, files map[string]file) bool {
	found := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		want, wanted := files[name]
		data, err := os.ReadFile(path)
		if err != nil || !wanted || !bytes.Equal(data, want.data) {
			return fmt.Errorf("%s differs", name)
		}
		found++
		return nil
	})
	return err == nil && found == len(files)
}

// linkTop makes the links at the top of the volume, and removes those of
// which nothing is left.
func linkTop(dir string, files map[string]file) error {
	wanted := map[string]bool{}
	for path := range files {
		top, _, _ := strings.Cut(path, "/")
		wanted[top] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") {
			continue
		}
		if wanted[e.Name()] {
			delete(wanted, e.Name())
		} else if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	for top := range wanted {
		if err := os.Symlink(filepath.Join(dataLink, top), filepath.Join(dir, top)); err != nil {
			return err
		}
	}
	return nil
}
