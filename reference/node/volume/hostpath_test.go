package volume

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	v1 "k8s.io/api/core/v1"
)

func TestHostPath(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	tests := []struct {
		name string
		kind v1.HostPathType
		path string
		want string // error
	}{
		{"anything will do", v1.HostPathUnset, at("file"), ""},
		{"a directory", v1.HostPathDirectory, dir, ""},
		{"no directory", v1.HostPathDirectory, at("file"), "hostPath type check failed: " + at("file") + " is not a directory, it's a File"},
		{"nothing", v1.HostPathDirectory, at("none"), "hostPath type check failed, " + at("none") + " is not a directory, unable to determine its type: path \"" + at("none") + "\" does not exist"},
		{"a directory is made", v1.HostPathDirectoryOrCreate, at("made/deep"), ""},
		{"not over a file", v1.HostPathDirectoryOrCreate, at("file"), "hostPath type check failed: " + at("file") + " is not a directory, it's a File"},
		{"a file", v1.HostPathFile, at("file"), ""},
		{"no file", v1.HostPathFile, dir, "hostPath type check failed: " + dir + " is not a file, it's a Directory"},
		{"a file is made", v1.HostPathFileOrCreate, at("made-file"), ""},
		{"not below what is not there", v1.HostPathFileOrCreate, at("none/file"), "open " + at("none/file") + ": no such file or directory"},
		{"a socket", v1.HostPathSocket, at("socket"), ""},
		{"a device", v1.HostPathCharDev, "/dev/null", ""},
		{"no device", v1.HostPathBlockDev, "/dev/null", "hostPath type check failed: /dev/null is not a block device, it's a CharDevice"},
		{"no such type", "Nonsense", dir, "Nonsense is an invalid volume type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := hostPath(&v1.HostPathVolumeSource{Path: test.path, Type: &test.kind})
			message := ""
			if err != nil {
				message = err.Error()
			}
			if message != test.want {
				t.Errorf("error %q, want %q", message, test.want)
			}
			if err == nil && got.Path != test.path {
				t.Errorf("path %q, want %q", got.Path, test.path)
			}
			if _, missing := os.Stat(test.path); err == nil && missing != nil {
				t.Error(missing)
			}
		})
	}
}
