package volume

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// contents reads a volume as a container does, machinery left out.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") {
			continue
		}
		err := fs.WalkDir(os.DirFS(dir), e.Name(), func(path string, entry fs.DirEntry, err error) error {
			data, readErr := os.ReadFile(filepath.Join(dir, path))
			if readErr == nil {
				found[path] = string(data)
				return nil
			}
			inside, readErr := os.ReadDir(filepath.Join(dir, path)) // a link to a directory is not walked
			for _, f := range inside {
				data, _ := os.ReadFile(filepath.Join(dir, path, f.Name()))
				found[path+"/"+f.Name()] = string(data)
			}
			return readErr
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestWriteAtomically(t *testing.T) {
	dir := t.TempDir()
	text := func(s string) file { return file{data: []byte(s), mode: 0o640} }
	write := func(files map[string]file) {
		t.Helper()
		if err := writeAtomically(dir, files, -1); err != nil {
			t.Fatal(err)
		}
	}
	target := func() string {
		t.Helper()
		link, err := os.Readlink(filepath.Join(dir, dataLink))
		if err != nil {
			t.Fatal(err)
		}
		return link
	}

	write(map[string]file{"a": text("1"), "sub/b": text("2")})
	if diff := cmp.Diff(map[string]string{"a": "1", "sub/b": "2"}, contents(t, dir)); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	before := target()
	write(map[string]file{"a": text("1"), "sub/b": text("2")})
	if after := target(); after != before {
		t.Error("the same contents were written again")
	}

	write(map[string]file{"a": text("3"), "c": text("4")})
	if diff := cmp.Diff(map[string]string{"a": "3", "c": "4"}, contents(t, dir)); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, before)); !os.IsNotExist(err) {
		t.Errorf("the old contents are still there: %v", err)
	}

	for _, path := range []string{"/etc/passwd", "../x", "a/../../x", "..data", ""} {
		if err := writeAtomically(dir, map[string]file{path: text("")}, -1); err == nil {
			t.Errorf("path %q was taken", path)
		}
	}
}
