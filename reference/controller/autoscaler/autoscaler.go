// Package autoscaler scales ReplicaSets and Deployments by what their Pods use.
//
// The decision is a pure function of an autoscaler, of what is observed and of what it remembers: decide.go puts it together, metric.go
// and calculate.go say how many replicas a metric asks for, normalize.go and history.go how far and how fast they may change. This file
// and scale.go carry that out, as upstream's pkg/controller/podautoscaler does.
package autoscaler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	autoscalinglisters "k8s.io/client-go/listers/autoscaling/v2"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"
	metricsclient "k8s.io/metrics/pkg/client/clientset/versioned/typed/metrics/v1beta1"
	"k8s.io/utils/clock"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

const (
	// workers is how many autoscalers are synced at once.
	workers = 2
	// period is how often each is, which is as often as nodes measure. Upstream takes 15 s.
	period = 5 * time.Second
)

// Controller is the loop around the decision.
type Controller struct {
	client   kubernetes.Interface
	metrics  metricsclient.PodMetricsesGetter
	recorder record.EventRecorder
	clock    clock.PassiveClock
	queue    loop.Queue[string]

	autoscalers autoscalinglisters.HorizontalPodAutoscalerLister
	pods        corelisters.PodLister
	hasSynced   []cache.InformerSynced

	mu        sync.Mutex
	histories map[string]history
	selectors map[string]labels.Selector // of the autoscalers' targets
}

// New registers the controller with the informers; they must not have been started yet.
func New(client kubernetes.Interface, metrics metricsclient.PodMetricsesGetter, factory informers.SharedInformerFactory,
	recorder record.EventRecorder) (*Controller, error) {
	autoscalers, pods := factory.Autoscaling().V2().HorizontalPodAutoscalers(), factory.Core().V1().Pods()
	c := &Controller{
		client: client, metrics: metrics, recorder: recorder, clock: clock.RealClock{}, queue: loop.NewQueue[string]("autoscaler"),
		autoscalers: autoscalers.Lister(), pods: pods.Lister(),
		histories: map[string]history{}, selectors: map[string]labels.Selector{},
	}
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		autoscalers.Informer(): cache.ResourceEventHandlerFuncs{AddFunc: c.enqueue, UpdateFunc: c.changed, DeleteFunc: c.enqueue},
		pods.Informer():        nil,
	})
	return c, err
}

// changed leaves out the writes of statuses, which are mostly our own.
func (c *Controller) changed(old, obj any) {
	if old.(*autoscalingv2.HorizontalPodAutoscaler).Generation != obj.(*autoscalingv2.HorizontalPodAutoscaler).Generation {
		c.enqueue(obj)
	}
}

// Run syncs autoscalers until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	if err := loop.WaitForCaches(ctx, "autoscaler", c.hasSynced...); err != nil {
		return err
	}
	loop.Run(ctx, "autoscaler", c.queue, workers, c.sync)
	return nil
}

func (c *Controller) enqueue(obj any) { loop.Enqueue(c.queue, obj) }

// sync brings one autoscaler's target to what it shall be. It comes again after a period, whatever came of it.
func (c *Controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("split key %q: %w", key, err)
	}
	hpa, err := c.autoscalers.HorizontalPodAutoscalers(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.histories, key)
		delete(c.selectors, key)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up horizontal pod autoscaler %s: %w", key, err)
	}
	defer c.queue.AddAfter(key, period)
	if err := c.scale(ctx, key, hpa); err != nil && ctx.Err() == nil {
		klog.FromContext(ctx).V(2).Info("Sync failed, trying again after a period", "controller", "autoscaler", "key", key, "err", err)
	}
	return nil
}

func (c *Controller) scale(ctx context.Context, key string, hpa *autoscalingv2.HorizontalPodAutoscaler) error {
	target, o, err := c.observe(ctx, key, hpa)
	if err != nil {
		return err
	}
	c.mu.Lock()
	remembered := c.histories[key]
	c.mu.Unlock()
	d := decide(hpa, o, remembered)
	if d.rescale {
		d = d.concluded(hpa, o.scale.Spec.Replicas, c.clock.Now(), target.resize(ctx, d.replicas))
	}
	c.mu.Lock()
	c.histories[key] = d.history
	c.mu.Unlock()
	for _, e := range d.events {
		c.recorder.Event(hpa, e.kind, e.reason, e.message)
	}
	if equality.Semantic.DeepEqual(hpa.Status, d.status) {
		return nil
	}
	changed := hpa.DeepCopy()
	changed.Status = d.status
	return retry.OnError(retry.DefaultRetry, apierrors.IsConflict, func() error {
		_, err := c.client.AutoscalingV2().HorizontalPodAutoscalers(hpa.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{})
		if err == nil || !apierrors.IsConflict(err) {
			return err
		}
		latest, gone := c.client.AutoscalingV2().HorizontalPodAutoscalers(hpa.Namespace).Get(ctx, hpa.Name, metav1.GetOptions{})
		if gone != nil || latest.UID != hpa.UID {
			return errors.Join(gone, errors.New("the autoscaler is another one now"))
		}
		changed.ResourceVersion = latest.ResourceVersion
		return err
	})
}

// observe looks at the target, its Pods, and what they use if that is asked for.
func (c *Controller) observe(ctx context.Context, key string, hpa *autoscalingv2.HorizontalPodAutoscaler) (scalable, observed, error) {
	o := observed{now: c.clock.Now()}
	target, err := scalableOf(c.client, hpa)
	if err == nil {
		o.scale, err = target.get(ctx)
	}
	if o.scaleErr = err; err != nil || !needsMetrics(hpa, o.scale.Spec.Replicas) || o.scale.Status.Selector == "" {
		return target, o, nil
	}
	selector, err := labels.Parse(o.scale.Status.Selector)
	if err != nil {
		return target, o, nil // decide says so
	}
	if o.pods, err = c.pods.Pods(hpa.Namespace).List(selector); err != nil {
		return target, o, fmt.Errorf("list the pods of %s: %w", key, err)
	}
	o.rivals = c.rivals(key, hpa.Namespace, selector, o.pods)
	list, err := c.metrics.PodMetricses(hpa.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		o.measuredErr = err
	} else {
		o.measured = list.Items
	}
	return target, o, nil
}

// rivals notes the selector, and returns the names of all autoscalers of the namespace whose targets select any of the Pods.
func (c *Controller) rivals(key, namespace string, selector labels.Selector, pods []*corev1.Pod) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.selectors[key] = selector
	var names []string
	for other, selects := range c.selectors {
		within, name, err := cache.SplitMetaNamespaceKey(other)
		if err == nil && within == namespace && slices.ContainsFunc(pods, func(pod *corev1.Pod) bool { return selects.Matches(labels.Set(pod.Labels)) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
