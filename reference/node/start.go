package node

import (
	"context"
	"errors"
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
		return w.startFailed(ctx, pod, done, a, err, tell)
	}
	tell(false, "Created", "Container created")
	tell(false, "Started", "Container started")
	done.Status = w.find(ctx, string(pod.UID), id, &config, &image)
	done.User = processUser(done.Status.PID)
	if c.Lifecycle == nil || c.Lifecycle.PostStart == nil {
		return done
	}
	if message, err := w.runHook(ctx, pod, sandbox, c, id, c.Lifecycle.PostStart); err != nil && ctx.Err() == nil {
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
func (w *worker) startFailed(ctx context.Context, pod *v1.Pod, done containerStarted, a startContainer, err error, tell func(bool, string, string)) containerStarted {
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
		if c := &listed[i]; c.PodUID == string(pod.UID) && c.Name == a.Name && c.Attempt == a.Attempt {
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
		services: services, configMap: w.agent.ConfigMap, secret: w.agent.Secret,
	}
	vars, err := env.variables(ctx, c)
	if err != nil {
		return none, err
	}
	mounts, err := w.mounts(ctx, pod, c, podIP, vars, attempt)
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
		Sysctls:     sysctls(pod),
		LogPath:     w.agent.logPath(pod, c.Name, attempt),
		StopSignal:  stopSignal(c),
	}, nil
}

// logDir and logPath follow the kubelet's layout, which log collectors know.
func (a *Agent) logDir(pod *v1.Pod) string {
	return filepath.Join(a.options.LogDir, pod.Namespace+"_"+pod.Name+"_"+string(pod.UID))
}

func (a *Agent) logPath(pod *v1.Pod, container string, attempt int) string {
	return filepath.Join(a.logDir(pod), container, strconv.Itoa(attempt)+".log")
}
