package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// startContainer takes a container from its image to its postStart hook.
func (w *worker) startContainer(ctx context.Context, pod *v1.Pod, sandbox *runtime.Sandbox, a startContainer) containerStarted {
	c, init := containerSpec(pod, a.Name)
	done := containerStarted{Name: a.Name, Image: c.Image}
	image, why, pull := w.ensureImage(ctx, pod, c)
	if why != nil {
		done.Failure, done.Pull = why, pull
		return done
	}
	tell := func(warning bool, reason, message string) {
		w.recordAt(pod, recordEvent{Container: c.Name, Warning: warning, EventReason: reason, EventMsg: message})
	}
	config, err := w.containerConfig(ctx, pod, sandbox, c, &image, a.Attempt)
	if err != nil {
		if ctx.Err() == nil {
			tell(true, "Failed", "Error: "+err.Error())
		}
		done.Failure = &failure{Reason: reasonCreateContainerConfig, Message: err.Error(), Retry: time.Now().Add(retryInterval)}
		return done
	}
	config.Init = init
	id, err := w.agent.runtime.StartContainer(ctx, config)
	if err != nil {
		return w.startFailed(ctx, done, a, err, tell)
	}
	tell(false, "Created", "Container created")
	tell(false, "Started", "Container started")
	done.Status = w.find(ctx, string(pod.UID), id, &config, &image)
	done.User = processUser(done.Status.PID)
	if c.Lifecycle == nil || c.Lifecycle.PostStart == nil {
		return done
	}
	if message, err := w.runHook(ctx, pod, sandbox, c, id, c.Lifecycle.PostStart); err != nil {
		klog.FromContext(ctx).Error(err, "PostStart hook failed", "container", c.Name)
		// The message may hold what only the Pod's owner should see.
		tell(true, "FailedPostStartHook", "PostStartHook failed")
		tell(false, "Killing", "FailedPostStartHook")
		done.Failure = &failure{Reason: reasonPostStartHook, Message: message}
		done.StopIt = true
	}
	return done
}

// startFailed tells why a container could not be created or started.
func (w *worker) startFailed(ctx context.Context, done containerStarted, a startContainer, err error, tell func(bool, string, string)) containerStarted {
	var start *runtime.StartError
	switch {
	case ctx.Err() != nil:
		done.Failure = &failure{Reason: reasonRunContainer, Message: err.Error()}
	case errors.As(err, &start) && start.Reason == reasonRunContainer:
		tell(false, "Created", "Container created")
		tell(true, "Failed", "Error: "+start.Message)
		done.Failure = &failure{Reason: reasonRunContainer, Message: start.Message}
	case errors.As(err, &start):
		tell(true, "Failed", "Error: "+start.Message)
		done.Failure = &failure{Reason: start.Reason, Message: start.Message, Retry: time.Now().Add(retryInterval)}
	default:
		tell(true, "Failed", "Error: "+err.Error())
		done.Failure = &failure{Reason: reasonCreateContainer, Message: err.Error(), Retry: time.Now().Add(retryInterval)}
	}
	// What was made before it failed is the runtime's to tell.
	listed, listErr := w.agent.runtime.Containers(ctx)
	if listErr != nil {
		return done
	}
	for i := range listed {
		if c := &listed[i]; c.PodUID == string(w.state.Pod.UID) && c.Name == a.Name && c.Attempt == a.Attempt {
			done.Status = c
		}
	}
	return done
}

// find is what the runtime says of a container that was just started, or what
// must be true of it.
func (w *worker) find(ctx context.Context, uid, id string, config *runtime.ContainerConfig, image *runtime.ImageInfo) *runtime.ContainerStatus {
	if listed, err := w.agent.runtime.Containers(ctx); err == nil {
		for i := range listed {
			if listed[i].ID == id {
				return &listed[i]
			}
		}
	}
	now := time.Now()
	imageID := image.ID
	if len(image.RepoDigests) > 0 {
		imageID = image.RepoDigests[0]
	}
	return &runtime.ContainerStatus{
		ID: id, PodUID: uid, PodNamespace: config.PodNamespace, PodName: config.PodName, Name: config.Name,
		Attempt: config.Attempt, Init: config.Init, Image: config.Image, ImageID: imageID,
		State: runtime.StateRunning, CreatedAt: now, StartedAt: now, LogPath: config.LogPath, StopSignal: config.StopSignal,
	}
}

// containerConfig is all that the runtime needs to know.
func (w *worker) containerConfig(ctx context.Context, pod *v1.Pod, sandbox *runtime.Sandbox, c *v1.Container, image *runtime.ImageInfo, attempt int) (runtime.ContainerConfig, error) {
	none := runtime.ContainerConfig{}
	if err := checkNonRoot(pod, c, image); err != nil {
		return none, err
	}
	podIP := sandbox.IP.String()
	if pod.Spec.HostNetwork {
		podIP = w.agent.options.IP.String()
	}
	services, err := w.agent.serviceVariables(ctx, pod)
	if err != nil {
		return none, err
	}
	env := environment{
		pod: pod, hostIP: w.agent.options.IP.String(), podIP: podIP, allocatable: w.agent.allocatable(),
		services: services, configMap: w.agent.ConfigMap,
	}
	vars, err := env.variables(ctx, c)
	if err != nil {
		return none, err
	}
	mounts, err := w.mounts(pod, c, podIP, vars, attempt)
	if err != nil {
		return none, err
	}
	return runtime.ContainerConfig{
		PodUID: string(pod.UID), PodNamespace: pod.Namespace, PodName: pod.Name,
		Name: c.Name, Attempt: attempt, Image: c.Image,
		Command: expandAll(c.Command, vars), Args: expandAll(c.Args, vars), Env: envList(vars), WorkingDir: c.WorkingDir,
		Mounts: mounts, TTY: c.TTY, Stdin: c.Stdin, StdinOnce: c.StdinOnce,
		Resources:   containerResources(pod, c),
		OOMScoreAdj: oomScoreAdj(pod, c, w.agent.machine.memory),
		Security:    security(pod, c),
		LogPath:     w.agent.logPath(pod, c.Name, attempt),
		StopSignal:  stopSignal(c),
	}, nil
}

// mounts are the container's volumes and the files that every container has.
func (w *worker) mounts(pod *v1.Pod, c *v1.Container, podIP string, vars map[string]string, attempt int) ([]runtime.Mount, error) {
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
			sub = expand(m.SubPathExpr, func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
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

// podFiles writes the files that all containers of a Pod share.
func (w *worker) podFiles(pod *v1.Pod, podIP string) ([]runtime.Mount, error) {
	options := &w.agent.options
	name, domain := podHostname(pod, options.ClusterDomain)
	hosts, err := hostsFile(pod, podIP, name, domain)
	if err != nil {
		return nil, err
	}
	own, err := nodeResolver()
	if err != nil {
		return nil, err
	}
	resolv, fellBack := podResolver(pod, own, options.ClusterDNS, options.ClusterDomain)
	warnings := resolv.fit()
	if fellBack && len(options.ClusterDNS) == 0 {
		klog.Background().V(4).Info("No cluster DNS is known, the Pod uses the node's resolver", "pod", klog.KObj(pod))
	}
	for _, warning := range warnings {
		w.recordAt(pod, recordEvent{Warning: true, EventReason: "DNSConfigForming", EventMsg: warning})
	}
	if pod.Spec.HostNetwork {
		if name, err = os.Hostname(); err != nil {
			return nil, fmt.Errorf("read the node's host name: %w", err)
		}
	}
	var mounts []runtime.Mount
	for _, f := range []struct{ name, at, content string }{
		{"etc-hosts", "/etc/hosts", hosts},
		{"hostname", "/etc/hostname", name + "\n"},
		{"resolv.conf", "/etc/resolv.conf", resolv.String()},
	} {
		path := filepath.Join(w.agent.volumes.PodDir(string(pod.UID)), f.name)
		if err := writeFile(path, []byte(f.content), 0o644); err != nil {
			return nil, fmt.Errorf("write %s: %w", f.at, err)
		}
		mounts = append(mounts, runtime.Mount{Source: path, Destination: f.at})
	}
	return mounts, nil
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

// logDir and logPath follow the kubelet's layout, which log collectors know.
func (a *Agent) logDir(pod *v1.Pod) string {
	return filepath.Join(a.options.LogDir, pod.Namespace+"_"+pod.Name+"_"+string(pod.UID))
}

func (a *Agent) logPath(pod *v1.Pod, container string, attempt int) string {
	return filepath.Join(a.logDir(pod), container, strconv.Itoa(attempt)+".log")
}
