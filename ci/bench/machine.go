package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/plumbline/plumbline/fixtures"
)

// machine is where it was measured: figures mean little without it.
type machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	MemoryMB int64  `json:"memoryMB"`
	OS       string `json:"os"`
	Kernel   string `json:"kernel"`
	Docker   string `json:"docker"`
	Storage  string `json:"dockerStorage"`
	Cgroups  string `json:"cgroups"`
	Go       string `json:"go"`
	Commit   string `json:"commit"` // of this repository; "+" after it: with changes
}

func describeMachine(ctx context.Context, host fixtures.Host) machine {
	return machine{
		CPU: cpuModel(), Cores: host.Cores, MemoryMB: host.Memory / 1e6, OS: host.OS, Kernel: host.Kernel,
		Docker: host.Docker, Storage: host.Storage, Cgroups: "v" + host.Cgroups, Go: runtime.Version(), Commit: commit(ctx),
	}
}

// cpuModel is what Linux says of this machine's; nothing where it does not.
func cpuModel() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return ""
}

// commit is nothing outside a checkout.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return ""
	}
	hash := strings.TrimSpace(string(out))
	if changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(changed) > 0 {
		hash += "+"
	}
	return hash
}

func (m machine) String() string {
	cores := fmt.Sprintf("%d cores", m.Cores)
	if m.CPU != "" {
		cores += " of " + m.CPU
	}
	text := fmt.Sprintf("%s, %d MB, %s, Linux %s, Docker %s on %s, cgroups %s, %s", cores, m.MemoryMB, m.OS, m.Kernel, m.Docker, m.Storage, m.Cgroups, m.Go)
	if m.Commit != "" {
		text += ", commit " + m.Commit
	}
	return text
}
