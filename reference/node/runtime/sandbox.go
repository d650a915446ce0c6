package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/plumbline/plumbline/reference/node/network"
)

// sandboxFile in a sandbox's directory says that it is complete.
const sandboxFile = "sandbox.json"

// sandbox is one Pod's. Its lock is held for writing while it is made or
// removed, and for reading while a container is added, so that none is
// added to what goes away.
type sandbox struct {
	mu      sync.RWMutex
	exists  bool
	removed bool // no longer in the table: whoever waited for the lock looks again
	record  sandboxRecord
	first   *process // of the namespace that containers share; nil where each has its own
	dir     string
}

type sandboxRecord struct {
	Sandbox
	Hostname         string
	HostIPC, HostPID bool
	PausePID         int // the first process of what containers share; 0: each has its own
	QOS              QOSClass
	CPUShares        uint64
	Ports            []network.PortMapping
}

// lockSandbox gives the entry of a Pod, new if need be, locked for writing.
func (c *Containerd) lockSandbox(uid string) *sandbox {
	for {
		c.mu.Lock()
		s := c.sandboxes[uid]
		if s == nil {
			s = &sandbox{dir: filepath.Join(c.nsDir, uid)}
			c.sandboxes[uid] = s
		}
		c.mu.Unlock()
		s.mu.Lock()
		if !s.removed {
			return s
		}
		s.mu.Unlock()
	}
}

// holdSandbox gives a standing sandbox, locked for reading.
func (c *Containerd) holdSandbox(uid string) (*sandbox, error) {
	c.mu.Lock()
	s := c.sandboxes[uid]
	c.mu.Unlock()
	if s != nil {
		s.mu.RLock()
		if s.exists && s.alive() {
			return s, nil
		}
		if s.exists { // whoever lists the sandboxes does not find it
			c.emit(Event{Type: Resync})
		}
		s.mu.RUnlock()
	}
	return nil, fmt.Errorf("sandbox of Pod %s: %w", uid, ErrNotFound)
}

// CreateSandbox makes, or finds as it stands, the sandbox of the Pod UID.
func (c *Containerd) CreateSandbox(ctx context.Context, config SandboxConfig) (Sandbox, error) {
	if config.UID == "" || filepath.Base(config.UID) != config.UID {
		return Sandbox{}, fmt.Errorf("create a sandbox: the Pod UID %q cannot name a directory", config.UID)
	}
	if !config.HostNetwork && c.network.Ready() != nil {
		return Sandbox{}, ErrNetworkNotReady
	}
	s := c.lockSandbox(config.UID)
	defer s.mu.Unlock()
	if s.exists && s.alive() {
		return s.record.Sandbox, nil
	}
	if s.exists {
		if err := c.demolish(ctx, s.dir, s.record.Sandbox); err != nil {
			return Sandbox{}, fmt.Errorf("remove the sandbox of %s/%s, whose first process has ended: %w", config.Namespace, config.Name, err)
		}
		s.exists = false
		s.first.close()
	}
	record := sandboxRecord{
		Sandbox: Sandbox{
			UID: config.UID, Namespace: config.Namespace, Name: config.Name,
			HostNetwork: config.HostNetwork, Cgroup: podCgroup(config.UID, config.QOS),
			CreatedAt: time.Now(), Labels: config.Labels,
		},
		Hostname: config.Hostname, HostIPC: config.HostIPC, HostPID: config.HostPID,
		QOS: config.QOS, CPUShares: config.Resources.CPUShares, Ports: config.Ports,
	}
	if err := c.build(ctx, s, &record, config); err != nil {
		err = fmt.Errorf("create the sandbox of %s/%s: %w", config.Namespace, config.Name, err)
		return Sandbox{}, errors.Join(err, c.demolish(ctx, s.dir, record.Sandbox))
	}
	s.record, s.exists = record, true
	c.shareCPU(record, record.CPUShares)
	return record.Sandbox, nil
}

func (c *Containerd) build(ctx context.Context, s *sandbox, record *sandboxRecord, config SandboxConfig) error {
	if err := c.demolish(ctx, s.dir, record.Sandbox); err != nil { // an attempt that was cut short
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make its directory: %w", err)
	}
	if err := unshare(s.dir, record.Hostname, record.HostNetwork, record.HostIPC); err != nil {
		return err
	}
	if !record.HostIPC {
		if err := mountShm(s.dir); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "hostname"), []byte(record.Hostname+"\n"), 0o644); err != nil {
		return fmt.Errorf("write its hostname: %w", err)
	}
	if err := c.cgroups.create(record.Cgroup, config.Resources); err != nil {
		return err
	}
	if config.SharePID {
		if err := c.startPause(s, record); err != nil {
			return err
		}
	}
	if record.HostNetwork {
		record.IP = c.network.NodeIP()
	} else {
		record.NetNS = filepath.Join(s.dir, netFile)
		var err error
		if record.IP, err = c.network.Connect(record.UID, record.NetNS); err != nil {
			return err
		}
		if err := c.network.Forward(ctx, record.UID, record.IP, record.Ports); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(s.dir, sandboxFile), record)
}

// demolish removes what there is of a sandbox.
func (c *Containerd) demolish(ctx context.Context, dir string, s Sandbox) error {
	if err := c.cgroups.remove(s.Cgroup); err != nil {
		return err
	}
	if !s.HostNetwork {
		if err := c.network.Disconnect(ctx, s.UID, s.IP); err != nil {
			return err
		}
	}
	return release(dir)
}

// RemoveSandbox removes the Pod's containers, then its sandbox.
func (c *Containerd) RemoveSandbox(ctx context.Context, podUID string) error {
	s := c.lockSandbox(podUID)
	defer s.mu.Unlock()
	var errs []error
	for _, ctr := range c.containersOf(podUID) {
		errs = append(errs, c.RemoveContainer(ctx, ctr.id))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove the containers of Pod %s: %w", podUID, err)
	}
	if s.exists {
		if err := c.demolish(ctx, s.dir, s.record.Sandbox); err != nil {
			return fmt.Errorf("remove the sandbox of %s/%s: %w", s.record.Namespace, s.record.Name, err)
		}
		s.first.close()
	}
	c.shareCPU(s.record, 0)
	s.exists, s.removed = false, true
	c.mu.Lock()
	delete(c.sandboxes, podUID)
	c.mu.Unlock()
	return nil
}

// Sandboxes lists those that stand.
func (c *Containerd) Sandboxes(context.Context) ([]Sandbox, error) {
	var list []Sandbox
	for _, s := range c.allSandboxes() {
		s.mu.RLock()
		if s.exists && s.alive() {
			list = append(list, s.record.Sandbox)
		}
		s.mu.RUnlock()
	}
	return list, nil
}

func (c *Containerd) allSandboxes() []*sandbox {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*sandbox
	for _, s := range c.sandboxes {
		list = append(list, s)
	}
	return list
}

// recoverSandboxes finds the complete ones, and removes what a crash or a
// restart of the node left of others.
func (c *Containerd) recoverSandboxes(ctx context.Context) error {
	entries, err := os.ReadDir(c.nsDir)
	if err != nil {
		return fmt.Errorf("list sandboxes: %w", err)
	}
	for _, entry := range entries {
		dir := filepath.Join(c.nsDir, entry.Name())
		var record sandboxRecord
		err := readJSON(filepath.Join(dir, sandboxFile), &record)
		if err != nil || !record.HostNetwork && !bound(filepath.Join(dir, netFile)) || record.PausePID != 0 && !bound(filepath.Join(dir, pidFile)) {
			logger(ctx).Info("Removing an incomplete sandbox", "uid", entry.Name())
			for _, class := range []QOSClass{Guaranteed, Burstable, BestEffort} {
				if err := c.demolish(ctx, dir, Sandbox{UID: entry.Name(), Cgroup: podCgroup(entry.Name(), class)}); err != nil {
					return err
				}
			}
			continue
		}
		if record.IP.IsValid() && !record.HostNetwork {
			c.network.Reserve(record.IP)
			c.network.Remember(record.UID, record.IP, record.Ports)
		}
		s := &sandbox{exists: true, record: record, dir: dir}
		if record.PausePID != 0 {
			if s.first, err = openProcess(record.PausePID, record.Cgroup); err != nil {
				return err
			}
		}
		c.sandboxes[record.UID] = s
		c.shareCPU(record, record.CPUShares)
	}
	return nil
}

// shareCPU gives the classes their part of the CPU, as the kubelet does:
// burstable Pods what they request together, best-effort ones the least.
func (c *Containerd) shareCPU(pod sandboxRecord, shares uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.burstable, pod.UID)
	if pod.QOS == Burstable && shares != 0 {
		c.burstable[pod.UID] = shares
	}
	sum := uint64(0)
	for _, requested := range c.burstable {
		sum += requested
	}
	for path, shares := range map[string]uint64{"/kubepods/burstable": max(sum, 2), "/kubepods/besteffort": 2} {
		for _, setting := range c.cgroups.settings(Resources{CPUShares: shares}) {
			c.cgroups.write(path, setting) // fails only where no Pod of the class ever was
		}
	}
}

// Dial opens a TCP connection inside the Pod's network namespace.
func (c *Containerd) Dial(ctx context.Context, podUID string, port int) (net.Conn, error) {
	s, err := c.holdSandbox(podUID)
	if err != nil {
		return nil, fmt.Errorf("dial port %d: %w", port, err)
	}
	record := s.record
	s.mu.RUnlock()
	number := strconv.Itoa(port)
	conn, err := network.Dial(ctx, record.NetNS, net.JoinHostPort("127.0.0.1", number))
	if err == nil || ctx.Err() != nil || !record.IP.IsValid() {
		return conn, err
	}
	if conn, second := network.Dial(ctx, record.NetNS, net.JoinHostPort(record.IP.String(), number)); second == nil {
		return conn, nil
	}
	return nil, err
}

// SandboxStats reads what all of a Pod's containers use together.
func (c *Containerd) SandboxStats(_ context.Context, podUID string) (ContainerStats, error) {
	s, err := c.holdSandbox(podUID)
	if err != nil {
		return ContainerStats{}, fmt.Errorf("stats: %w", err)
	}
	defer s.mu.RUnlock()
	return c.cgroups.stats(s.record.Cgroup)
}

func writeJSON(file string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", filepath.Base(file), err)
	}
	if err := os.WriteFile(file+".new", data, 0o600); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return os.Rename(file+".new", file)
}

func readJSON(file string, value any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	return json.Unmarshal(data, value)
}
