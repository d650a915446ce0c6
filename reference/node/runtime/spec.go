package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cap"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/typeurl/v2"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// node is what a container's specification needs to know of where it runs.
type node struct {
	capabilities []string // that this process has
	oomScoreAdj  int      // this process's own, the lowest that it may give
	cgroup2      bool
	swap         bool // memory and swap can be limited together
}

// specVersion is the oldest that has all that we use, for runtimes older than
// our containerd (crun 1.8 refuses any later than 1.1).
const specVersion = "1.0.2"

// specOf is the OCI specification of a container: what containerd's CRI
// plugin would make of the same Pod.
func specOf(id string, config ContainerConfig, pod sandboxRecord, podDir string, image ocispec.ImageConfig, user specs.User, node node) (*specs.Spec, error) {
	ctx := namespaces.WithNamespace(context.Background(), containerdNamespace)
	spec, err := oci.GenerateSpec(ctx, nil, &containers.Container{ID: id})
	if err != nil {
		return nil, fmt.Errorf("generate the default specification: %w", err)
	}
	if err := setProcess(spec.Process, config, pod, image, user, node); err != nil {
		return nil, err
	}
	spec.Version = specVersion
	spec.Hostname = "" // the sandbox's UTS namespace has it
	spec.Root = &specs.Root{Path: "rootfs", Readonly: config.Security.ReadOnlyRootFS}
	spec.Linux.Namespaces = namespacesOf(pod, podDir, node)
	spec.Linux.Sysctl = config.Sysctls // of the Pod: each of its containers sets the same
	spec.Linux.CgroupsPath = filepath.Join(pod.Cgroup, id)
	setMounts(spec, config, pod, podDir)
	setResources(spec.Linux.Resources, config.Resources, node)
	switch {
	case config.Security.Privileged:
		setPrivileged(spec)
	case config.Security.UnmaskedProc:
		spec.Linux.MaskedPaths, spec.Linux.ReadonlyPaths = nil, nil
	}
	return spec, nil
}

func setProcess(process *specs.Process, config ContainerConfig, pod sandboxRecord, image ocispec.ImageConfig, user specs.User, node node) error {
	process.Args = argsOf(config, image)
	if len(process.Args) == 0 {
		return errors.New("no command specified")
	}
	process.Terminal = config.TTY
	process.User = user
	process.Cwd = "/"
	if dir := firstOf(config.WorkingDir, image.WorkingDir); dir != "" {
		process.Cwd = dir
	}
	process.Env = envOf(config, pod.Hostname, image)
	process.NoNewPrivileges = config.Security.NoNewPrivileges
	process.Rlimits = nil // as the node's own
	granted := capabilitiesOf(process.Capabilities.Bounding, config.Security, node.capabilities)
	process.Capabilities = &specs.LinuxCapabilities{Bounding: granted, Effective: granted, Permitted: granted}
	score := max(config.OOMScoreAdj, node.oomScoreAdj)
	process.OOMScoreAdj = &score
	return nil
}

// argsOf joins command and arguments as the API prescribes: a command
// replaces the image's ENTRYPOINT and CMD, arguments only its CMD.
func argsOf(config ContainerConfig, image ocispec.ImageConfig) []string {
	if len(config.Command) > 0 {
		return slices.Concat(config.Command, config.Args)
	}
	if len(config.Args) > 0 {
		return slices.Concat(image.Entrypoint, config.Args)
	}
	return slices.Concat(image.Entrypoint, image.Cmd)
}

// envOf is the image's environment, overlaid by the container's.
func envOf(config ContainerConfig, hostname string, image ocispec.ImageConfig) []string {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + hostname}
	if config.TTY {
		env = append(env, "TERM=xterm")
	}
	place := map[string]int{}
	for i, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		place[name] = i
	}
	set := func(name, entry string) {
		if i, ok := place[name]; ok {
			env[i] = entry
			return
		}
		place[name] = len(env)
		env = append(env, entry)
	}
	for _, entry := range image.Env {
		name, _, _ := strings.Cut(entry, "=")
		set(name, entry)
	}
	for _, v := range config.Env {
		set(v.Name, v.Name+"="+v.Value)
	}
	return env
}

func namespacesOf(pod sandboxRecord, podDir string, node node) []specs.LinuxNamespace {
	list := []specs.LinuxNamespace{{Type: specs.MountNamespace}}
	switch {
	case pod.PausePID != 0:
		list = append(list, specs.LinuxNamespace{Type: specs.PIDNamespace, Path: filepath.Join(podDir, pidFile)})
	case !pod.HostPID:
		list = append(list, specs.LinuxNamespace{Type: specs.PIDNamespace})
	}
	if !pod.HostNetwork {
		list = append(list,
			specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: filepath.Join(podDir, netFile)},
			specs.LinuxNamespace{Type: specs.UTSNamespace, Path: filepath.Join(podDir, utsFile)})
	}
	if !pod.HostIPC {
		list = append(list, specs.LinuxNamespace{Type: specs.IPCNamespace, Path: filepath.Join(podDir, ipcFile)})
	}
	if node.cgroup2 {
		list = append(list, specs.LinuxNamespace{Type: specs.CgroupNamespace})
	}
	return list
}

func setMounts(spec *specs.Spec, config ContainerConfig, pod sandboxRecord, podDir string) {
	given := map[string]bool{}
	for _, m := range config.Mounts {
		given[filepath.Clean(m.Destination)] = true
	}
	// The sandbox's shared memory takes the place of a private one; /run is
	// the image's own.
	mounts := slices.DeleteFunc(spec.Mounts, func(m specs.Mount) bool {
		return m.Destination == "/run" || m.Destination == "/dev/shm" || given[m.Destination]
	})
	if !given["/sys/fs/cgroup"] {
		mounts = append(mounts, specs.Mount{
			Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup",
			Options: []string{"nosuid", "noexec", "nodev", "relatime", "ro"},
		})
	}
	shm := filepath.Join(podDir, shmDir)
	if pod.HostIPC {
		shm = "/dev/shm"
	}
	for _, own := range []Mount{
		{Source: shm, Destination: "/dev/shm"},
		{Source: filepath.Join(podDir, "hostname"), Destination: "/etc/hostname", ReadOnly: config.Security.ReadOnlyRootFS},
	} {
		if !given[own.Destination] {
			mounts = append(mounts, bind(own))
		}
	}
	// Parents before children, whatever order they were given in.
	ordered := slices.Clone(config.Mounts)
	slices.SortStableFunc(ordered, func(a, b Mount) int {
		return strings.Count(filepath.Clean(a.Destination), "/") - strings.Count(filepath.Clean(b.Destination), "/")
	})
	for _, m := range ordered {
		mounts = append(mounts, bind(m))
		// The root must pass on what its mounts are to exchange with the node.
		switch m.Propagation {
		case PropagationBidirectional:
			spec.Linux.RootfsPropagation = "rshared"
		case PropagationHostToContainer:
			if spec.Linux.RootfsPropagation == "" {
				spec.Linux.RootfsPropagation = "rslave"
			}
		}
	}
	spec.Mounts = mounts
}

func bind(m Mount) specs.Mount {
	options := []string{"rbind"}
	switch m.Propagation {
	case PropagationBidirectional:
		options = append(options, "rshared")
	case PropagationHostToContainer:
		options = append(options, "rslave")
	default:
		options = append(options, "rprivate")
	}
	if m.ReadOnly {
		options = append(options, "ro")
	} else {
		options = append(options, "rw")
	}
	return specs.Mount{Destination: m.Destination, Source: m.Source, Type: "bind", Options: options}
}

func setResources(resources *specs.LinuxResources, r Resources, node node) {
	resources.CPU = &specs.LinuxCPU{}
	if r.CPUShares != 0 {
		resources.CPU.Shares = &r.CPUShares
	}
	if r.CPUQuota > 0 {
		period := r.CPUPeriod
		if period == 0 {
			period = 100000
		}
		resources.CPU.Quota, resources.CPU.Period = &r.CPUQuota, &period
	}
	if r.MemoryLimit > 0 {
		resources.Memory = &specs.LinuxMemory{Limit: &r.MemoryLimit}
		if node.swap { // the same as the limit: none
			resources.Memory.Swap = &r.MemoryLimit
		}
	}
	if node.cgroup2 { // as the kubelet since 1.28: a container dies as a whole
		resources.Unified = map[string]string{"memory.oom.group": "1"}
	}
}

// setPrivileged opens the node's devices and kernel interfaces.
func setPrivileged(spec *specs.Spec) {
	spec.Linux.MaskedPaths, spec.Linux.ReadonlyPaths = nil, nil
	spec.Linux.Resources.Devices = []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}
	spec.Linux.Seccomp = nil
	for i, m := range spec.Mounts {
		if m.Type == "sysfs" || m.Type == "cgroup" || m.Type == "proc" {
			spec.Mounts[i].Options = append(slices.DeleteFunc(slices.Clone(m.Options), func(o string) bool { return o == "ro" }), "rw")
		}
	}
	if devices, err := oci.HostDevices(); err == nil {
		spec.Linux.Devices = devices
	}
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

// describeNode reads what this process is allowed to.
func describeNode(groups cgroups) (node, error) {
	n := node{cgroup2: groups.v2, swap: groups.swap}
	var err error
	if n.capabilities, err = cap.Current(); err != nil {
		return n, fmt.Errorf("read the own capabilities: %w", err)
	}
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return n, fmt.Errorf("read the own oom_score_adj: %w", err)
	}
	if n.oomScoreAdj, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
		return n, fmt.Errorf("read the own oom_score_adj: %w", err)
	}
	return n, nil
}

// specIn reads the specification in containerd's record of a container.
func specIn(record containers.Container) (*specs.Spec, error) {
	var spec specs.Spec
	if err := typeurl.UnmarshalTo(record.Spec, &spec); err != nil {
		return nil, fmt.Errorf("read the specification of container %s: %w", record.ID, err)
	}
	return &spec, nil
}
