package node

import (
	"context"
	"net/netip"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/balancer"
	"github.com/plumbline/plumbline/reference/node/network"
)

// balancerChanged tells when a load balancer changed that names this node, or did.
func (a *Agent) balancerChanged(old, now any, changed chan<- struct{}) {
	named := func(object any) bool {
		service, ok := object.(*v1.Service)
		return ok && service.Annotations[balancer.NodeAnnotation] == a.options.Name
	}
	_, unseen := old.(cache.DeletedFinalStateUnknown)
	if !unseen && !named(old) && !named(now) {
		return
	}
	select {
	case changed <- struct{}{}:
	default:
	}
}

// balancersRetry is when addresses that could not be taken or left are tried again.
const balancersRetry = time.Second

// keepBalancers has the node answer for the addresses of the load balancers that name it, until ctx ends. They stay when it
// ends: traffic goes on without the agent.
func (a *Agent) keepBalancers(ctx context.Context, services corelisters.ServiceLister, changed <-chan struct{}) {
	var last []netip.Addr
	begun := false // what an agent before this one took is not known
	var retry <-chan time.Time
	for {
		list, err := services.List(labels.Everything())
		held := balancer.Held(a.options.Name, list)
		if err == nil && (!begun || !slices.Equal(held, last)) {
			retry = nil
			if err := network.AnswerFor(a.options.IP, held); err != nil {
				klog.FromContext(ctx).Error(err, "Addresses of load balancers are not as they should be, trying again")
				retry, begun = time.After(balancersRetry), false
			} else {
				last, begun = held, true
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
