package node

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// onNode is what the runtime has of a Pod.
type onNode struct {
	sandbox    *runtime.Sandbox
	containers []runtime.ContainerStatus
}

// list asks the runtime for all it has, by Pod UID.
func (a *Agent) list(ctx context.Context) (map[types.UID]*onNode, error) {
	sandboxes, err := a.runtime.Sandboxes(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sandboxes: %w", err)
	}
	containers, err := a.runtime.Containers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	found := map[types.UID]*onNode{}
	at := func(uid string) *onNode {
		if found[types.UID(uid)] == nil {
			found[types.UID(uid)] = &onNode{}
		}
		return found[types.UID(uid)]
	}
	for i := range sandboxes {
		at(sandboxes[i].UID).sandbox = &sandboxes[i]
	}
	for _, c := range containers {
		at(c.PodUID).containers = append(at(c.PodUID).containers, c)
	}
	return found, nil
}

// recover starts workers for the Pods that the API server has, with what of
// them the runtime has, and takes down what belongs to no Pod.
func (a *Agent) recover(ctx context.Context, pods []*v1.Pod) error {
	found, err := a.list(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(pods, func(x, y *v1.Pod) int {
		return cmp.Or(x.CreationTimestamp.Compare(y.CreationTimestamp.Time), cmp.Compare(x.Name, y.Name))
	})
	// Those that run come first: they are not to be turned away for others.
	for _, pod := range pods {
		if on := found[pod.UID]; on != nil {
			a.podChanged(pod, on)
			delete(found, pod.UID)
		}
	}
	for _, pod := range pods {
		a.podChanged(pod, nil)
	}
	for uid, on := range found {
		klog.FromContext(ctx).Info("Removing what is left of a Pod that is gone", "uid", uid)
		w := newWorker(a, orphan(uid, on))
		w.adopt(on)
		w.state.Gone = true
		a.mu.Lock()
		a.start(w)
		a.mu.Unlock()
	}
	return a.removeOldDirs()
}

// orphan stands for a Pod of which only the runtime knows.
func orphan(uid types.UID, on *onNode) *v1.Pod {
	pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{UID: uid, Name: string(uid), Namespace: "unknown"}}
	if on.sandbox != nil {
		pod.Namespace, pod.Name = on.sandbox.Namespace, on.sandbox.Name
	}
	for _, c := range on.containers {
		pod.Namespace, pod.Name = c.PodNamespace, c.PodName
		if !slices.ContainsFunc(pod.Spec.Containers, func(o v1.Container) bool { return o.Name == c.Name }) {
			pod.Spec.Containers = append(pod.Spec.Containers, v1.Container{Name: c.Name, Image: c.Image})
		}
	}
	return pod
}

// removeOldDirs removes the directories of Pods that nobody knows any more.
func (a *Agent) removeOldDirs() error {
	entries, err := os.ReadDir(a.volumes.PodDir(""))
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("list pod directories: %w", err)
	}
	for _, e := range entries {
		a.mu.Lock()
		_, known := a.workers[types.UID(e.Name())]
		a.mu.Unlock()
		if !known {
			if err := a.volumes.Remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget removes what is left of a Pod on disk.
func (a *Agent) forget(ctx context.Context, pod *v1.Pod) {
	log := klog.FromContext(ctx)
	a.sources.unregister(pod.UID)
	a.tokens.forget(pod.UID)
	if err := a.volumes.Remove(string(pod.UID)); err != nil {
		log.Error(err, "Pod directory not removed")
	}
	if err := os.RemoveAll(a.logDir(pod)); err != nil {
		log.Error(err, "Logs not removed")
	}
}

// adopt takes in what the runtime has of the Pod from before this agent was.
func (w *worker) adopt(on *onNode) {
	s := &w.state
	s.Adopted = true
	s.Sandbox, s.HadSandbox = on.sandbox, true
	s.Containers = on.containers
	for i := range s.Containers {
		c := &s.Containers[i]
		c.Message = w.terminationMessage(c)
		for _, list := range [][]v1.ContainerStatus{s.Status.ContainerStatuses, s.Status.InitContainerStatuses} {
			st := findStatus(list, c.Name)
			if st == nil || st.ContainerID != containerIDPrefix+c.ID {
				continue
			}
			s.Users[c.ID] = st.User
			if c.State == runtime.StateRunning && st.State.Running != nil {
				// What the probes said still holds until they say otherwise.
				s.Health[c.ID] = health{Started: st.Started != nil && *st.Started, Ready: st.Ready}
				c.StartedAt = reportedStart(c.StartedAt, st.State.Running.StartedAt.Time)
			}
		}
	}
}

// reportedStart is the start that the API server already shows, which has
// whole seconds only, unless it was another.
func reportedStart(exact, reported time.Time) time.Time {
	if d := exact.Sub(reported); d > -2*time.Second && d < 2*time.Second {
		return reported
	}
	return exact
}
