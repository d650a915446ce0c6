package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/reference"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	"github.com/plumbline/plumbline/reference/node/runtime"
	"github.com/plumbline/plumbline/reference/node/volume"
)

// execute carries out an action. What takes time runs beside the worker and
// reports to its inbox.
func (w *worker) execute(ctx context.Context, a action) {
	pod, sandbox := w.state.Pod, w.state.Sandbox
	switch a := a.(type) {
	case recordEvent:
		w.record(pod, a)
	case mountVolumes:
		first := !w.state.Volumes.Mounted
		w.group.Go(func() { w.inbox.put(volumesMounted{w.mountVolumes(ctx, pod, first)}) })
	case createSandbox:
		w.group.Go(func() { w.inbox.put(w.createSandbox(ctx, pod)) })
	case startContainer:
		ctx, cancel := context.WithCancel(ctx)
		w.cancelStart[a.Name] = cancel
		w.group.Go(func() {
			defer cancel()
			w.inbox.put(w.startContainer(ctx, pod, sandbox, a))
		})
	case cancelStarts:
		for name, cancel := range w.cancelStart {
			cancel()
			delete(w.cancelStart, name)
		}
	case runPreStop:
		ctx, cancel := context.WithCancel(ctx)
		w.cancelHook[a.ID] = cancel
		w.group.Go(func() {
			defer cancel()
			w.preStop(ctx, pod, sandbox, a)
			w.inbox.put(preStopDone{a.ID})
		})
	case signalContainer:
		if cancel := w.cancelHook[a.ID]; cancel != nil {
			cancel()
			delete(w.cancelHook, a.ID)
		}
		w.group.Go(func() {
			w.logUnlessGone(ctx, w.agent.runtime.Signal(ctx, a.ID, a.Signal), "Container not signalled", a.ID)
		})
	case killContainer:
		w.group.Go(func() { w.logUnlessGone(ctx, w.agent.runtime.Kill(ctx, a.ID), "Container not killed", a.ID) })
	case removeContainer:
		w.group.Go(func() { w.removeContainer(ctx, a) })
	case cleanUp:
		w.group.Go(func() { w.inbox.put(cleanedUp{w.cleanUp(ctx, pod)}) })
	case deletePod:
		w.group.Go(func() { w.inbox.put(podDeleted{w.deletePod(ctx, pod)}) })
	case forgetPod:
		w.agent.forget(ctx, pod)
	}
}

func (w *worker) logUnlessGone(ctx context.Context, err error, message, id string) {
	if err != nil && !errors.Is(err, runtime.ErrNotFound) && ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, message, "container", id)
	}
}

// record makes an event about the Pod or one of its containers.
func (w *worker) record(pod *v1.Pod, e recordEvent) {
	if w.state.Gone && e.EventReason != "Killing" {
		return
	}
	w.recordAt(pod, e)
}

func (w *worker) recordAt(pod *v1.Pod, e recordEvent) {
	path := ""
	if e.Container != "" {
		path = "spec.containers{" + e.Container + "}"
		if _, init := containerSpec(pod, e.Container); init {
			path = "spec.initContainers{" + e.Container + "}"
		}
	}
	ref, err := reference.GetPartialReference(scheme.Scheme, pod, path)
	if err != nil {
		klog.Background().Error(err, "Event not recorded", "pod", klog.KObj(pod))
		return
	}
	kind := v1.EventTypeNormal
	if e.Warning {
		kind = v1.EventTypeWarning
	}
	w.agent.recorder.Event(ref, kind, e.EventReason, e.EventMsg)
}

// mountVolumes sets up the Pod's volumes and reports what it cannot.
func (w *worker) mountVolumes(ctx context.Context, pod *v1.Pod, first bool) error {
	volumes, err := w.agent.volumes.SetUp(ctx, pod)
	w.mu.Lock()
	w.volumes = volumes
	w.mu.Unlock()
	if err == nil || ctx.Err() != nil {
		return err
	}
	for _, e := range unjoin(err) {
		w.recordAt(pod, recordEvent{Warning: true, EventReason: "FailedMount", EventMsg: e.Error()})
	}
	klog.FromContext(ctx).Error(err, "Volumes not mounted", "first", first)
	return err
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func (w *worker) createSandbox(ctx context.Context, pod *v1.Pod) sandboxCreated {
	if ready := w.agent.options.ServicesReady; ready != nil {
		select {
		case <-ready:
		case <-ctx.Done():
			return sandboxCreated{Err: ctx.Err()}
		}
	}
	sandbox, err := w.makeSandbox(ctx, pod)
	switch {
	case err == nil:
		return sandboxCreated{Sandbox: &sandbox}
	case ctx.Err() != nil:
	case errors.Is(err, runtime.ErrNetworkNotReady):
		w.recordAt(pod, recordEvent{Warning: true, EventReason: "NetworkNotReady", EventMsg: "network is not ready: " + err.Error()})
	default:
		w.recordAt(pod, recordEvent{Warning: true, EventReason: "FailedCreatePodSandBox", EventMsg: "Failed to create pod sandbox: " + err.Error()})
		klog.FromContext(ctx).Error(err, "Sandbox not created")
	}
	return sandboxCreated{Err: err}
}

func (w *worker) makeSandbox(ctx context.Context, pod *v1.Pod) (runtime.Sandbox, error) {
	if err := w.writeResolver(ctx, pod); err != nil {
		return runtime.Sandbox{}, err
	}
	name, err := kernelHostname(pod, w.agent.options.ClusterDomain)
	if err != nil {
		return runtime.Sandbox{}, err
	}
	return w.agent.runtime.CreateSandbox(ctx, runtime.SandboxConfig{
		UID: string(pod.UID), Namespace: pod.Namespace, Name: pod.Name, Hostname: name,
		HostNetwork: pod.Spec.HostNetwork, HostIPC: pod.Spec.HostIPC, HostPID: pod.Spec.HostPID,
		SharePID: ptr.Deref(pod.Spec.ShareProcessNamespace, false),
		Ports:    portMappings(pod),
		QOS:      runtime.QOSClass(qosClass(pod)), Resources: sandboxResources(pod),
	})
}

// removeContainer removes an old instance, and its log with the older files of it.
func (w *worker) removeContainer(ctx context.Context, a removeContainer) {
	err := w.agent.runtime.RemoveContainer(ctx, a.ID)
	if err == nil && a.LogPath != "" {
		var files []string
		if files, err = filepath.Glob(a.LogPath + "*"); err == nil {
			for _, file := range files {
				err = errors.Join(err, os.Remove(file))
			}
		}
	}
	if err != nil && ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "Container not removed", "container", a.ID)
	}
}

// cleanUp removes what a Pod whose containers have ended still holds.
func (w *worker) cleanUp(ctx context.Context, pod *v1.Pod) error {
	uid := string(pod.UID)
	w.agent.sources.unregister(pod.UID)
	w.agent.tokens.forget(pod.UID)
	if err := w.agent.runtime.RemoveSandbox(ctx, uid); err != nil {
		klog.FromContext(ctx).Error(err, "Sandbox not removed")
		return fmt.Errorf("remove sandbox of pod %s: %w", podRef(pod), err)
	}
	if err := w.agent.volumes.TearDown(uid); err != nil {
		klog.FromContext(ctx).Error(err, "Volumes not removed")
		return err
	}
	return nil
}

// deletePod removes the object: the node is done with it.
func (w *worker) deletePod(ctx context.Context, pod *v1.Pod) error {
	now := int64(0)
	err := w.agent.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &now,
		Preconditions:      metav1.NewUIDPreconditions(string(pod.UID)),
	})
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	klog.FromContext(ctx).Error(err, "Pod not deleted")
	return fmt.Errorf("delete pod %s: %w", podRef(pod), err)
}

var _ volume.Source = (*Agent)(nil)
