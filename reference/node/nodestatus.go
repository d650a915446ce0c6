package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	nodeutil "k8s.io/component-helpers/node/util"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// nodeObject is the Node that this agent registers.
func (a *Agent) nodeObject() *v1.Node {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = a.options.Name
	}
	labels := map[string]string{
		v1.LabelHostname:          hostname,
		v1.LabelOSStable:          a.machine.info.OperatingSystem,
		v1.LabelArchStable:        a.machine.info.Architecture,
		"beta.kubernetes.io/os":   a.machine.info.OperatingSystem,
		"beta.kubernetes.io/arch": a.machine.info.Architecture,
	}
	return &v1.Node{ObjectMeta: metav1.ObjectMeta{
		Name:        a.options.Name,
		Labels:      labels,
		Annotations: map[string]string{"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
	}}
}

// register makes the Node, or takes over the one that is there, and returns
// it as the API server has it.
func (a *Agent) register(ctx context.Context) (*v1.Node, error) {
	const shortest, longest = 50 * time.Millisecond, 5 * time.Second
	for wait := shortest; ; wait = min(2*wait, longest) {
		node, err := a.tryRegister(ctx)
		if err == nil {
			return node, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		klog.FromContext(ctx).Error(err, "Node not registered, trying again", "node", a.options.Name, "after", wait)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (a *Agent) tryRegister(ctx context.Context) (*v1.Node, error) {
	fresh := a.nodeObject()
	a.fillStatus(ctx, fresh, time.Now())
	nodes := a.client.CoreV1().Nodes()
	node, err := nodes.Create(ctx, fresh, metav1.CreateOptions{})
	if err == nil {
		klog.FromContext(ctx).Info("Registered the node", "node", fresh.Name)
		return node, nil
	}
	if !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("create node %s: %w", fresh.Name, err)
	}
	if node, err = nodes.Get(ctx, fresh.Name, metav1.GetOptions{}); err != nil {
		return nil, fmt.Errorf("get node %s: %w", fresh.Name, err)
	}
	changed := node.DeepCopy()
	for k, v := range fresh.Labels {
		metav1.SetMetaDataLabel(&changed.ObjectMeta, k, v)
	}
	if equality.Semantic.DeepEqual(node, changed) {
		return node, nil
	}
	if node, err = nodes.Update(ctx, changed, metav1.UpdateOptions{}); err != nil {
		return nil, fmt.Errorf("update node %s: %w", fresh.Name, err)
	}
	return node, nil
}

// fillStatus sets what the node reports of itself.
func (a *Agent) fillStatus(ctx context.Context, node *v1.Node, now time.Time) {
	st := &node.Status
	capacity, allocatable := a.machine.resources(&a.options)
	if st.Capacity == nil {
		st.Capacity, st.Allocatable = v1.ResourceList{}, v1.ResourceList{}
	}
	for name := range capacity { // others advertise resources of their own
		st.Capacity[name], st.Allocatable[name] = capacity[name], allocatable[name]
	}
	for name, q := range st.Capacity {
		if _, known := capacity[name]; !known {
			st.Allocatable[name] = q
		}
	}
	hostname := node.Labels[v1.LabelHostname]
	st.Addresses = []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: a.options.IP.String()}, {Type: v1.NodeHostName, Address: hostname}}
	st.DaemonEndpoints.KubeletEndpoint.Port = int32(a.options.Port)
	st.NodeInfo = a.machine.info
	if images, err := a.runtime.Images(ctx); err == nil {
		st.Images = nodeImages(images)
	}
	a.setConditions(ctx, st, now)
}

// nodeImagesMax is how many images a node reports at most.
const nodeImagesMax = 50

func nodeImages(images []runtime.ImageInfo) []v1.ContainerImage {
	slices.SortStableFunc(images, func(x, y runtime.ImageInfo) int { return int(y.Size - x.Size) })
	var list []v1.ContainerImage
	for _, image := range images[:min(len(images), nodeImagesMax)] {
		names := append(slices.Clone(image.RepoDigests), image.RepoTags...)
		list = append(list, v1.ContainerImage{Names: names[:min(len(names), 5)], SizeBytes: image.Size})
	}
	return list
}

// setConditions sets the node's conditions; Ready comes last, as upstream's.
func (a *Agent) setConditions(ctx context.Context, st *v1.NodeStatus, now time.Time) {
	pressure := func(kind v1.NodeConditionType, under bool, yes, yesText, no, noText string) v1.NodeCondition {
		if under {
			return v1.NodeCondition{Type: kind, Status: v1.ConditionTrue, Reason: yes, Message: yesText}
		}
		return v1.NodeCondition{Type: kind, Status: v1.ConditionFalse, Reason: no, Message: noText}
	}
	ready := v1.NodeCondition{Type: v1.NodeReady, Status: v1.ConditionTrue, Reason: "KubeletReady", Message: "kubelet is posting ready status"}
	if err := a.runtime.Ready(ctx); err != nil {
		ready.Status, ready.Reason, ready.Message = v1.ConditionFalse, "KubeletNotReady", readyMessage(err)
	}
	for _, c := range []v1.NodeCondition{
		pressure(v1.NodeMemoryPressure, a.memoryPressure.Load(), "KubeletHasInsufficientMemory", "kubelet has insufficient memory available",
			"KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
		pressure(v1.NodeDiskPressure, false, "KubeletHasDiskPressure", "kubelet has disk pressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
		pressure(v1.NodePIDPressure, false, "KubeletHasInsufficientPID", "kubelet has insufficient PID available",
			"KubeletHasSufficientPID", "kubelet has sufficient PID available"),
		ready,
	} {
		c.LastHeartbeatTime, c.LastTransitionTime = metav1.NewTime(now).Rfc3339Copy(), metav1.NewTime(now).Rfc3339Copy()
		i := slices.IndexFunc(st.Conditions, func(o v1.NodeCondition) bool { return o.Type == c.Type })
		if i < 0 {
			st.Conditions = append(st.Conditions, c)
			continue
		}
		if st.Conditions[i].Status == c.Status {
			c.LastTransitionTime = st.Conditions[i].LastTransitionTime
		} else if c.Type == v1.NodeReady {
			a.recordNode("Node" + map[v1.ConditionStatus]string{v1.ConditionTrue: "Ready", v1.ConditionFalse: "NotReady"}[c.Status])
		}
		st.Conditions[i] = c
	}
}

func readyMessage(err error) string {
	if errors.Is(err, runtime.ErrNetworkNotReady) {
		return runtime.ErrNetworkNotReady.Error()
	}
	return "container runtime is down: " + err.Error()
}

// nodeRef is the node as events name it.
func (a *Agent) nodeRef() *v1.ObjectReference {
	return &v1.ObjectReference{Kind: "Node", APIVersion: "v1", Name: a.options.Name, UID: types.UID(a.options.Name)}
}

func (a *Agent) recordNode(reason string) {
	a.recorder.Eventf(a.nodeRef(), v1.EventTypeNormal, reason, "Node %s status is now: %s", a.options.Name, reason)
}

const (
	statusInterval = 10 * time.Second // how often the status is looked at
	statusReport   = 5 * time.Minute  // how often it is written though it has not changed
)

// keepStatus brings the node's status to the API server until ctx ends: at
// once when told, else every ten seconds when it changed.
func (a *Agent) keepStatus(ctx context.Context, node *v1.Node) {
	ticker := time.NewTicker(statusInterval)
	defer ticker.Stop()
	var reported time.Time
	for {
		fresh := node.DeepCopy()
		now := time.Now()
		a.fillStatus(ctx, fresh, now)
		if !sameStatus(&node.Status, &fresh.Status) || now.Sub(reported) >= statusReport {
			written, _, err := nodeutil.PatchNodeStatus(a.client.CoreV1(), types.NodeName(a.options.Name), node, fresh)
			switch {
			case err == nil:
				node, reported = written, now
			case ctx.Err() == nil:
				klog.FromContext(ctx).Error(err, "Node status not written", "node", a.options.Name)
				node = a.refresh(ctx, node)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-a.statusChanged:
			node = a.newest(node)
		case <-ticker.C:
			node = a.newest(node)
		}
	}
}

// refresh reads the Node after a failure: it may have been removed by hand, in
// which case it is registered again.
func (a *Agent) refresh(ctx context.Context, old *v1.Node) *v1.Node {
	node, err := a.client.CoreV1().Nodes().Get(ctx, a.options.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		node, err = a.tryRegister(ctx)
	}
	if err != nil {
		return old
	}
	return node
}

// newest is the Node as the watch has it, if that is the one.
func (a *Agent) newest(old *v1.Node) *v1.Node {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.node == nil {
		return old
	}
	return a.node
}

// sameStatus compares without the heart-beat times.
func sameStatus(x, y *v1.NodeStatus) bool {
	strip := func(st *v1.NodeStatus) *v1.NodeStatus {
		st = st.DeepCopy()
		for i := range st.Conditions {
			st.Conditions[i].LastHeartbeatTime = metav1.Time{}
		}
		return st
	}
	return equality.Semantic.DeepEqual(strip(x), strip(y))
}
