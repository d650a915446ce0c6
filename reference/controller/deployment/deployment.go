// Package deployment brings out, for every Deployment, the template that it has, by way of a ReplicaSet for each template.
//
// The decisions are pure functions of a Deployment and its ReplicaSets: decide.go puts together what there is to be done, roll.go
// says how a rollout goes on, scale.go what a new size does to it, revision.go which version is which, status.go and progress.go what is
// told of it. This file, watch.go, claim.go and apply.go carry that out, as upstream's pkg/controller/deployment does.
package deployment

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
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

// workers is how many Deployments are synced at once.
const workers = 5

var kind = appsv1.SchemeGroupVersion.WithKind("Deployment")

// Controller is the loop around the decisions.
type Controller struct {
	client   kubernetes.Interface
	recorder record.EventRecorder
	clock    clock.PassiveClock
	queue    loop.Queue[string]
	claimer  ownership.Claimer[*appsv1.ReplicaSet]

	deployments appslisters.DeploymentLister
	sets        appslisters.ReplicaSetLister
	pods        corelisters.PodLister
	hasSynced   []cache.InformerSynced
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory, recorder record.EventRecorder) (*Controller, error) {
	deployments, sets, pods := factory.Apps().V1().Deployments(), factory.Apps().V1().ReplicaSets(), factory.Core().V1().Pods()
	c := &Controller{
		client: client, recorder: recorder, clock: clock.RealClock{}, queue: loop.NewQueue[string]("deployment"), claimer: claimer(client),
		deployments: deployments.Lister(), sets: sets.Lister(), pods: pods.Lister(),
	}
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		deployments.Informer(): loop.Always(c.enqueue),
		sets.Informer():        cache.ResourceEventHandlerFuncs{AddFunc: c.setAdded, UpdateFunc: c.setChanged, DeleteFunc: c.setDeleted},
		pods.Informer():        cache.ResourceEventHandlerFuncs{DeleteFunc: c.podDeleted},
	})
	return c, err
}

// Run syncs Deployments until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "deployment", c.hasSynced...); err != nil {
		return err
	}
	loop.Run(ctx, "deployment", c.queue, workers, c.sync)
	return nil
}

func keyOf(d *appsv1.Deployment) string { return d.Namespace + "/" + d.Name }

// sync brings one Deployment a step further. What it writes wakes the next sync. It needs no expectations, as a ReplicaSet's does:
// the name of a set that is made twice is taken, and a set or a status that is older than the server's is refused.
func (c *Controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("split key %q: %w", key, err)
	}
	d, err := c.deployments.Deployments(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up deployment %s: %w", key, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil // an invalid selector cannot be stored; nothing would come of trying again
	}
	all, err := c.sets.ReplicaSets(namespace).List(labels.Everything())
	if err != nil {
		return fmt.Errorf("list replica sets of deployment %s: %w", key, err)
	}
	sets, err := c.claimer.Claim(ctx, d, ownership.Decide(d, selector, all))
	if err != nil {
		return err
	}
	busy, err := c.busy(d, sets)
	if err != nil {
		return err
	}
	decided := decide(d, sets, busy, c.clock.Now())
	if err := c.apply(ctx, d, decided); err != nil && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return err
	}
	if decided.again > 0 {
		c.queue.AddAfter(key, decided.again)
	}
	return nil
}

// busy finds the sets that have Pods which have not ended. Only the strategy Recreate asks.
func (c *Controller) busy(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) (map[types.UID]bool, error) {
	if d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
		return nil, nil
	}
	ours := map[types.UID]bool{}
	for _, set := range sets {
		ours[set.UID] = true
	}
	pods, err := c.pods.Pods(d.Namespace).List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("list pods of deployment %s: %w", keyOf(d), err)
	}
	busy := map[types.UID]bool{}
	for _, pod := range pods {
		owner := metav1.GetControllerOfNoCopy(pod)
		if owner != nil && ours[owner.UID] && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			busy[owner.UID] = true
		}
	}
	return busy, nil
}
