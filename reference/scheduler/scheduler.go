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
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
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
	nodes      corelisters.NodeLister
	claims     corelisters.PersistentVolumeClaimLister
	volumes    corelisters.PersistentVolumeLister
	classes    storagelisters.StorageClassLister

	storageChanges changes // of claims, and of Pods that use some
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
		sets: factory.Apps().V1().ReplicaSets().Lister(), nodes: core.Nodes().Lister(),
		claims: core.PersistentVolumeClaims().Lister(), volumes: core.PersistentVolumes().Lister(), classes: factory.Storage().V1().StorageClasses().Lister(),
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
	if usesClaims(pod) {
		// Its volumes may take a while; others are not to wait for them.
		s.running.Go(func() {
			if err := s.bindVolumes(ctx, pod, node); err != nil {
				s.takeBack(ctx, pod, fmt.Errorf("running PreBind plugin \"VolumeBinding\": %w", err))
				return
			}
			s.startBinding(ctx, pod, node)
		})
		return
	}
	s.startBinding(ctx, pod, node)
}

// startBinding binds beside the loop, as soon as there is room for one more.
func (s *scheduler) startBinding(ctx context.Context, pod *corev1.Pod, node string) {
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
		stored: s.stored(),
	}
}

func (s *scheduler) stored() *stored {
	return &stored{
		claim: func(namespace, name string) *corev1.PersistentVolumeClaim {
			claim, _ := s.claims.PersistentVolumeClaims(namespace).Get(name) // the only error is that there is none
			return claim
		},
		volume: func(name string) *corev1.PersistentVolume {
			volume, _ := s.volumes.Get(name)
			return volume
		},
		volumes: func() []*corev1.PersistentVolume {
			volumes, _ := s.volumes.List(labels.Everything()) // from memory: there is no error
			return volumes
		},
		class: func(name string) *storagev1.StorageClass {
			class, _ := s.classes.Get(name)
			return class
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
