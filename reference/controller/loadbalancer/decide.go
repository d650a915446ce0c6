package loadbalancer

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/balancer"
)

// book is who has which address. It is what addresses are given by: informers may not have shown yet what was given last.
type book struct {
	pool  balancer.Pool
	owner map[netip.Addr]cache.ObjectName
	given map[cache.ObjectName]grant
}

// grant is an address and which Service of a name has it.
type grant struct {
	address netip.Addr
	uid     types.UID
}

func newBook(pool balancer.Pool) *book {
	return &book{pool: pool, owner: map[netip.Addr]cache.ObjectName{}, given: map[cache.ObjectName]grant{}}
}

// take gives a Service its address: the one that it has, the one that it asks for, or the lowest that is free. An error, whose
// text is for the Service's events, says why it cannot be had; with it comes the address that the Service has all the same.
func (b *book) take(service *corev1.Service) (netip.Addr, error) {
	name := cache.MetaObjectToName(service)
	has := b.given[name].address
	wish := service.Spec.LoadBalancerIP
	if wish == "" && has.IsValid() {
		return has, nil
	}
	if wish != "" {
		address, err := netip.ParseAddr(wish)
		if err != nil || !b.pool.Contains(address) {
			return has, fmt.Errorf("the address %s is not of the pool %s", wish, b.pool)
		}
		if owner, taken := b.owner[address]; taken && owner != name {
			return has, fmt.Errorf("the address %s belongs to another Service", wish)
		}
		b.enter(service, address)
		return address, nil
	}
	for address := range b.pool.All() {
		if _, taken := b.owner[address]; !taken {
			b.enter(service, address)
			return address, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("no address of the pool %s is free", b.pool)
}

// recall enters what a Service was given before this program began, unless it is somebody else's by now.
func (b *book) recall(service *corev1.Service) {
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		address, err := netip.ParseAddr(ingress.IP)
		if _, taken := b.owner[address]; err == nil && b.pool.Contains(address) && !taken {
			b.enter(service, address)
			return
		}
	}
}

func (b *book) enter(service *corev1.Service, address netip.Addr) {
	name := cache.MetaObjectToName(service)
	b.free(name)
	b.owner[address], b.given[name] = name, grant{address, service.UID}
}

// free takes a Service's address back, and says whether it had one.
func (b *book) free(name cache.ObjectName) bool {
	has, had := b.given[name]
	delete(b.owner, has.address)
	delete(b.given, name)
	return had
}

// holder chooses the node that answers for an address: the one that does so already, as long as it can, else one by the
// address, so that addresses spread over the nodes and few move when nodes come and go. Empty: no node can.
func holder(address netip.Addr, now string, able []string) string {
	if slices.Contains(able, now) {
		return now
	}
	best, most := "", uint64(0)
	for _, node := range able {
		sum := fnv.New64a()
		sum.Write([]byte(address.String() + " " + node))
		if weight := sum.Sum64(); best == "" || weight > most {
			best, most = node, weight
		}
	}
	return best
}

// labelExclude keeps a node from serving load balancers, as upstream has it.
const labelExclude = corev1.LabelNodeExcludeBalancers

// able are the names, in order, of the nodes that can answer for a Service's address: Ready, staying, and not kept from it.
// Where only the node's own Pods are served, those with such Pods come first: the others would drop the traffic.
func able(service *corev1.Service, nodes []*corev1.Node, endpoints []*discoveryv1.EndpointSlice) []string {
	var all, own []string
	local := nodesWithEndpoints(endpoints)
	for _, node := range nodes {
		if _, excluded := node.Labels[labelExclude]; excluded || node.DeletionTimestamp != nil || !isReady(node) {
			continue
		}
		all = append(all, node.Name)
		if local[node.Name] {
			own = append(own, node.Name)
		}
	}
	if service.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal && len(own) > 0 {
		all = own
	}
	slices.SortFunc(all, strings.Compare)
	return all
}

func nodesWithEndpoints(slices []*discoveryv1.EndpointSlice) map[string]bool {
	names := map[string]bool{}
	for _, slice := range slices {
		for _, endpoint := range slice.Endpoints {
			ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
			if endpoint.NodeName != nil && ready {
				names[*endpoint.NodeName] = true
			}
		}
	}
	return names
}

func isReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// needsCleanup says that a Service has a load balancer's finalizer and no use for it, as upstream's function of that name. One
// with a class is left to whoever serves that.
func needsCleanup(service *corev1.Service) bool {
	return slices.Contains(service.Finalizers, balancer.Finalizer) && service.Spec.LoadBalancerClass == nil &&
		(service.DeletionTimestamp != nil || service.Spec.Type != corev1.ServiceTypeLoadBalancer)
}

// ingressOf is the status of a Service that has an address.
func ingressOf(address netip.Addr) []corev1.LoadBalancerIngress {
	return []corev1.LoadBalancerIngress{{IP: address.String(), IPMode: new(corev1.LoadBalancerIPModeVIP)}}
}
