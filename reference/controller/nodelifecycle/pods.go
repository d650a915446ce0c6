package nodelifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

// quarantine is how long a Pod stays whose node does not exist: the node may be about to register anew.
const quarantine = 40 * time.Second

func (c *Controller) podSeen(obj any) {
	pod := obj.(*corev1.Pod)
	if pod.Spec.NodeName != "" {
		c.podQueue.Add(cache.MetaObjectToName(pod))
	}
}

func (c *Controller) podChanged(oldObj, obj any) {
	old, pod := oldObj.(*corev1.Pod), obj.(*corev1.Pod)
	if old.UID != pod.UID {
		c.podDeleted(old)
	}
	if old.UID != pod.UID || old.Spec.NodeName != pod.Spec.NodeName || !equality.Semantic.DeepEqual(old.Spec.Tolerations, pod.Spec.Tolerations) {
		c.podSeen(pod)
	}
}

func (c *Controller) podDeleted(obj any) {
	if pod, ok := loop.Deleted[*corev1.Pod](obj); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.tainted, pod.UID)
		delete(c.homeless, pod.UID)
	}
}

func (c *Controller) enqueuePodsOf(node string) {
	pods, err := c.podIndex.ByIndex(podsByNode, node)
	if err != nil {
		return
	}
	for _, obj := range pods {
		c.podQueue.Add(cache.MetaObjectToName(obj.(*corev1.Pod)))
	}
}

// syncPod looks at what its node means for a Pod: nothing, not ready, to be evicted, or gone.
func (c *Controller) syncPod(ctx context.Context, key cache.ObjectName) error {
	pod, err := c.pods.Pods(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up pod %v: %w", key, err)
	}
	if pod.Spec.NodeName == "" {
		return nil
	}
	node, err := c.nodes.Get(pod.Spec.NodeName)
	if apierrors.IsNotFound(err) {
		return c.collect(ctx, key, pod)
	}
	if err != nil {
		return fmt.Errorf("look up node %s: %w", pod.Spec.NodeName, err)
	}
	c.mu.Lock()
	delete(c.homeless, pod.UID)
	c.mu.Unlock()
	if isUnknown(node) {
		if err := c.markUnready(ctx, pod); err != nil {
			return err
		}
	}
	return c.evict(ctx, key, pod, node)
}

// markUnready takes the Pod of a lost node out of traffic.
func (c *Controller) markUnready(ctx context.Context, pod *corev1.Pod) error {
	status := unready(pod, c.clock.Now())
	if status == nil {
		return nil
	}
	pod = pod.DeepCopy()
	pod.Status = *status
	if _, err := c.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{}); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("mark pod %s/%s as not ready: %w", pod.Namespace, pod.Name, err)
	}
	c.recorder.Event(pod, corev1.EventTypeWarning, "NodeNotReady", "Node is not ready")
	return nil
}

// evict deletes the Pod when it has stayed on a tainted node for as long as it tolerates.
func (c *Controller) evict(ctx context.Context, key cache.ObjectName, pod *corev1.Pod, node *corev1.Node) error {
	limit := stay(node.Spec.Taints, pod.Spec.Tolerations)
	name := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
	c.mu.Lock()
	since, waiting := c.tainted[pod.UID]
	if limit == never {
		delete(c.tainted, pod.UID)
	} else if !waiting {
		since = c.clock.Now()
		c.tainted[pod.UID] = since
	}
	c.mu.Unlock()
	if limit == never {
		if waiting && pod.DeletionTimestamp == nil {
			c.evictor.Eventf(podReference(pod), corev1.EventTypeNormal, "TaintManagerEviction", "Cancelling deletion of Pod %s", name)
		}
		return nil
	}
	if left := since.Add(limit).Sub(c.clock.Now()); left > 0 {
		c.podQueue.AddAfter(key, left)
		return nil
	}
	if pod.DeletionTimestamp != nil {
		return nil
	}
	c.evictor.Eventf(podReference(pod), corev1.EventTypeNormal, "TaintManagerEviction", "Marking for deletion Pod %s", name)
	if err := c.patchStatus(ctx, pod, "", &corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "DeletionByTaintManager", Message: "Taint manager: deleting due to NoExecute taint",
	}); err != nil {
		return err
	}
	return c.remove(ctx, pod, metav1.DeleteOptions{})
}

// collect removes, after a while, a Pod whose node does not exist: nobody else would ever say that it has ended.
func (c *Controller) collect(ctx context.Context, key cache.ObjectName, pod *corev1.Pod) error {
	c.mu.Lock()
	since, known := c.homeless[pod.UID]
	if !known {
		since = c.clock.Now()
		c.homeless[pod.UID] = since
	}
	c.mu.Unlock()
	if left := since.Add(quarantine).Sub(c.clock.Now()); left > 0 {
		c.podQueue.AddAfter(key, left)
		return nil
	}
	if _, err := c.client.CoreV1().Nodes().Get(ctx, pod.Spec.NodeName, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		if err == nil {
			err = fmt.Errorf("node %s exists but was not observed yet", pod.Spec.NodeName)
		}
		return err
	}
	var phase corev1.PodPhase
	if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
		phase = corev1.PodFailed
	}
	if phase != "" {
		if err := c.patchStatus(ctx, pod, phase, &corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "DeletionByPodGC", Message: "PodGC: node no longer exists",
		}); err != nil {
			return err
		}
	}
	return c.remove(ctx, pod, *metav1.NewDeleteOptions(0))
}

// patchStatus sets one condition of a Pod, and its phase if one is given.
func (c *Controller) patchStatus(ctx context.Context, pod *corev1.Pod, phase corev1.PodPhase, condition *corev1.PodCondition) error {
	condition.LastTransitionTime = metav1.Time{Time: c.clock.Now()}
	condition.ObservedGeneration = pod.Generation
	said := slices.ContainsFunc(pod.Status.Conditions, func(known corev1.PodCondition) bool {
		return known.Type == condition.Type && known.Status == condition.Status && known.Reason == condition.Reason
	})
	if said && phase == "" {
		return nil
	}
	status := map[string]any{"conditions": []*corev1.PodCondition{condition}}
	if phase != "" {
		status["phase"] = phase
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": status})
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	_, err = c.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("write status of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

func (c *Controller) remove(ctx context.Context, pod *corev1.Pod, options metav1.DeleteOptions) error {
	options.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
	err := c.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, options)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

func podReference(pod *corev1.Pod) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name}
}
