package node

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
)

// statusWriter brings one Pod's status to the API server: at once, one patch
// at a time, and of several statuses that wait only the newest.
type statusWriter struct {
	client          kubernetes.Interface
	namespace, name string
	uid             types.UID
	written         func(v1.PodStatus) // the API server has this status

	mu      sync.Mutex
	base    v1.PodStatus // what the API server has
	version uint64       // resourceVersion of base
	want    *v1.PodStatus
	wake    chan struct{}
}

func newStatusWriter(client kubernetes.Interface, pod *v1.Pod, written func(v1.PodStatus)) *statusWriter {
	w := &statusWriter{
		client: client, namespace: pod.Namespace, name: pod.Name, uid: pod.UID,
		written: written, wake: make(chan struct{}, 1),
	}
	w.observe(pod)
	return w
}

// observe takes in what the API server says of the Pod.
func (w *statusWriter) observe(pod *v1.Pod) {
	version, err := strconv.ParseUint(pod.ResourceVersion, 10, 64)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && version < w.version {
		return
	}
	w.base, w.version = *pod.Status.DeepCopy(), version
}

// offer asks for a status to be written.
func (w *statusWriter) offer(status v1.PodStatus) {
	w.mu.Lock()
	w.want = &status
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run writes until ctx ends.
func (w *statusWriter) run(ctx context.Context) {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	wait := shortest
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		for again := true; again; {
			err := w.write(ctx)
			switch {
			case err == nil, ctx.Err() != nil, apierrors.IsNotFound(err), apierrors.IsConflict(err):
				// Gone or replaced by another Pod of the name: the watch tells.
				again, wait = false, shortest
				continue
			}
			klog.FromContext(ctx).Error(err, "Pod status not written, trying again", "pod", klog.KRef(w.namespace, w.name), "after", wait)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			wait = min(2*wait, longest)
		}
	}
}

// write patches the API server's status to the wanted one.
func (w *statusWriter) write(ctx context.Context) error {
	w.mu.Lock()
	base, want := w.base, w.want
	w.mu.Unlock()
	if want == nil {
		return nil
	}
	patch, err := statusPatch(w.uid, base, mergeStatus(base, *want))
	if err != nil {
		return fmt.Errorf("make status patch of pod %s/%s: %w", w.namespace, w.name, err)
	}
	if patch != nil {
		pod, err := w.client.CoreV1().Pods(w.namespace).Patch(ctx, w.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
		if err != nil {
			return fmt.Errorf("patch status of pod %s/%s: %w", w.namespace, w.name, err)
		}
		w.observe(pod)
	}
	w.written(*want)
	return nil
}

// mergeStatus puts the node's part of a status into what the API server has;
// the rest belongs to others.
func mergeStatus(base, want v1.PodStatus) v1.PodStatus {
	out := *base.DeepCopy()
	// Who is disrupted by whom others say too; the node's word replaces theirs.
	evicted := findCondition(want.Conditions, v1.DisruptionTarget) != nil
	own := func(c v1.PodCondition) bool {
		return slices.Contains(ownConditions, c.Type) || (evicted && c.Type == v1.DisruptionTarget)
	}
	conditions := slices.DeleteFunc(slices.Clone(out.Conditions), own)
	for _, c := range want.Conditions {
		if own(c) {
			conditions = append(conditions, c)
		}
	}
	out.Conditions = conditions
	out.ObservedGeneration = want.ObservedGeneration
	out.Phase, out.Reason, out.Message = want.Phase, want.Reason, want.Message
	out.HostIP, out.HostIPs, out.PodIP, out.PodIPs = want.HostIP, want.HostIPs, want.PodIP, want.PodIPs
	out.StartTime = want.StartTime
	out.InitContainerStatuses, out.ContainerStatuses = want.InitContainerStatuses, want.ContainerStatuses
	if out.QOSClass == "" {
		out.QOSClass = want.QOSClass
	}
	out.AllocatedResources, out.Resources = want.AllocatedResources, want.Resources
	return out
}

// statusPatch is the patch from one status to another, valid only for the Pod
// of the UID; nil when they are equal.
func statusPatch(uid types.UID, from, to v1.PodStatus) ([]byte, error) {
	a, err := json.Marshal(v1.Pod{Status: from})
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(v1.Pod{Status: to})
	if err != nil {
		return nil, err
	}
	if string(a) == string(b) {
		return nil, nil
	}
	meta := strategicpatch.PatchMetaFromStruct{}
	if meta, err = strategicpatch.NewPatchMetaFromStruct(v1.Pod{}); err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatchUsingLookupPatchMeta(a, b, meta)
	if err != nil || string(patch) == "{}" {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(patch, &fields); err != nil {
		return nil, err
	}
	fields["metadata"] = map[string]any{"uid": uid}
	return json.Marshal(fields)
}
