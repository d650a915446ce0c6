package node

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// networkOf is the network as the Nodes describe it from this node's place;
// no range yet: ok is false.
func networkOf(name string, own netip.Addr, cluster netip.Prefix, nodes []*v1.Node) (config runtime.NetworkConfig, ok bool) {
	config = runtime.NetworkConfig{NodeIP: own, ClusterCIDR: cluster}
	for _, n := range nodes {
		cidr, err := netip.ParsePrefix(n.Spec.PodCIDR)
		if err != nil {
			continue
		}
		if n.Name == name {
			config.PodCIDR, ok = cidr, true
			continue
		}
		for _, address := range n.Status.Addresses {
			if ip, err := netip.ParseAddr(address.Address); err == nil && address.Type == v1.NodeInternalIP {
				config.Peers = append(config.Peers, runtime.Peer{NodeIP: ip, PodCIDR: cidr})
				break
			}
		}
	}
	slices.SortFunc(config.Peers, func(a, b runtime.Peer) int { return a.NodeIP.Compare(b.NodeIP) })
	return config, ok
}

// keepNetwork tells the runtime of the nodes whenever they change, until ctx
// ends.
func (a *Agent) keepNetwork(ctx context.Context, nodes corelisters.NodeLister, changed <-chan struct{}) {
	var last runtime.NetworkConfig
	var retry <-chan time.Time
	for {
		list, err := nodes.List(labels.Everything())
		config, ok := networkOf(a.options.Name, a.options.IP, a.options.ClusterCIDR, list)
		if err == nil && ok && !reflect.DeepEqual(config, last) {
			retry = nil
			if err := a.runtime.ConfigureNetwork(ctx, config); err != nil {
				klog.FromContext(ctx).Error(err, "Network not configured, trying again")
				retry = time.After(time.Second)
			} else {
				last = config
				a.nudgeStatus()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-retry:
		}
	}
}

// nudgeStatus has the node's status looked at now.
func (a *Agent) nudgeStatus() {
	select {
	case a.statusChanged <- struct{}{}:
	default:
	}
}
