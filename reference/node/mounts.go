package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// mounts are the container's volumes and the files that every container has.
func (w *worker) mounts(ctx context.Context, pod *v1.Pod, c *v1.Container, podIP string, vars map[string]string, attempt int) ([]runtime.Mount, error) {
	volumes := w.mounted()
	taken := map[string]bool{}
	var mounts []runtime.Mount
	for i := range c.VolumeMounts {
		m := &c.VolumeMounts[i]
		v, ok := volumes[m.Name]
		if !ok {
			return nil, fmt.Errorf("cannot find volume %q to mount into container %q", m.Name, c.Name)
		}
		path, sub := v.Path, m.SubPath
		if m.SubPathExpr != "" {
			var err error
			if sub, err = expandPart(m.SubPathExpr, vars); err != nil {
				return nil, err
			}
		}
		if sub != "" {
			var err error
			if path, err = w.agent.volumes.SubPath(pod, m.Name, c.Name, i, v.Path, sub); err != nil {
				return nil, err
			}
		}
		at := m.MountPath
		if !filepath.IsAbs(at) {
			at = filepath.Join("/", at)
		}
		taken[filepath.Clean(at)] = true
		mounts = append(mounts, runtime.Mount{
			Source: path, Destination: at, ReadOnly: m.ReadOnly || v.ReadOnly, Propagation: propagation(m.MountPropagation),
		})
	}
	files, err := w.podFiles(pod, podIP)
	if err != nil {
		return nil, err
	}
	if c.TerminationMessagePath != "" {
		log := w.terminationLog(pod, c.Name, attempt)
		if err := writeFile(log, nil, 0o666); err != nil {
			return nil, fmt.Errorf("make termination log: %w", err)
		}
		files = append(files, runtime.Mount{Source: log, Destination: filepath.Join("/", c.TerminationMessagePath)})
	}
	for _, f := range files {
		if !taken[f.Destination] {
			mounts = append(mounts, f)
		}
	}
	return mounts, nil
}

// expandPart is the part of a volume that an expression names. Variables that are missing or empty are an error: with
// nothing in their place it would be somebody else's part, or the whole volume.
func expandPart(expression string, vars map[string]string) (string, error) {
	var missing []string
	part := expand(expression, func(name string) (string, bool) {
		value := vars[name]
		if value == "" {
			missing = append(missing, name)
		}
		return value, true
	})
	if len(missing) > 0 {
		slices.Sort(missing)
		return "", fmt.Errorf("missing value for %s", strings.Join(slices.Compact(missing), ", "))
	}
	return part, nil
}

// podFiles writes the files that all containers of a Pod share.
func (w *worker) podFiles(pod *v1.Pod, podIP string) ([]runtime.Mount, error) {
	options := &w.agent.options
	name, domain := podHostname(pod, options.ClusterDomain)
	hosts, err := hostsFile(pod, podIP, name, domain)
	if err != nil {
		return nil, err
	}
	own, err := kernelHostname(pod, options.ClusterDomain)
	if err != nil {
		return nil, err
	}
	if pod.Spec.HostNetwork {
		if own, err = os.Hostname(); err != nil {
			return nil, fmt.Errorf("read the node's host name: %w", err)
		}
	}
	mounts := []runtime.Mount{{Source: w.resolverPath(pod), Destination: "/etc/resolv.conf"}} // there since the sandbox is
	for _, f := range []struct{ name, at, content string }{
		{"etc-hosts", "/etc/hosts", hosts},
		{"hostname", "/etc/hostname", own + "\n"},
	} {
		path := filepath.Join(w.agent.volumes.PodDir(string(pod.UID)), f.name)
		if err := writeFile(path, []byte(f.content), 0o644); err != nil {
			return nil, fmt.Errorf("write %s: %w", f.at, err)
		}
		mounts = append(mounts, runtime.Mount{Source: path, Destination: f.at})
	}
	return mounts, nil
}

func (w *worker) resolverPath(pod *v1.Pod) string {
	return filepath.Join(w.agent.volumes.PodDir(string(pod.UID)), "resolv.conf")
}

// writeResolver writes the resolv.conf that a sandbox's containers have, each
// of them from its first start to its last.
func (w *worker) writeResolver(ctx context.Context, pod *v1.Pod) error {
	own, err := nodeResolver()
	if err != nil {
		return err
	}
	if !pod.Spec.HostNetwork {
		own = own.forPods()
	}
	servers, err := w.agent.clusterDNS(ctx)
	if err != nil {
		return err
	}
	resolv, fellBack := podResolver(pod, own, servers, w.agent.options.ClusterDomain)
	warnings := resolv.fit()
	if fellBack {
		message := fmt.Sprintf("kubelet does not have ClusterDNS IP configured and cannot create Pod using %q policy. Falling back to %q policy.", v1.DNSClusterFirst, v1.DNSDefault)
		w.agent.recorder.Event(w.agent.nodeRef(), v1.EventTypeWarning, "MissingClusterDNS", message)
		w.recordAt(pod, recordEvent{Warning: true, EventReason: "MissingClusterDNS", EventMsg: fmt.Sprintf("pod: %q. %s", pod.Name+"_"+pod.Namespace+"("+string(pod.UID)+")", message)})
	}
	for _, warning := range warnings {
		w.recordAt(pod, recordEvent{Warning: true, EventReason: "DNSConfigForming", EventMsg: warning})
	}
	if err := writeFile(w.resolverPath(pod), []byte(resolv.String()), 0o644); err != nil {
		return fmt.Errorf("write /etc/resolv.conf: %w", err)
	}
	return nil
}

// writeFile writes a file with exactly this mode, in place: containers that
// have it mounted see the new content.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

func propagation(mode *v1.MountPropagationMode) runtime.Propagation {
	if mode != nil {
		switch *mode {
		case v1.MountPropagationHostToContainer:
			return runtime.PropagationHostToContainer
		case v1.MountPropagationBidirectional:
			return runtime.PropagationBidirectional
		}
	}
	return runtime.PropagationPrivate
}
