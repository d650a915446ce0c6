// Package controller runs the controllers of the reference: loops that bring what is towards what is desired.
package controller

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	metricsclient "k8s.io/metrics/pkg/client/clientset/versioned/typed/metrics/v1beta1"

	"github.com/plumbline/plumbline/reference/balancer"
	"github.com/plumbline/plumbline/reference/controller/account"
	"github.com/plumbline/plumbline/reference/controller/aggregation"
	"github.com/plumbline/plumbline/reference/controller/autoscaler"
	"github.com/plumbline/plumbline/reference/controller/deployment"
	"github.com/plumbline/plumbline/reference/controller/endpoints"
	"github.com/plumbline/plumbline/reference/controller/garbage"
	"github.com/plumbline/plumbline/reference/controller/loadbalancer"
	"github.com/plumbline/plumbline/reference/controller/namespace"
	"github.com/plumbline/plumbline/reference/controller/nodelifecycle"
	"github.com/plumbline/plumbline/reference/controller/replicaset"
	"github.com/plumbline/plumbline/reference/controller/volume"
	"github.com/plumbline/plumbline/reference/events"
)

// Options are what the controllers need to run.
type Options struct {
	// Config reaches the API server with all rights.
	Config *rest.Config
	// ClusterCIDR is the range from which each node gets its Pods' addresses.
	ClusterCIDR netip.Prefix
	// NodeCIDRMaskSize is the length of a node's prefix within ClusterCIDR; zero means 24.
	NodeCIDRMaskSize int
	// NodeMonitorGracePeriod is how long a node may stay silent before it counts as lost; zero means 40 s.
	NodeMonitorGracePeriod time.Duration
	// LoadBalancers is where load balancers get their addresses from; with the zero value nobody serves them.
	LoadBalancers balancer.Pool
}

// runner is a controller that is ready to run.
type runner interface {
	Run(ctx context.Context) error
}

// Run runs all controllers until ctx ends or one of them fails, and returns after everything that it started has ended.
func Run(ctx context.Context, options Options) error {
	if options.NodeCIDRMaskSize == 0 {
		options.NodeCIDRMaskSize = 24
	}
	if options.NodeMonitorGracePeriod == 0 {
		options.NodeMonitorGracePeriod = 40 * time.Second
	}
	config := rest.CopyConfig(options.Config)
	config.QPS = -1 // the server has its own limits
	rest.AddUserAgent(config, "controllers")
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("controllers: client: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	broadcaster := events.NewBroadcaster(ctx, client.CoreV1())
	defer broadcaster.Shutdown()
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(withoutManagedFields))
	runners, err := build(options, config, client, factory, func(component string) record.EventRecorder {
		return broadcaster.Recorder(corev1.EventSource{Component: component})
	})
	if err != nil {
		return fmt.Errorf("controllers: %w", err)
	}

	factory.StartWithContext(ctx)
	defer factory.Shutdown()
	failures := make([]error, len(runners))
	var group sync.WaitGroup
	for i, r := range runners {
		group.Go(func() {
			// One that fails takes the others with it: half a control plane would be harder to understand than none.
			defer cancel()
			failures[i] = r.Run(ctx)
		})
	}
	klog.FromContext(ctx).Info("Controllers started", "count", len(runners))
	group.Wait()
	cancel()
	return errors.Join(failures...)
}

func build(options Options, config *rest.Config, client kubernetes.Interface, factory informers.SharedInformerFactory,
	recorder func(component string) record.EventRecorder) ([]runner, error) {
	sets, err := replicaset.New(client, factory, recorder("replicaset-controller"))
	if err != nil {
		return nil, fmt.Errorf("replica sets: %w", err)
	}
	deployments, err := deployment.New(client, factory, recorder("deployment-controller"))
	if err != nil {
		return nil, fmt.Errorf("deployments: %w", err)
	}
	endpoints, err := endpoints.New(client, factory, recorder("endpoint-controller"))
	if err != nil {
		return nil, fmt.Errorf("endpoints: %w", err)
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("metadata client: %w", err)
	}
	namespaces, err := namespace.New(client, metadataClient, factory)
	if err != nil {
		return nil, fmt.Errorf("namespaces: %w", err)
	}
	nodes, err := nodelifecycle.New(client, factory, recorder("node-controller"), recorder("taint-eviction-controller"), nodelifecycle.Options{
		ClusterCIDR: options.ClusterCIDR, MaskSize: options.NodeCIDRMaskSize, GracePeriod: options.NodeMonitorGracePeriod,
	})
	if err != nil {
		return nil, fmt.Errorf("nodes: %w", err)
	}
	collector := garbage.New(metadataClient, client.Discovery(), recorder("garbage-collector-controller"), namespaces.Removed)
	volumes, err := volume.New(client, factory, recorder("persistentvolume-controller"))
	if err != nil {
		return nil, fmt.Errorf("volumes: %w", err)
	}
	metrics, err := metricsclient.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("metrics client: %w", err)
	}
	autoscalers, err := autoscaler.New(client, metrics, factory, recorder("horizontal-pod-autoscaler"))
	if err != nil {
		return nil, fmt.Errorf("autoscalers: %w", err)
	}
	accounts, err := account.New(client, factory, config.CAData)
	if err != nil {
		return nil, fmt.Errorf("service accounts: %w", err)
	}
	secrets, err := account.NewSecrets(client, factory, config.CAData)
	if err != nil {
		return nil, fmt.Errorf("secrets of service accounts: %w", err)
	}
	roles, err := aggregation.New(client, factory)
	if err != nil {
		return nil, fmt.Errorf("cluster roles: %w", err)
	}
	runners := []runner{sets, deployments, endpoints, namespaces, nodes, volumes, collector, accounts, secrets, roles, autoscalers}
	if !options.LoadBalancers.IsZero() {
		balancers, err := loadbalancer.New(client, factory, recorder("service-controller"), options.LoadBalancers)
		if err != nil {
			return nil, fmt.Errorf("load balancers: %w", err)
		}
		runners = append(runners, balancers)
	}
	return runners, nil
}

// withoutManagedFields drops what nobody here reads, and what is often half of an object. Writing an object back without
// them leaves them as they are.
func withoutManagedFields(obj any) (any, error) {
	if object, err := meta.Accessor(obj); err == nil {
		object.SetManagedFields(nil)
	}
	return obj, nil
}
