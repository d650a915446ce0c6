// Package proxy is the kube-proxy role: on its node it makes the addresses of Services lead to their endpoints, by
// iptables rules that follow the Services and EndpointSlices of the API (claims services/…).
//
// Compute is the decision, a pure function from objects to rules. Run carries it out: one iptables-restore writes only
// the chains that changed, so that rules of others, counters and established connections are left alone. The rules stay
// when Run ends or the API server is away; the next Run takes them over without a gap.
package proxy

import (
	"context"
	"fmt"
	"net/netip"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// Options is what Run needs to know.
type Options struct {
	Config      *rest.Config // of a user that may list and watch services, endpointslices and its own node
	NodeName    string       // the Node object of this machine
	NodeIP      netip.Addr   // its internal address
	ClusterCIDR netip.Prefix // addresses of Pods; zero: unknown, and traffic from outside the Pod network keeps its source
	Installed   func()       // is called once, when the rules of all Services that there are stand; may be nil
}

// Run keeps the node's rules as the API wants them until ctx ends. It returns an error when iptables cannot be used at
// all; everything else is logged and tried again.
func Run(ctx context.Context, options Options) error {
	ctx = klog.NewContext(ctx, klog.FromContext(ctx).WithName("proxy"))
	t, err := openTables()
	if err != nil {
		return fmt.Errorf("start the service proxy: %w", err)
	}
	node := Node{Name: options.NodeName, IP: options.NodeIP, ClusterCIDR: options.ClusterCIDR, Features: t.features(ctx)}
	klog.FromContext(ctx).Info("Service proxy starts", "iptables", t.program, "features", node.Features, "node", node.Name)

	changes := newLedger()
	watched, stop, err := watch(ctx, options, changes)
	if err != nil {
		return fmt.Errorf("watch Services: %w", err)
	}
	defer stop()
	// Rules made of half the objects would cut what the last run had connected.
	if !watched.synced(ctx) {
		return nil
	}
	changes.addAll()
	w := &worker{tables: t, cluster: watched, changes: changes, book: newBook(node), begun: options.Installed}
	w.run(ctx)
	return nil
}
