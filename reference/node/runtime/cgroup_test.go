package runtime

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCPUWeight(t *testing.T) {
	for shares, want := range map[uint64]uint64{0: 1, 2: 1, 102: 4, 1024: 39, 2048: 79, 262144: 10000, 1 << 40: 10000} {
		if got := cpuWeight(shares); got != want {
			t.Errorf("cpuWeight(%d) = %d, want %d", shares, got, want)
		}
	}
}

func TestCgroupSettings(t *testing.T) {
	all := Resources{CPUShares: 1024, CPUQuota: 50000, MemoryLimit: 64 << 20}
	for _, test := range []struct {
		name      string
		v2        bool
		resources Resources
		want      []setting
	}{
		{"nothing, version 1", false, Resources{CPUQuota: -1}, nil},
		{"nothing, version 2", true, Resources{CPUQuota: -1}, nil},
		{"everything, version 1", false, all, []setting{
			{"cpu", "cpu.shares", "1024"}, {"cpu", "cpu.cfs_period_us", "100000"}, {"cpu", "cpu.cfs_quota_us", "50000"},
			{"memory", "memory.limit_in_bytes", "67108864"},
		}},
		{"everything, version 2", true, all, []setting{
			{"", "cpu.weight", "39"}, {"", "cpu.max", "50000 100000"}, {"", "memory.max", "67108864"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := cgroups{v2: test.v2}.settings(test.resources)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(setting{})); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPodCgroup(t *testing.T) {
	for class, want := range map[QOSClass]string{
		Guaranteed: "/kubepods/podu", Burstable: "/kubepods/burstable/podu", BestEffort: "/kubepods/besteffort/podu",
	} {
		if got := podCgroup("u", class); got != want {
			t.Errorf("podCgroup(%s) = %s, want %s", class, got, want)
		}
	}
}

// write makes the files that the kernel would show of a group.
func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCgroupUsage(t *testing.T) {
	want := ContainerStats{CPUUsage: 1500 * time.Millisecond, MemoryUsage: 1000, MemoryWorkingSet: 700, MemoryRSS: 600}
	for _, test := range []struct {
		name  string
		v2    bool
		files map[string]string
	}{
		{"version 1", false, map[string]string{
			"cpuacct/pod/cpuacct.usage":        "1500000000\n",
			"memory/pod/memory.usage_in_bytes": "1000\n",
			"memory/pod/memory.stat":           "rss 1\ntotal_rss 600\ntotal_inactive_file 300\n",
			"memory/pod/memory.oom_control":    "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
		}},
		{"version 2", true, map[string]string{
			"pod/cpu.stat":       "usage_usec 1500000\nuser_usec 1\n",
			"pod/memory.current": "1000\n",
			"pod/memory.stat":    "anon 600\ninactive_file 300\n",
			"pod/memory.events":  "low 0\noom 3\noom_kill 2\n",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, test.files)
			c := cgroups{root: root, v2: test.v2}
			got, err := c.stats("/pod")
			if err != nil {
				t.Fatal(err)
			}
			got.Time = time.Time{}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("usage (-want +got):\n%s", diff)
			}
			if kills := c.oomKills("/pod"); kills != 2 {
				t.Errorf("oomKills = %d, want 2", kills)
			}
			if _, err := c.stats("/gone"); err == nil {
				t.Error("stats of a group that is gone: no error")
			}
			if kills := c.oomKills("/gone"); kills != 0 {
				t.Errorf("oomKills of a group that is gone = %d, want 0", kills)
			}
		})
	}
}
