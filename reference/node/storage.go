package node

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
)

// storageInterval is how often the sizes of volumes are looked at: the kernel
// tells nobody when a directory grows.
const storageInterval = 10 * time.Second

// watchStorage evicts Pods whose volumes have outgrown their limit.
func (a *Agent) watchStorage(ctx context.Context) {
	ticker := time.NewTicker(storageInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		a.mu.Lock()
		var limited []*worker
		for _, w := range a.workers {
			if status := w.snapshot(); hasSizeLimit(w.pod()) && !terminalPhase(status.Phase) && !w.evicting.Load() {
				limited = append(limited, w)
			}
		}
		a.mu.Unlock()
		for _, w := range limited {
			if message := w.overgrown(); message != "" {
				w.evict(message)
			}
		}
	}
}

// onDisk: an emptyDir with a limit that nothing else enforces.
func onDisk(v *v1.Volume) bool {
	return v.EmptyDir != nil && v.EmptyDir.Medium == v1.StorageMediumDefault &&
		v.EmptyDir.SizeLimit != nil && v.EmptyDir.SizeLimit.Sign() > 0
}

func hasSizeLimit(pod *v1.Pod) bool {
	for i := range pod.Spec.Volumes {
		if onDisk(&pod.Spec.Volumes[i]) {
			return true
		}
	}
	return false
}

// overgrown says which volume is larger than it may be.
func (w *worker) overgrown() string {
	pod, mounted := w.pod(), w.mounted()
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		if !onDisk(v) {
			continue
		}
		if at, ok := mounted[v.Name]; ok && diskUse(at.Path) > v.EmptyDir.SizeLimit.Value() {
			return fmt.Sprintf("Usage of EmptyDir volume %q exceeds the limit %q. ", v.Name, v.EmptyDir.SizeLimit.String())
		}
	}
	return ""
}

// diskUse is how much a directory takes up. Files that go while it is counted
// are not counted.
func diskUse(dir string) int64 {
	var bytes int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				bytes += st.Blocks * 512
			}
		}
		return nil
	})
	return bytes
}

// evict ends the Pod for the node's sake.
func (w *worker) evict(message string) {
	w.evicting.Store(true)
	w.recordAt(w.pod(), recordEvent{Warning: true, EventReason: "Evicted", EventMsg: message})
	w.inbox.put(podEvicted{eviction{Reason: "Evicted", Message: message, Grace: 1}})
}
