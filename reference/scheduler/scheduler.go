// Package scheduler chooses a node for every Pod that has none.
//
// What a decision rests on is in cluster.go; the decision is a pure function in decide.go, its conditions in filter.go, podaffinity.go and
// spread.go, its preferences in score.go. This file and bind.go carry it out. Wording and weights are those of upstream's default profile.
package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	clientcache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// Options are what the scheduler needs to run.
type Options struct {
	// Config reaches the API server, with the right to read everything, to bind Pods, and to write their status and events.
	Config *rest.Config
}

// parallelBinds is how many bindings are on their way at once.
const parallelBinds = 16

type scheduler struct {
	client   kubernetes.Interface
	recorder events.EventRecorderLogger
	cache    *cache
	queue    *queue
	binds    chan struct{}
	running  sync.WaitGroup

	pods       corelisters.PodLister
	services   corelisters.ServiceLister
	namespaces corelisters.NamespaceLister
	sets       appslisters.ReplicaSetLister
}

// Run schedules Pods until ctx ends, and returns after everything that it started has ended too.
func Run(ctx context.Context, options Options) error {
	config := rest.CopyConfig(options.Config)
	config.QPS = -1 // the server has its own limits
	rest.AddUserAgent(config, "scheduler")
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("scheduler: client: %w", err)
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(withoutManagedFields))
	broadcaster := events.NewEventBroadcasterAdapterWithContext(ctx, client)
	s := newScheduler(client, factory, broadcaster.NewRecorder(corev1.DefaultSchedulerName))
	synced, err := s.watch(factory)
	if err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}

	stop := make(chan struct{})
	broadcaster.StartRecordingToSink(stop)
	defer func() {
		close(stop)
		broadcaster.Shutdown()
	}()
	factory.StartWithContext(ctx)
	defer factory.Shutdown()
	if !clientcache.WaitForCacheSync(ctx.Done(), synced...) {
		return errors.New("scheduler: stopped before its caches were filled")
	}
	klog.FromContext(ctx).Info("Scheduler started")
	s.loop(ctx)
	s.running.Wait()
	return nil
}

func newScheduler(client kubernetes.Interface, factory informers.SharedInformerFactory, recorder events.EventRecorderLogger) *scheduler {
	core := factory.Core().V1()
	return &scheduler{
		client: client, recorder: recorder,
		cache: newCache(), queue: newQueue(clock.RealClock{}), binds: make(chan struct{}, parallelBinds),
		pods: core.Pods().Lister(), services: core.Services().Lister(), namespaces: core.Namespaces().Lister(),
		sets: factory.Apps().V1().ReplicaSets().Lister(),
	}
}

// loop decides one Pod after the other: each decision sees the promises of those before it.
func (s *scheduler) loop(ctx context.Context) {
	for ctx.Err() == nil {
		pod, wait := s.queue.next()
		if pod != nil {
			s.scheduleOne(ctx, pod)
			continue
		}
		timer := s.queue.clock.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-s.queue.wake:
		case <-timer.C():
		}
		timer.Stop()
	}
}

func (s *scheduler) scheduleOne(ctx context.Context, pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil || s.cache.holds(pod.UID) {
		s.queue.remove(pod.UID)
		return
	}
	node, err := s.cache.decideAndAssume(placed(pod), s.lookups(), rand.IntN)
	if err != nil {
		s.queue.unschedulable(pod.UID)
		s.fail(ctx, pod, corev1.PodReasonUnschedulable, err)
		return
	}
	select {
	case s.binds <- struct{}{}:
	case <-ctx.Done():
		return
	}
	s.running.Go(func() {
		defer func() { <-s.binds }()
		s.bind(ctx, pod, node)
	})
}

func (s *scheduler) lookups() cluster {
	return cluster{
		spreadSelector: s.spreadSelector,
		namespaceLabels: func(name string) labels.Set {
			namespace, err := s.namespaces.Get(name)
			if err != nil {
				return nil
			}
			return namespace.Labels
		},
	}
}

// withoutManagedFields drops what nobody here reads, and what is often half of an object.
func withoutManagedFields(obj any) (any, error) {
	if object, err := meta.Accessor(obj); err == nil {
		object.SetManagedFields(nil)
	}
	return obj, nil
}
