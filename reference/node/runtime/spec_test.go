package runtime

import (
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

func TestArguments(t *testing.T) {
	image := ocispec.ImageConfig{Entrypoint: []string{"entry", "point"}, Cmd: []string{"cmd"}}
	for _, test := range []struct {
		name          string
		command, args []string
		image         ocispec.ImageConfig
		want          []string
	}{
		{"the image's own", nil, nil, image, []string{"entry", "point", "cmd"}},
		{"command replaces both", []string{"c"}, nil, image, []string{"c"}},
		{"args replace CMD", nil, []string{"a"}, image, []string{"entry", "point", "a"}},
		{"both", []string{"c"}, []string{"a"}, image, []string{"c", "a"}},
		{"nothing to run", nil, nil, ocispec.ImageConfig{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := argsOf(ContainerConfig{Command: test.command, Args: test.args}, test.image)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	image := ocispec.ImageConfig{Env: []string{"PATH=/bin", "A=image", "B=image"}}
	config := ContainerConfig{TTY: true, Env: []EnvVar{{"B", "first"}, {"C", "x=y"}, {"B", "last"}, {"EMPTY", ""}}}
	want := []string{"PATH=/bin", "HOSTNAME=pod", "TERM=xterm", "A=image", "B=last", "C=x=y", "EMPTY="}
	if diff := cmp.Diff(want, envOf(config, "pod", image)); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

// specFor makes a specification that must succeed.
func specFor(t *testing.T, config ContainerConfig, pod sandboxRecord, n node) *specs.Spec {
	t.Helper()
	config.Command = []string{"run"}
	spec, err := specOf("id", config, pod, "/ns", ocispec.ImageConfig{WorkingDir: "/work"}, specs.User{UID: 7}, n)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestSpecification(t *testing.T) {
	pod := sandboxRecord{Sandbox: Sandbox{UID: "u", Cgroup: "/kubepods/podu"}, Hostname: "pod"}
	n := node{capabilities: []string{"CAP_KILL", "CAP_SYS_ADMIN"}, oomScoreAdj: -10, swap: true}

	t.Run("process", func(t *testing.T) {
		spec := specFor(t, ContainerConfig{OOMScoreAdj: -997, Security: Security{ReadOnlyRootFS: true, NoNewPrivileges: true}}, pod, n)
		if spec.Process.Cwd != "/work" || spec.Process.User.UID != 7 || !spec.Root.Readonly || !spec.Process.NoNewPrivileges {
			t.Errorf("cwd, user, read-only root or no-new-privileges is missing: %+v, %+v", spec.Process, spec.Root)
		}
		if got := *spec.Process.OOMScoreAdj; got != -10 {
			t.Errorf("oom_score_adj = %d, want not less than the node's own -10", got)
		}
		if diff := cmp.Diff([]string{"CAP_KILL"}, spec.Process.Capabilities.Bounding); diff != "" {
			t.Errorf("capabilities (-want +got):\n%s", diff)
		}
		if got := specFor(t, ContainerConfig{OOMScoreAdj: 1000}, pod, n); *got.Process.OOMScoreAdj != 1000 {
			t.Errorf("oom_score_adj = %d, want 1000", *got.Process.OOMScoreAdj)
		}
	})

	t.Run("namespaces", func(t *testing.T) {
		of := func(pod sandboxRecord, n node) map[specs.LinuxNamespaceType]string {
			got := map[specs.LinuxNamespaceType]string{}
			for _, ns := range specFor(t, ContainerConfig{}, pod, n).Linux.Namespaces {
				got[ns.Type] = ns.Path
			}
			return got
		}
		want := map[specs.LinuxNamespaceType]string{"mount": "", "pid": "", "network": "/ns/net", "uts": "/ns/uts", "ipc": "/ns/ipc"}
		if diff := cmp.Diff(want, of(pod, n)); diff != "" {
			t.Errorf("namespaces (-want +got):\n%s", diff)
		}
		shared := pod
		shared.PausePID = 7
		want["pid"] = "/ns/pid"
		if diff := cmp.Diff(want, of(shared, n)); diff != "" {
			t.Errorf("namespaces of a Pod whose containers share their processes (-want +got):\n%s", diff)
		}
		host := pod
		host.HostNetwork, host.HostPID, host.HostIPC = true, true, true
		if diff := cmp.Diff(map[specs.LinuxNamespaceType]string{"mount": "", "cgroup": ""}, of(host, node{cgroup2: true})); diff != "" {
			t.Errorf("namespaces of a Pod in the host's (-want +got):\n%s", diff)
		}
	})

	t.Run("resources", func(t *testing.T) {
		r := specFor(t, ContainerConfig{Resources: Resources{CPUShares: 512, CPUQuota: 20000, MemoryLimit: 4096}}, pod, n).Linux.Resources
		if *r.CPU.Shares != 512 || *r.CPU.Quota != 20000 || *r.CPU.Period != 100000 || *r.Memory.Limit != 4096 || *r.Memory.Swap != 4096 {
			t.Errorf("resources = %+v, %+v", r.CPU, r.Memory)
		}
		r = specFor(t, ContainerConfig{}, pod, node{cgroup2: true}).Linux.Resources
		if r.Memory != nil || r.CPU.Shares != nil || r.CPU.Quota != nil || r.Unified["memory.oom.group"] != "1" {
			t.Errorf("resources without limits on cgroup v2 = %+v", r)
		}
	})

	t.Run("mounts", func(t *testing.T) {
		spec := specFor(t, ContainerConfig{Mounts: []Mount{
			{Source: "/v/b", Destination: "/a/b", ReadOnly: true},
			{Source: "/v/a", Destination: "/a", Propagation: PropagationHostToContainer},
			{Source: "/v/hosts", Destination: "/etc/hostname"},
		}}, pod, n)
		var order []string
		for _, m := range spec.Mounts {
			if m.Type == "bind" {
				order = append(order, m.Source+" "+m.Destination)
			}
			if m.Destination == "/run" {
				t.Error("/run is mounted over; it is the image's")
			}
		}
		if diff := cmp.Diff([]string{"/ns/shm /dev/shm", "/v/a /a", "/v/b /a/b", "/v/hosts /etc/hostname"}, order); diff != "" {
			t.Errorf("mounts (-want +got):\n%s", diff)
		}
		last := spec.Mounts[len(spec.Mounts)-2]
		if diff := cmp.Diff([]string{"rbind", "rprivate", "ro"}, last.Options); diff != "" {
			t.Errorf("options of %s (-want +got):\n%s", last.Destination, diff)
		}
		if spec.Linux.RootfsPropagation != "rslave" {
			t.Errorf("root propagation = %q, want rslave", spec.Linux.RootfsPropagation)
		}
	})

	t.Run("privileged", func(t *testing.T) {
		spec := specFor(t, ContainerConfig{Security: Security{Privileged: true}}, pod, n)
		if len(spec.Linux.MaskedPaths)+len(spec.Linux.ReadonlyPaths) > 0 || !spec.Linux.Resources.Devices[0].Allow {
			t.Errorf("paths are masked or devices refused: %+v", spec.Linux)
		}
		for _, m := range spec.Mounts {
			if m.Type == "sysfs" && slices.Contains(m.Options, "ro") {
				t.Error("/sys is read-only")
			}
		}
	})

	t.Run("no command", func(t *testing.T) {
		_, err := specOf("id", ContainerConfig{}, pod, "/ns", ocispec.ImageConfig{}, specs.User{}, n)
		if err == nil || err.Error() != "no command specified" {
			t.Errorf("error = %v, want upstream's \"no command specified\"", err)
		}
	})
}

func TestStopSignal(t *testing.T) {
	for _, test := range []struct {
		image string
		asked syscall.Signal
		want  syscall.Signal
	}{
		{"", 0, syscall.SIGTERM}, {"SIGQUIT", 0, syscall.SIGQUIT}, {"3", 0, syscall.SIGQUIT}, {"nonsense", 0, syscall.SIGTERM}, {"SIGQUIT", syscall.SIGUSR1, syscall.SIGUSR1},
	} {
		status := statusOf("id", ContainerConfig{StopSignal: test.asked}, &image{config: ocispec.ImageConfig{StopSignal: test.image}})
		if status.StopSignal != test.want {
			t.Errorf("stop signal of an image with %q, asked %v: %v, want %v", test.image, test.asked, status.StopSignal, test.want)
		}
	}
}
