package allocate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/plumbline/plumbline/reference/kind"
)

// Options is what Services need to know.
type Options struct {
	// Client is etcd's. It must stay open as long as requests are served.
	Client *clientv3.Client
	// Prefix of the keys; "/registry/allocations/" when empty.
	Prefix string
	// ClusterIPs are the ranges of cluster IPs, one of each family; the first is the default family's.
	ClusterIPs []netip.Prefix
	// NodePorts is the range of node ports.
	NodePorts utilnet.PortRange
	// List returns all stored Services, as of now at least. It is what repairs go by. NewStorage sets it if it is nil.
	List func(ctx context.Context) ([]corev1.Service, error)
	// Sole says that no other server uses the same keys: what has no Service then is a leak at once.
	Sole bool
	// Interval is the time between two repairs, a minute when 0. Other servers' claims are given as long to get their
	// Service.
	Interval time.Duration
	// Clock is the real one when nil.
	Clock clock.WithTicker
}

// Services allocates for the Services of a cluster.
type Services struct {
	options   Options
	primary   corev1.IPFamily
	addresses map[corev1.IPFamily]addressRange
	ips       *pool
	ports     *pool
	portRange utilnet.PortRange
	suspects  map[string]suspect
}

// New makes an allocator. It does not talk to etcd yet.
func New(options Options) (*Services, error) {
	if len(options.ClusterIPs) == 0 {
		return nil, fmt.Errorf("%s must contain at least one valid cidr", clusterIPFlag)
	}
	if options.Prefix == "" {
		options.Prefix = "/registry/allocations/"
	}
	if options.Interval == 0 {
		options.Interval = time.Minute
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	s := &Services{
		options:   options,
		addresses: map[corev1.IPFamily]addressRange{},
		ips:       newPool(options.Client, options.Prefix+"clusterips/", errIPTaken),
		ports:     newPool(options.Client, options.Prefix+"nodeports/", errPortTaken),
		portRange: options.NodePorts,
		suspects:  map[string]suspect{},
	}
	for i, prefix := range options.ClusterIPs {
		r := newAddressRange(prefix)
		if i == 0 {
			s.primary = r.family()
		}
		s.addresses[r.family()] = r
	}
	return s, nil
}

// background outlives requests, because what a failed request took must be given back all the same.
func (s *Services) background() context.Context { return s.options.Client.Ctx() }

// Allocate completes svc with addresses and ports, before it is validated. old is the stored Service, nil for a new one.
// Errors are API errors with Kubernetes' paths and texts. After success either commit or revert must be called: commit
// when svc was stored, revert when it was not. A dry run takes nothing, and shows the network's address for a cluster IP
// as Kubernetes does.
func (s *Services) Allocate(ctx context.Context, svc, old *corev1.Service, dryRun bool) (commit, revert func(), err error) {
	t, err := s.begin(ctx, svc, old, dryRun, nil)
	if err != nil {
		return nil, nil, err
	}
	return t.commit, t.revert, nil
}

// begin is Allocate as an attempt after earlier ones of the same request.
func (s *Services) begin(ctx context.Context, svc, old *corev1.Service, dryRun bool, earlier []*transaction) (*transaction, error) {
	t := &transaction{services: s, owner: ownerOf(svc, old), dryRun: dryRun, earlier: earlier}
	if old != nil {
		s.DefaultOnRead(old)
		keepAllocated(svc, old)
	}
	syncClusterIPs(svc, old)
	err := s.settleFamilies(svc, old)
	if err == nil {
		err = t.allocateIPs(ctx, svc, old)
	}
	if err == nil {
		err = t.allocatePorts(ctx, svc, old)
	}
	if err != nil {
		t.revert()
		return nil, err
	}
	return t, nil
}

// allocateIPs takes what svc lacks, and gives up what old has and svc does not need. A headless Service keeps being one,
// and no other becomes one; validation says so.
func (t *transaction) allocateIPs(ctx context.Context, svc, old *corev1.Service) error {
	none := func(svc *corev1.Service) bool {
		return len(svc.Spec.ClusterIPs) > 0 && svc.Spec.ClusterIPs[0] == corev1.ClusterIPNone
	}
	switch {
	case keepsDualStack(svc, old), none(svc):
		return nil
	case old == nil || !kind.NeedsClusterIP(old):
		if !kind.NeedsClusterIP(svc) {
			return nil
		}
		return t.claimIPs(ctx, svc, 0)
	case none(old):
		return nil
	case !kind.NeedsClusterIP(svc):
		return t.giveUpIPs(ctx, old.Spec.ClusterIPs)
	case len(old.Spec.IPFamilies) == 1 && len(svc.Spec.IPFamilies) == 2:
		return t.claimIPs(ctx, svc, 1)
	case len(old.Spec.IPFamilies) == 2 && len(svc.Spec.IPFamilies) == 1 && len(old.Spec.ClusterIPs) == 2:
		return t.giveUpIPs(ctx, old.Spec.ClusterIPs[1:])
	}
	return nil
}

// claimIPs takes an address of each of the families of svc from the given one on: the chosen one where there is one.
func (t *transaction) claimIPs(ctx context.Context, svc *corev1.Service, from int) error {
	spec := &svc.Spec
	spec.ClusterIPs = slices.Clone(spec.ClusterIPs)
	for i := from; i < len(spec.IPFamilies); i++ {
		for len(spec.ClusterIPs) <= i {
			spec.ClusterIPs = append(spec.ClusterIPs, "")
		}
		if spec.ClusterIPs[i] == "" {
			address, err := t.claimAnyIP(ctx, spec.IPFamilies[i])
			if err != nil {
				return internal(fmt.Errorf("failed to allocate a serviceIP for Service %q: %w", svc.Name, err))
			}
			spec.ClusterIPs[i] = address
		} else if err := t.claimIP(ctx, spec.IPFamilies[i], spec.ClusterIPs[i]); err != nil {
			err = fmt.Errorf("failed to allocate IP %v: %w", spec.ClusterIPs[i], err)
			if !refused(err) {
				return internal(err)
			}
			return invalidService(svc, field.ErrorList{field.Invalid(field.NewPath("spec", "clusterIPs"), spec.ClusterIPs, err.Error())})
		}
	}
	if len(spec.ClusterIPs) > 0 {
		spec.ClusterIP = spec.ClusterIPs[0]
	}
	return nil
}

func (t *transaction) claimAnyIP(ctx context.Context, family corev1.IPFamily) (string, error) {
	r := t.services.addresses[family]
	if t.dryRun {
		return r.prefix.Addr().String(), nil
	}
	return t.claimAny(ctx, t.services.ips, func() iter.Seq[string] {
		return func(yield func(string) bool) {
			for address := range r.candidates() {
				if !yield(address.String()) {
					return
				}
			}
		}
	})
}

// claimIP takes a chosen address. A dry run only looks whether it is in range.
func (t *transaction) claimIP(ctx context.Context, family corev1.IPFamily, ip string) error {
	r := t.services.addresses[family]
	address, ok := canonicalIP(ip)
	if !ok {
		return fmt.Errorf("failed to parse service IP %q", ip)
	}
	switch {
	case r.contains(address) && t.dryRun:
		return nil
	case r.contains(address):
		return t.claim(ctx, t.services.ips, address.String())
	case t.dryRun:
		return &ipRangeError{address, r.prefix}
	default:
		return errForeignNet
	}
}

// ipRangeError tells which cluster IPs there are.
type ipRangeError struct {
	address netip.Addr
	valid   netip.Prefix
}

func (e *ipRangeError) Error() string {
	return fmt.Sprintf("the provided IP (%v) is not in the valid range. The range of valid IPs is %s", e.address, e.valid)
}

func (t *transaction) giveUpIPs(ctx context.Context, ips []string) error {
	for _, ip := range ips {
		address, ok := canonicalIP(ip)
		if !ok {
			continue
		}
		if err := t.giveUp(ctx, t.services.ips, address.String()); err != nil {
			return internal(err)
		}
	}
	return nil
}

// Release gives back everything that svc has, after it was deleted. What fails is left to the repair loop.
func (s *Services) Release(ctx context.Context, svc *corev1.Service) {
	o := ownerOf(svc, nil)
	release := func(p *pool, name string) {
		if err := p.releaseOf(ctx, name, o); err != nil && !errors.Is(err, errPoolChanged) {
			klog.FromContext(ctx).Error(err, "What a deleted Service had stays taken until the next repair", "service", klog.KObj(svc))
		}
	}
	for _, name := range heldIPs(svc) {
		release(s.ips, name)
	}
	for _, name := range heldPorts(svc) {
		release(s.ports, name)
	}
}

// heldIPs are the keys of the cluster IPs that svc has.
func heldIPs(svc *corev1.Service) []string {
	if !kind.NeedsClusterIP(svc) {
		return nil
	}
	ips := svc.Spec.ClusterIPs
	if len(ips) == 0 && svc.Spec.ClusterIP != "" {
		ips = []string{svc.Spec.ClusterIP}
	}
	var names []string
	for _, ip := range ips {
		if address, ok := canonicalIP(ip); ok {
			names = append(names, address.String())
		}
	}
	return names
}

// heldPorts are the keys of the node ports that svc has, each once.
func heldPorts(svc *corev1.Service) []string {
	ports := nodePorts(svc)
	if kind.NeedsHealthCheckPort(svc) && svc.Spec.HealthCheckNodePort > 0 {
		ports = append(ports, int(svc.Spec.HealthCheckNodePort))
	}
	slices.Sort(ports)
	var names []string
	for _, port := range slices.Compact(ports) {
		names = append(names, strconv.Itoa(port))
	}
	return names
}
