package scheduler

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/informers"
	clientcache "k8s.io/client-go/tools/cache"
)

// watch keeps cache and queue up to date with the API server, and wakes waiting Pods as soon as room may have appeared.
func (s *scheduler) watch(factory informers.SharedInformerFactory) ([]clientcache.InformerSynced, error) {
	core := factory.Core().V1()
	pods, err := core.Pods().Informer().AddEventHandler(clientcache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { s.podChanged(nil, obj.(*corev1.Pod)) },
		UpdateFunc: func(old, obj any) { s.podChanged(old.(*corev1.Pod), obj.(*corev1.Pod)) },
		DeleteFunc: func(obj any) {
			if tombstone, ok := obj.(clientcache.DeletedFinalStateUnknown); ok {
				obj = tombstone.Obj
			}
			if pod, ok := obj.(*corev1.Pod); ok {
				s.podGone(pod)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watch pods: %w", err)
	}
	nodes, err := core.Nodes().Informer().AddEventHandler(clientcache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { s.nodeChanged(nil, obj.(*corev1.Node)) },
		UpdateFunc: func(old, obj any) { s.nodeChanged(old.(*corev1.Node), obj.(*corev1.Node)) },
		DeleteFunc: func(obj any) {
			if key, err := clientcache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
				s.cache.removeNode(key)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watch nodes: %w", err)
	}
	storage, err := s.watchStorage(factory)
	if err != nil {
		return nil, err
	}
	return append(storage,
		pods.HasSynced, nodes.HasSynced,
		core.Services().Informer().HasSynced, core.Namespaces().Informer().HasSynced, factory.Apps().V1().ReplicaSets().Informer().HasSynced,
	), nil
}

// watchStorage wakes the Pods that wait for claims or volumes when some change, those on their way to a node too.
func (s *scheduler) watchStorage(factory informers.SharedInformerFactory) ([]clientcache.InformerSynced, error) {
	changed := func() {
		s.storageChanges.happened()
		s.queue.happened(usesClaims)
	}
	core := factory.Core().V1()
	var synced []clientcache.InformerSynced
	for _, informer := range []clientcache.SharedIndexInformer{
		core.PersistentVolumeClaims().Informer(), core.PersistentVolumes().Informer(), factory.Storage().V1().StorageClasses().Informer(),
	} {
		handler, err := informer.AddEventHandler(clientcache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { changed() }, UpdateFunc: func(any, any) { changed() }, DeleteFunc: func(any) { changed() },
		})
		if err != nil {
			return nil, fmt.Errorf("watch storage: %w", err)
		}
		synced = append(synced, handler.HasSynced)
	}
	return synced, nil
}

// isOurs tells whether the Pod asks for this scheduler; others are somebody else's (claim annotations/special-scheduler).
func isOurs(pod *corev1.Pod) bool {
	return pod.Spec.SchedulerName == "" || pod.Spec.SchedulerName == corev1.DefaultSchedulerName
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func (s *scheduler) podChanged(old, pod *corev1.Pod) {
	if usesClaims(pod) {
		s.storageChanges.happened()
	}
	switch {
	case old != nil && old.UID != pod.UID:
		s.podGone(old)
		s.podChanged(nil, pod)
	case hasEnded(pod):
		s.podGone(pod)
	case pod.Spec.NodeName != "":
		s.queue.remove(pod.UID)
		s.cache.setPod(pod)
		s.wakeAfter(old, pod)
	case !isOurs(pod) || pod.DeletionTimestamp != nil || len(pod.Spec.SchedulingGates) > 0:
		s.queue.remove(pod.UID)
	case s.cache.holds(pod.UID):
		// Promised already; its binding is on the way.
	default:
		changed := old != nil && (!equality.Semantic.DeepEqual(old.Spec, pod.Spec) || !maps.Equal(old.Labels, pod.Labels))
		s.queue.put(pod, changed)
	}
}

// wakeAfter wakes the Pods that a change of a placed one may help: those that want to be near others or apart, and everybody when it
// uses less or has left for good.
func (s *scheduler) wakeAfter(old, pod *corev1.Pod) {
	appeared := old == nil || old.Spec.NodeName == ""
	relabelled := old != nil && !maps.Equal(old.Labels, pod.Labels)
	if appeared || relabelled || (old != nil && old.DeletionTimestamp == nil && pod.DeletionTimestamp != nil) {
		s.queue.happened(func(waiting *corev1.Pod) bool {
			return waiting.UID != pod.UID && (waiting.Spec.Affinity != nil || len(waiting.Spec.TopologySpreadConstraints) > 0 || relabelled)
		})
		return
	}
	// What the node says of resources first is no change.
	resized := old.Status.Resources != nil && !equality.Semantic.DeepEqual(old.Status.Resources, pod.Status.Resources)
	if resized || !equality.Semantic.DeepEqual(old.Spec.Containers, pod.Spec.Containers) {
		s.queue.happened(func(*corev1.Pod) bool { return true })
	}
}

// podGone frees what the Pod held. Freed room is offered at once (claim pods/scheduled-where-resources-fit).
func (s *scheduler) podGone(pod *corev1.Pod) {
	if usesClaims(pod) {
		s.storageChanges.happened()
	}
	s.queue.remove(pod.UID)
	if s.cache.holds(pod.UID) {
		s.cache.removePod(pod.UID)
		s.queue.happened(func(*corev1.Pod) bool { return true })
	}
}

func (s *scheduler) nodeChanged(old, node *corev1.Node) {
	s.cache.setNode(node)
	if old == nil || old.Spec.Unschedulable != node.Spec.Unschedulable || !maps.Equal(old.Labels, node.Labels) ||
		!equality.Semantic.DeepEqual(old.Spec.Taints, node.Spec.Taints) ||
		!equality.Semantic.DeepEqual(old.Status.Allocatable, node.Status.Allocatable) {
		s.queue.happened(func(*corev1.Pod) bool { return true })
	}
}
