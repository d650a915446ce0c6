package runtime

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/containerd/containerd/api/types/task"
	"github.com/google/go-cmp/cmp"
	"k8s.io/klog/v2"
)

func TestRecordsSurvive(t *testing.T) {
	dir := stateDir(t.TempDir())
	want := containerRecord{
		Status: ContainerStatus{
			ID: "a", PodUID: "u", Attempt: 3, State: StateExited, ExitCode: 137, OOMKilled: true, Reason: "OOMKilled",
			StartedAt: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), FinishedAt: time.Date(2026, 1, 2, 3, 4, 6, 7, time.UTC),
			Labels: map[string]string{"k": "v"},
		},
		Cgroup: "/kubepods/podu/a",
	}
	if err := dir.save(want); err != nil {
		t.Fatal(err)
	}
	// What a crash can leave beside it.
	for name, text := range map[string]string{"b.json": "", "c.json": "{", "d.json.new": "{}", "e.json": `{"Status":{"ID":"another"}}`} {
		if err := os.WriteFile(filepath.Join(string(dir), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := dir.load(klog.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]containerRecord{want}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if entries, _ := os.ReadDir(string(dir)); len(entries) != 1 {
		t.Errorf("%d files are left, want only the one that can be read", len(entries))
	}
	if err := dir.remove("a"); err != nil {
		t.Error(err)
	}
	if err := dir.remove("a"); err != nil {
		t.Errorf("removing what is gone: %v", err)
	}
}

func TestWhatCountsAsHavingRun(t *testing.T) {
	for _, test := range []struct {
		name     string
		recorded State
		process  *task.Process
		want     bool
	}{
		{"it runs", StateRunning, &task.Process{Status: task.Status_RUNNING}, true},
		{"it runs, and the record is behind", StateCreated, &task.Process{Status: task.Status_RUNNING}, true},
		{"it was killed", StateRunning, &task.Process{Status: task.Status_STOPPED, ExitStatus: 137}, true},
		{"it ended before its start was recorded", StateCreated, &task.Process{Status: task.Status_STOPPED, ExitStatus: 3}, true},
		{"its start was cut short", StateCreated, &task.Process{Status: task.Status_STOPPED, ExitStatus: 137}, false},
		{"it was made and not started", StateCreated, &task.Process{Status: task.Status_CREATED}, false},
		{"there is no task", StateRunning, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := hasRun(test.recorded, test.process); got != test.want {
				t.Errorf("hasRun = %v, want %v", got, test.want)
			}
		})
	}
}
