package runtime

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"k8s.io/klog/v2"
)

// cleanupTimeout bounds what is undone after a failure, containerd's restart included.
const cleanupTimeout = 30 * time.Second

// container is one container of any Pod, until it is removed.
type container struct {
	id string
	io *containerIO // nil when it had ended before this process started

	op      sync.Mutex     // held through start, end and removal, one at a time
	process *specs.Process // what exec starts from; read when first needed; under op
	removed bool           // under op

	mu     sync.Mutex // over record.Status, but for what names the container; never held while waiting
	record containerRecord
	first  *process // nil when it does not run

	ended   chan struct{} // closed when record says exited
	deleted chan struct{} // closed when its task is gone
}

// containerRecord is what is kept of a container in the state directory.
type containerRecord struct {
	Status ContainerStatus
	Cgroup string
}

func newContainer(record containerRecord) *container {
	return &container{id: record.Status.ID, record: record, ended: make(chan struct{}), deleted: make(chan struct{})}
}

// stateDir holds a file for each container.
type stateDir string

func (d stateDir) file(id string) string { return filepath.Join(string(d), id+".json") }

func (d stateDir) save(record containerRecord) error {
	if err := writeJSON(d.file(record.Status.ID), record); err != nil {
		return fmt.Errorf("keep the state of container %s: %w", record.Status.ID, err)
	}
	return nil
}

func (d stateDir) remove(id string) error {
	if err := os.Remove(d.file(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forget container %s: %w", id, err)
	}
	return nil
}

// load reads all records. What cannot be read is removed: it was being written when the node lost power.
func (d stateDir) load(log klog.Logger) ([]containerRecord, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, fmt.Errorf("list containers' states: %w", err)
	}
	var records []containerRecord
	for _, entry := range entries {
		file := filepath.Join(string(d), entry.Name())
		var record containerRecord
		if strings.HasSuffix(file, ".new") {
			os.Remove(file) // what it was to replace still stands
			continue
		}
		if err := readJSON(file, &record); err != nil || record.Status.ID+".json" != entry.Name() {
			log.Info("Removing an unreadable container state", "file", file)
			os.Remove(file)
			continue
		}
		records = append(records, record)
	}
	return records, nil
}

func newID() string {
	b := make([]byte, 32)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func (c *Containerd) container(id string) (*container, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctr := c.containers[strings.TrimPrefix(id, "containerd://")]
	if ctr == nil {
		return nil, fmt.Errorf("container %s: %w", id, ErrNotFound)
	}
	return ctr, nil
}

func (c *Containerd) containersOf(podUID string) []*container {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*container
	for _, ctr := range c.containers {
		if ctr.record.Status.PodUID == podUID { // set once, before it was listed
			list = append(list, ctr)
		}
	}
	return list
}

// Containers lists all containers of all Pods.
func (c *Containerd) Containers(context.Context) ([]ContainerStatus, error) {
	c.mu.Lock()
	all := make([]*container, 0, len(c.containers))
	for _, ctr := range c.containers {
		all = append(all, ctr)
	}
	c.mu.Unlock()
	list := make([]ContainerStatus, 0, len(all))
	for _, ctr := range all {
		list = append(list, ctr.status())
	}
	return list, nil
}

// status copies the status, so that the caller may keep it.
func (ctr *container) status() ContainerStatus {
	ctr.mu.Lock()
	defer ctr.mu.Unlock()
	status := ctr.record.Status
	status.Labels = maps.Clone(status.Labels)
	return status
}

// change changes the status and keeps it.
func (c *Containerd) change(ctr *container, how func(*ContainerStatus)) error {
	ctr.mu.Lock()
	defer ctr.mu.Unlock()
	how(&ctr.record.Status)
	return c.states.save(ctr.record)
}

// RemoveContainer removes a container, its root filesystem and its record.
func (c *Containerd) RemoveContainer(ctx context.Context, id string) error {
	ctr, err := c.container(id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	select {
	case <-ctr.ended:
	default:
		if err := c.endContainer(ctx, ctr); err != nil {
			return err
		}
	}
	select {
	case <-ctr.deleted:
	case <-ctx.Done():
		return fmt.Errorf("remove container %s: its end takes too long: %w", id, ctx.Err())
	}
	ctr.op.Lock()
	defer ctr.op.Unlock()
	if ctr.removed {
		return nil
	}
	if err := c.discard(ctx, ctr.id); err != nil {
		return fmt.Errorf("remove container %s: %w", id, err)
	}
	ctr.io.remove()
	ctr.removed = true
	return c.forget(ctr.id)
}

// endContainer kills a container and waits until its end was seen, which
// takes as long as containerd is away.
func (c *Containerd) endContainer(ctx context.Context, ctr *container) error {
	for again := 500 * time.Millisecond; ; again = min(2*again, 4*time.Second) {
		err := c.Kill(ctx, ctr.id)
		select {
		case <-ctr.ended:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("remove container %s: it does not end: %w", ctr.id, errors.Join(ctx.Err(), err))
		case <-time.After(again):
		}
	}
}

// Stats reads what a running container uses.
func (c *Containerd) Stats(_ context.Context, id string) (ContainerStats, error) {
	ctr, err := c.container(id)
	if err != nil {
		return ContainerStats{}, err
	}
	if ctr.status().State != StateRunning {
		return ContainerStats{}, fmt.Errorf("stats of container %s, which does not run: %w", id, ErrNotFound)
	}
	return c.cgroups.stats(ctr.record.Cgroup)
}
