// Package replicaset keeps, for every ReplicaSet, as many Pods as it asks for.
//
// The decisions are pure functions: whose a Pod is (package ownership), how many to create and which to delete (scale.go), what the status
// says (status.go). This file and pods.go carry them out, as upstream's pkg/controller/replicaset does.
package replicaset

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	"github.com/plumbline/plumbline/reference/controller/loop"
	"github.com/plumbline/plumbline/reference/controller/ownership"
)

// workers is how many sets are synced at once.
const workers = 5

// Names of the indexes that this controller adds to the shared informers.
const (
	podsByOwner = "replicaset/owner"      // Pods by their controller's UID, orphans by namespace
	setsByOwner = "replicaset/controller" // ReplicaSets by their controller's UID
)

var kind = appsv1.SchemeGroupVersion.WithKind("ReplicaSet")

// Controller is the loop around the decisions.
type Controller struct {
	client       kubernetes.Interface
	recorder     record.EventRecorder
	clock        clock.PassiveClock
	queue        loop.Queue[string]
	claimer      ownership.Claimer[*corev1.Pod]
	expectations *expectations

	sets      appslisters.ReplicaSetLister
	setIndex  cache.Indexer
	pods      corelisters.PodLister
	podIndex  cache.Indexer
	hasSynced []cache.InformerSynced
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory, recorder record.EventRecorder) (*Controller, error) {
	sets, pods := factory.Apps().V1().ReplicaSets(), factory.Core().V1().Pods()
	c := &Controller{
		client: client, recorder: recorder, clock: clock.RealClock{},
		queue: loop.NewQueue[string]("replicaset"), claimer: claimer(client),
		expectations: newExpectations(clock.RealClock{}),
		sets:         sets.Lister(), setIndex: sets.Informer().GetIndexer(),
		pods: pods.Lister(), podIndex: pods.Informer().GetIndexer(),
	}
	if err := pods.Informer().AddIndexers(cache.Indexers{podsByOwner: indexPod}); err != nil {
		return nil, fmt.Errorf("index pods by owner: %w", err)
	}
	if err := sets.Informer().AddIndexers(cache.Indexers{setsByOwner: indexSet}); err != nil {
		return nil, fmt.Errorf("index replica sets by owner: %w", err)
	}
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		sets.Informer(): cache.ResourceEventHandlerFuncs{AddFunc: c.enqueue, UpdateFunc: c.setChanged, DeleteFunc: c.setDeleted},
		pods.Informer(): cache.ResourceEventHandlerFuncs{AddFunc: c.podAdded, UpdateFunc: c.podChanged, DeleteFunc: c.podDeleted},
	})
	return c, err
}

// Run syncs sets until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "replicaset", c.hasSynced...); err != nil {
		return err
	}
	loop.Run(ctx, "replicaset", c.queue, workers, c.sync)
	return nil
}

func indexPod(obj any) ([]string, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return nil, nil
	}
	if owner := metav1.GetControllerOfNoCopy(pod); owner != nil {
		return []string{string(owner.UID)}, nil
	}
	return []string{orphansOf(pod.Namespace)}, nil
}

func orphansOf(namespace string) string { return "orphans/" + namespace }

func indexSet(obj any) ([]string, error) {
	set, ok := obj.(*appsv1.ReplicaSet)
	if !ok {
		return nil, nil
	}
	if owner := metav1.GetControllerOfNoCopy(set); owner != nil {
		return []string{string(owner.UID)}, nil
	}
	return nil, nil
}

func keyOf(set *appsv1.ReplicaSet) string { return set.Namespace + "/" + set.Name }

// sync brings one set from what is observed to what is desired.
func (c *Controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("split key %q: %w", key, err)
	}
	set, err := c.sets.ReplicaSets(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		c.expectations.forget(key)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up replica set %s: %w", key, err)
	}
	// Asked before the Pods are read: what arrives between the two may be counted, but never missed.
	caughtUp := c.expectations.satisfied(key)
	selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector)
	if err != nil {
		return nil // an invalid selector cannot be stored; nothing would come of trying again
	}
	all, err := c.candidates(set)
	if err != nil {
		return err
	}
	pods, err := c.claimer.Claim(ctx, set, ownership.Decide(set, selector, active(all)))
	if err != nil {
		return err
	}

	var failure error
	if caughtUp && set.DeletionTimestamp == nil {
		failure = c.apply(ctx, set, decideChange(set, pods, c.related(set), c.clock.Now()))
	}
	now := c.clock.Now()
	status := decideStatus(set, pods, terminating(set, selector, all), failure, now)
	if err := c.writeStatus(ctx, set, status); err != nil {
		return err
	}
	if failure != nil {
		return failure
	}
	if set.Spec.MinReadySeconds > 0 && status.ReadyReplicas != status.AvailableReplicas {
		if next := nextAvailability(set, pods, now); next > 0 {
			c.queue.AddAfter(key, next)
		}
	}
	return nil
}

// candidates are the Pods that the set owns, and the orphans of its namespace.
func (c *Controller) candidates(set *appsv1.ReplicaSet) ([]*corev1.Pod, error) {
	var pods []*corev1.Pod
	for _, value := range []string{string(set.UID), orphansOf(set.Namespace)} {
		found, err := c.podIndex.ByIndex(podsByOwner, value)
		if err != nil {
			return nil, fmt.Errorf("list pods of replica set %s: %w", keyOf(set), err)
		}
		for _, obj := range found {
			pods = append(pods, obj.(*corev1.Pod))
		}
	}
	return pods, nil
}

// related are the Pods of all the sets that the set's own controller has: what crowds a node together with it.
func (c *Controller) related(set *appsv1.ReplicaSet) []*corev1.Pod {
	owner := metav1.GetControllerOfNoCopy(set)
	if owner == nil {
		return nil
	}
	siblings, err := c.setIndex.ByIndex(setsByOwner, string(owner.UID))
	if err != nil {
		return nil
	}
	seen := map[types.UID]bool{}
	var pods []*corev1.Pod
	for _, obj := range siblings {
		sibling := obj.(*appsv1.ReplicaSet)
		selector, err := metav1.LabelSelectorAsSelector(sibling.Spec.Selector)
		if err != nil {
			continue
		}
		matching, err := c.pods.Pods(sibling.Namespace).List(selector)
		if err != nil {
			continue
		}
		for _, pod := range matching {
			if !seen[pod.UID] {
				seen[pod.UID] = true
				pods = append(pods, pod)
			}
		}
	}
	return pods
}

// statusRetries is how often a status write that meets a newer object is tried again within one sync.
const statusRetries = 1

func (c *Controller) writeStatus(ctx context.Context, set *appsv1.ReplicaSet, status appsv1.ReplicaSetStatus) error {
	if sameStatus(set.Status, status) {
		return nil
	}
	client := c.client.AppsV1().ReplicaSets(set.Namespace)
	set = set.DeepCopy()
	var failures []error
	for range 1 + statusRetries {
		set.Status = status
		_, err := client.UpdateStatus(ctx, set, metav1.UpdateOptions{})
		if err == nil {
			return nil
		}
		failures = append(failures, err)
		fresh, err := client.Get(ctx, set.Name, metav1.GetOptions{})
		if err != nil {
			failures = append(failures, err)
			break
		}
		set = fresh
	}
	return fmt.Errorf("update status of replica set %s: %w", keyOf(set), errors.Join(failures...))
}
