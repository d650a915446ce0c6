package node

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/node/runtime"
	"github.com/plumbline/plumbline/reference/node/volume"
)

// Agent is the node agent: a worker for every Pod of the node, and what they
// share.
type Agent struct {
	options  Options
	ctx      context.Context // of Run; ends everything
	client   kubernetes.Interface
	runtime  runtime.Runtime
	recorder record.EventRecorder

	volumes        *volume.Volumes
	sources        *sources
	tokens         *tokens
	services       corelisters.ServiceLister
	servicesSynced cache.DoneChecker
	machine        machine
	memoryPressure atomic.Bool
	statusChanged  chan struct{} // the node's status is to be looked at
	exits          exits
	usages         usages

	mu      sync.Mutex
	node    *v1.Node // as the API server last told it
	workers map[types.UID]*worker
	group   sync.WaitGroup
}

// ConfigMap returns a config map that one of the node's Pods refers to.
func (a *Agent) ConfigMap(ctx context.Context, namespace, name string) (*v1.ConfigMap, error) {
	object, err := a.sources.get(ctx, sourceKey{kind.Source{Resource: kind.ConfigMaps, Name: name}, namespace})
	if err != nil {
		return nil, err
	}
	return object.(*v1.ConfigMap), nil
}

// Secret returns a secret that one of the node's Pods refers to.
func (a *Agent) Secret(ctx context.Context, namespace, name string) (*v1.Secret, error) {
	object, err := a.sources.get(ctx, sourceKey{kind.Source{Resource: kind.Secrets, Name: name}, namespace})
	if err != nil {
		return nil, err
	}
	return object.(*v1.Secret), nil
}

// Token returns a token of the Pod's service account.
func (a *Agent) Token(ctx context.Context, pod *v1.Pod, source *v1.ServiceAccountTokenProjection) (string, error) {
	return a.tokens.get(ctx, pod, source)
}

// Field is the value of a downward API field.
func (a *Agent) Field(pod *v1.Pod, ref *v1.ObjectFieldSelector) (string, error) {
	return podField(pod, ref, a.options.IP.String(), pod.Status.PodIP)
}

// Resource is the value of a container's resource.
func (a *Agent) Resource(pod *v1.Pod, ref *v1.ResourceFieldSelector) (string, error) {
	return resourceField(pod, ref, nil, a.allocatable())
}

// Memory is how much memory Pods may use.
func (a *Agent) Memory() int64 {
	list := a.allocatable()
	return list.Memory().Value()
}

// Claim returns a claim as the API server has it now: what was read before may be older than its binding.
func (a *Agent) Claim(ctx context.Context, namespace, name string) (*v1.PersistentVolumeClaim, error) {
	return a.client.CoreV1().PersistentVolumeClaims(namespace).Get(ctx, name, metav1.GetOptions{})
}

// PersistentVolume returns a volume likewise.
func (a *Agent) PersistentVolume(ctx context.Context, name string) (*v1.PersistentVolume, error) {
	return a.client.CoreV1().PersistentVolumes().Get(ctx, name, metav1.GetOptions{})
}

// NodeLabels are the labels of the node, as the API server last told them.
func (a *Agent) NodeLabels() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.node == nil {
		return nil
	}
	return a.node.Labels
}

func (a *Agent) allocatable() v1.ResourceList {
	_, allocatable := a.machine.resources(&a.options)
	return allocatable
}

// knownServices waits until the services are known: a Pod that started
// without them would never get them.
func (a *Agent) knownServices(ctx context.Context) (corelisters.ServiceLister, error) {
	if !cache.WaitFor(ctx, "", a.servicesSynced) {
		return nil, fmt.Errorf("services have not yet been read at least once")
	}
	return a.services, nil
}

func (a *Agent) serviceVariables(ctx context.Context, pod *v1.Pod) (map[string]string, error) {
	known, err := a.knownServices(ctx)
	if err != nil {
		return nil, fmt.Errorf("construct environment variables: %w", err)
	}
	services, err := known.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return serviceVariables(pod, services), nil
}

// clusterDNS are the servers that Pods ask: those that the node was told of,
// else the cluster's Service for it.
func (a *Agent) clusterDNS(ctx context.Context) ([]string, error) {
	if len(a.options.ClusterDNS) > 0 {
		return a.options.ClusterDNS, nil
	}
	known, err := a.knownServices(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the cluster's DNS: %w", err)
	}
	service, err := known.Services(metav1.NamespaceSystem).Get("kube-dns")
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the cluster's DNS: %w", err)
	}
	return service.Spec.ClusterIPs, nil
}

// podChanged takes in a Pod that the API server told of.
func (a *Agent) podChanged(pod *v1.Pod, found *onNode) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.workers[pod.UID]; w != nil {
		w.inbox.put(podUpdated{pod})
		return
	}
	w := newWorker(a, pod)
	if found != nil {
		w.adopt(found)
	} else if pod.DeletionTimestamp == nil && !terminalPhase(pod.Status.Phase) {
		w.state.Rejected = admit(pod, a.node, a.active())
	}
	if r := w.state.Rejected; r != nil {
		w.recordAt(pod, recordEvent{Warning: true, EventReason: r.Reason, EventMsg: r.Message})
	}
	a.start(w)
}

// start runs a worker until its Pod is gone. a.mu is held.
func (a *Agent) start(w *worker) {
	uid := w.state.Pod.UID
	a.workers[uid] = w
	a.sources.register(a.ctx, w.state.Pod)
	a.group.Go(func() {
		w.run(a.ctx)
		a.mu.Lock()
		defer a.mu.Unlock()
		if w.state.Done {
			delete(a.workers, uid)
		}
	})
}

// podRemoved: the object is gone, whatever still runs.
func (a *Agent) podRemoved(uid types.UID) {
	a.tell(uid, podGone{})
}

func (a *Agent) tell(uid types.UID, e event) {
	a.mu.Lock()
	w := a.workers[uid]
	a.mu.Unlock()
	if w != nil {
		w.inbox.put(e)
	}
}

// active are the Pods that need room: those that have not ended. a.mu is held.
func (a *Agent) active() []*v1.Pod {
	var pods []*v1.Pod
	for _, w := range a.workers {
		if pod, status := w.pod(), w.snapshot(); !terminalPhase(status.Phase) {
			pods = append(pods, pod)
		}
	}
	return pods
}

// pod is the Pod as the API server last told it.
func (w *worker) pod() *v1.Pod {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known
}

// followRuntime passes on what happens to containers until ctx ends.
func (a *Agent) followRuntime(ctx context.Context, events <-chan runtime.Event) {
	for e := range events {
		switch e.Type {
		case runtime.ContainerExited:
			a.tell(types.UID(e.PodUID), containerExited{e.Status})
		case runtime.Resync:
			at := time.Now()
			found, err := a.list(ctx)
			if err != nil {
				klog.FromContext(ctx).Error(err, "What runs on the node is not known")
				continue
			}
			a.mu.Lock()
			for uid, w := range a.workers {
				on := found[uid]
				if on == nil {
					on = &onNode{}
				}
				w.inbox.put(relisted{At: at, Sandbox: on.sandbox, Containers: on.containers})
			}
			a.mu.Unlock()
		}
	}
}
