package runtime

import (
	"errors"
	"testing"
)

func TestNamesAreNormalised(t *testing.T) {
	for name, want := range map[string]string{
		"nginx":                       "docker.io/library/nginx:latest",
		"nginx:1.2":                   "docker.io/library/nginx:1.2",
		"me/app":                      "docker.io/me/app:latest",
		"localhost/app:dev":           "localhost/app:dev",
		"localhost:5000/app":          "localhost:5000/app:latest",
		"registry.k8s.io/pause:3":     "registry.k8s.io/pause:3",
		"docker.io/library/nginx:1.2": "docker.io/library/nginx:1.2",
	} {
		if got, err := normalise(name); err != nil || got != want {
			t.Errorf("normalise(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"", "UPPER", "a b", "a:b:c", "/x"} {
		if got, err := normalise(name); !errors.Is(err, ErrInvalidImageName) {
			t.Errorf("normalise(%q) = %q, %v; want ErrInvalidImageName", name, got, err)
		}
	}
}

func TestReasons(t *testing.T) {
	for _, test := range []struct {
		code int
		oom  bool
		want string
	}{{0, false, "Completed"}, {1, false, "Error"}, {137, false, "Error"}, {137, true, "OOMKilled"}} {
		if got := reasonOf(test.code, test.oom); got != test.want {
			t.Errorf("reasonOf(%d, %v) = %s, want %s", test.code, test.oom, got, test.want)
		}
	}
}

func TestExecErrors(t *testing.T) {
	for text, want := range map[string]int{
		`exec: "nope": executable file not found in $PATH`:     127,
		`exec: "/nope": stat /nope: no such file or directory`: 127,
		`exec: "/etc": is a directory`:                         126,
		`exec /data: permission denied`:                        126,
		`something else`:                                       0,
	} {
		var start *StartError
		code := 0
		if errors.As(execError(errors.New(text)), &start) {
			code = start.ExitCode
		}
		if code != want {
			t.Errorf("exit code for %q = %d, want %d", text, code, want)
		}
	}
}
