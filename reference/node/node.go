// Package node is the node agent, the part of the kubelet: it runs the Pods
// that are bound to its node, and tells the API server about them and the node.
//
// Each Pod has a worker, an actor: events come in, the pure function decide
// judges, actions go out. No part of it polls; everything waits for watches,
// the runtime's events, and timers.
package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/component-helpers/apimachinery/lease"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/plumbline/plumbline/reference/events"
	"github.com/plumbline/plumbline/reference/node/runtime"
	"github.com/plumbline/plumbline/reference/node/volume"
)

// Options of Run. Config, Name, IP and Runtime are needed.
type Options struct {
	Config *rest.Config // of the node's user, system:node:NAME
	Name   string
	IP     netip.Addr // the node's address, for the API server and other nodes
	// ServingCert and ClientCA are for the HTTPS server, to which only
	// clients of this authority may come.
	ServingCert tls.Certificate
	ClientCA    *x509.CertPool
	Port        int    // of the HTTPS server; 10250
	DataDir     string // survives restarts; /var/lib/reference/node
	LogDir      string // of containers' logs; /var/log/pods
	Runtime     runtime.Runtime

	MaxPods        int             // 110
	SystemReserved v1.ResourceList // kept from Pods
	// EvictionMemory is how much memory must stay available before Pods are
	// evicted; 100Mi when nil.
	EvictionMemory *resource.Quantity
	ClusterCIDR    netip.Prefix // all Pods' addresses; may be zero
	ClusterDNS     []string     // servers for Pods; empty: the Service kube-dns
	ClusterDomain  string       // cluster.local
	// ServicesReady is closed when the node leads to Services. No Pod starts before: a connection that is begun too early would not be
	// led anywhere until it is given up. Nil means that it does already.
	ServicesReady <-chan struct{}
}

func (o *Options) setDefaults() {
	if o.Port == 0 {
		o.Port = 10250
	}
	if o.DataDir == "" {
		o.DataDir = "/var/lib/reference/node"
	}
	if o.LogDir == "" {
		o.LogDir = "/var/log/pods"
	}
	if o.MaxPods == 0 {
		o.MaxPods = 110
	}
	if o.ClusterDomain == "" {
		o.ClusterDomain = "cluster.local"
	}
}

func (o *Options) evictionMemory() int64 {
	if o.EvictionMemory != nil {
		return o.EvictionMemory.Value()
	}
	return memoryReserve
}

// Run is the node agent until ctx ends. Containers go on without it; the next
// Run finds them.
func Run(ctx context.Context, options Options) error {
	options.setDefaults()
	if err := os.MkdirAll(filepath.Join(options.DataDir, "pods"), 0o750); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	config := rest.CopyConfig(options.Config)
	config.QPS = -1 // the node's writes are few, and must not wait for each other
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make the node's client: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := &Agent{
		options: options, ctx: ctx, client: client, runtime: options.Runtime,
		workers:       map[types.UID]*worker{},
		statusChanged: make(chan struct{}, 1),
	}
	if a.machine, err = readMachine(options.DataDir); err != nil {
		return err
	}
	a.volumes = &volume.Volumes{Root: options.DataDir, Source: a}
	stale := func(uid types.UID) { a.tell(uid, volumesStale{}) }
	a.sources, a.tokens = newSources(client, stale), newTokens(client, stale)
	broadcaster := events.NewBroadcaster(ctx, client.CoreV1())
	defer broadcaster.Shutdown()
	a.recorder = broadcaster.Recorder(v1.EventSource{Component: "kubelet", Host: options.Name})

	err = a.run(ctx)
	cancel()
	a.group.Wait()
	a.sources.wg.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (a *Agent) run(ctx context.Context) error {
	happened := a.runtime.Events(ctx)
	serving, err := a.serve(ctx)
	if err != nil {
		return err
	}
	if err := a.relayNames(ctx); err != nil {
		return err
	}
	node, err := a.register(ctx)
	if err != nil {
		return err
	}
	a.node = node
	a.recorder.Event(a.nodeRef(), v1.EventTypeNormal, "Starting", "Starting kubelet.")
	a.group.Go(func() { a.keepLease(ctx, node) })

	shared := informers.NewSharedInformerFactory(a.client, 0)
	services, nodes := shared.Core().V1().Services(), shared.Core().V1().Nodes()
	a.services, a.servicesSynced = services.Lister(), services.Informer().HasSyncedChecker()
	nodesChanged := make(chan struct{}, 1)
	nodesSeen, err := nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { a.nodeChanged(object, nodesChanged) },
		UpdateFunc: func(_, object any) { a.nodeChanged(object, nodesChanged) },
		DeleteFunc: func(object any) { a.nodeChanged(object, nodesChanged) },
	})
	if err != nil {
		return fmt.Errorf("watch nodes: %w", err)
	}
	balancersChanged := make(chan struct{}, 1)
	servicesSeen, err := services.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { a.balancerChanged(nil, object, balancersChanged) },
		UpdateFunc: func(old, object any) { a.balancerChanged(old, object, balancersChanged) },
		DeleteFunc: func(object any) { a.balancerChanged(object, nil, balancersChanged) },
	})
	if err != nil {
		return fmt.Errorf("watch services: %w", err)
	}
	if err := a.followDisks(ctx, shared); err != nil {
		return err
	}
	shared.StartWithContext(ctx)
	defer shared.Shutdown()
	if !cache.WaitFor(ctx, "", nodesSeen.HasSyncedChecker()) {
		return ctx.Err()
	}
	a.group.Go(func() { a.keepNetwork(ctx, nodes.Lister(), nodesChanged) })
	a.group.Go(func() { a.keepStatus(ctx, node) })
	a.group.Go(func() {
		if cache.WaitFor(ctx, "", servicesSeen.HasSyncedChecker()) {
			a.keepBalancers(ctx, services.Lister(), balancersChanged)
		}
	})

	if err := a.followPods(ctx); err != nil {
		return err
	}
	a.group.Go(func() { a.followRuntime(ctx, happened) })
	a.group.Go(func() { a.watchMemory(ctx) })
	a.group.Go(func() { a.watchStorage(ctx) })
	a.group.Go(func() { a.measureUsage(ctx) })
	klog.FromContext(ctx).Info("Node agent runs", "node", a.options.Name, "address", a.options.IP)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-serving:
		return err
	}
}

// nodeChanged keeps this node's object, and tells that some node changed.
func (a *Agent) nodeChanged(object any, changed chan<- struct{}) {
	if node, ok := object.(*v1.Node); ok && node.Name == a.options.Name {
		a.mu.Lock()
		a.node = node
		a.mu.Unlock()
	}
	select {
	case changed <- struct{}{}:
	default:
	}
}

// followPods begins to follow the Pods that are bound to the node. When it
// returns, those that were there have their workers.
func (a *Agent) followPods(ctx context.Context) error {
	factory := informers.NewSharedInformerFactoryWithOptions(a.client, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", a.options.Name).String()
	}))
	informer := factory.Core().V1().Pods().Informer()
	factory.StartWithContext(ctx)
	a.group.Go(func() {
		<-ctx.Done()
		factory.Shutdown()
	})
	if !cache.WaitFor(ctx, "", informer.HasSyncedChecker()) {
		return ctx.Err()
	}
	var pods []*v1.Pod
	for _, object := range informer.GetStore().List() {
		pods = append(pods, object.(*v1.Pod))
	}
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	for wait := shortest; ; wait = min(2*wait, longest) {
		err := a.recover(ctx, pods)
		if err == nil {
			break
		}
		klog.FromContext(ctx).Error(err, "What runs on the node is not known, asking again", "after", wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	seen, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { a.podChanged(object.(*v1.Pod), nil) },
		UpdateFunc: func(_, object any) { a.podChanged(object.(*v1.Pod), nil) },
		DeleteFunc: func(object any) {
			if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = unknown.Obj
			}
			a.podRemoved(object.(*v1.Pod).UID)
		},
	})
	if err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	if !cache.WaitFor(ctx, "", seen.HasSyncedChecker()) {
		return ctx.Err()
	}
	// A Pod that went before the handler came was never told of.
	for _, pod := range pods {
		if _, still, err := informer.GetStore().Get(pod); err == nil && !still {
			a.podRemoved(pod.UID)
		}
	}
	return nil
}

// Heart-beats as upstream's: the lease is valid for 40 s and renewed every 10.
const (
	leaseSeconds  = 40
	leaseInterval = 10 * time.Second
)

// keepLease renews the node's lease until ctx ends.
func (a *Agent) keepLease(ctx context.Context, node *v1.Node) {
	lease.NewController(clock.RealClock{}, a.client, a.options.Name, leaseSeconds, nil, leaseInterval,
		a.options.Name, v1.NamespaceNodeLease, func(l *coordinationv1.Lease) error {
			l.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}}
			return nil
		}).Run(ctx)
}
