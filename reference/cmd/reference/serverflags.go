package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/plumbline/plumbline/reference/allocate"
	"github.com/plumbline/plumbline/reference/apiserver"
	"github.com/plumbline/plumbline/reference/balancer"
	"github.com/plumbline/plumbline/reference/node"
)

// serverFlags are the flags of `reference server` as they were typed. The names are upstream's where upstream has the flag.
type serverFlags struct {
	agentFlags
	serviceClusterIPRange  string
	serviceNodePortRange   string
	clusterCIDR            string
	loadBalancerRange      string
	etcdServers            []string
	etcdCompactionInterval time.Duration
	dataDir                string
	securePort             int
	bindAddress            string
	advertiseAddress       string
	tlsSANs                []string
	token                  string
	nodeName               string
	noNode                 bool
	kubeconfigOut          string
	nodeMonitorGracePeriod time.Duration
	verbosity              int
}

func (f *serverFlags) add(set *pflag.FlagSet) {
	f.agentFlags.add(set)
	set.StringVar(&f.serviceClusterIPRange, "service-cluster-ip-range", "10.96.0.0/16", "where the cluster IPs of Services come from")
	set.StringVar(&f.serviceNodePortRange, "service-node-port-range", "30000-32767", "where the node ports of Services come from, both ends included")
	set.StringVar(&f.clusterCIDR, "cluster-cidr", "10.244.0.0/16", "where the addresses of Pods come from; each node gets a part of it")
	set.StringVar(&f.loadBalancerRange, "load-balancer-range", "",
		"where the addresses of Services of type LoadBalancer come from: a part of the nodes' network that nobody else uses. Without one they wait for another provider")
	set.StringSliceVar(&f.etcdServers, "etcd-servers", nil, "URLs of an etcd cluster; without any, etcd runs inside the server")
	set.DurationVar(&f.etcdCompactionInterval, "etcd-compaction-interval", 5*time.Minute,
		"how often etcd is made to forget what the objects were like before; 0: never. Lists that are read in pieces, and versions, are good for at least this long")
	set.StringVar(&f.dataDir, "data-dir", "/var/lib/reference", "directory of what the server must remember")
	set.IntVar(&f.securePort, "secure-port", 6443, "port of the API")
	set.StringVar(&f.bindAddress, "bind-address", "0.0.0.0", "address to serve the API on")
	set.StringVar(&f.advertiseAddress, "advertise-address", "", "address by which nodes and Pods reach the API (default: the address of the default route)")
	set.StringSliceVar(&f.tlsSANs, "tls-san", nil, "further name or address of the serving certificate; may be repeated")
	set.StringVar(&f.token, "token", "", "secret that nodes join by; also read from the environment variable REFERENCE_TOKEN. Without one, no node can join")
	set.StringVar(&f.nodeName, "node-name", "", "name of this machine's Node (default: the host name)")
	set.BoolVar(&f.noNode, "no-node", false, "run no node agent on this machine")
	set.StringVar(&f.kubeconfigOut, "kubeconfig-out", "/etc/kubernetes/admin.conf", "file to write the administrator's kubeconfig to")
	set.DurationVar(&f.nodeMonitorGracePeriod, "node-monitor-grace-period", 40*time.Second, "how long a node may be silent before it counts as lost")
	set.IntVar(&f.verbosity, "v", 0, "verbosity of the log")
}

// serverConfig is what the flags say, checked.
type serverConfig struct {
	api                    apiserver.Options
	clusterCIDR            netip.Prefix
	loadBalancers          balancer.Pool
	nodeName               string
	noNode                 bool
	kubeconfigOut          string
	nodeMonitorGracePeriod time.Duration
	agent                  node.Options // without what the server brings
}

// complaints collects what is wrong with flags.
type complaints []error

func (c *complaints) add(flag, format string, args ...any) {
	*c = append(*c, fmt.Errorf("invalid --%s: "+format, append([]any{flag}, args...)...))
}

// addInvalid takes an error that names its flag itself.
func (c *complaints) addInvalid(err error) {
	if err != nil {
		*c = append(*c, fmt.Errorf("invalid %w", err))
	}
}

// parse checks the flags. addresses lists the addresses of this machine, whose networks no range may overlap.
func (f *serverFlags) parse(addresses func() ([]net.Addr, error)) (serverConfig, error) {
	config := serverConfig{noNode: f.noNode, kubeconfigOut: f.kubeconfigOut, nodeMonitorGracePeriod: f.nodeMonitorGracePeriod}
	config.api = apiserver.Options{DataDir: f.dataDir, EtcdServers: f.etcdServers, EtcdCompactionInterval: f.etcdCompactionInterval, SecurePort: f.securePort, Token: f.token}
	if config.api.Token == "" {
		config.api.Token = os.Getenv("REFERENCE_TOKEN")
	}
	var wrong complaints
	f.parseAddresses(&config, &wrong)
	f.parseRanges(&config, addresses, &wrong)
	f.checkEtcd(&wrong)
	if f.dataDir == "" {
		wrong.add("data-dir", "a directory is needed")
	}
	if f.nodeMonitorGracePeriod <= 0 {
		wrong.add("node-monitor-grace-period", "%s is not a positive duration", f.nodeMonitorGracePeriod)
	}
	if f.etcdCompactionInterval < 0 {
		wrong.add("etcd-compaction-interval", "%s is negative", f.etcdCompactionInterval)
	}
	if f.verbosity < 0 {
		wrong.add("v", "%d is negative", f.verbosity)
	}
	var err error
	if config.nodeName, err = nodeNameOr(f.nodeName); err != nil {
		wrong = append(wrong, err)
	}
	config.api.TLSNames = append([]string{config.nodeName}, f.tlsSANs...)
	if err := f.apply(&config.agent); err != nil {
		wrong = append(wrong, err)
	}
	config.api.ClusterDomain = f.clusterDomain
	if config.api.ForwardsNames, err = node.Resolves(); err != nil {
		wrong = append(wrong, err)
	}
	if len(wrong) > 0 {
		return serverConfig{}, errors.Join(wrong...)
	}
	return config, nil
}

// parseAddresses settles where the API is served, and by what names.
func (f *serverFlags) parseAddresses(config *serverConfig, wrong *complaints) {
	bind, err := netip.ParseAddr(f.bindAddress)
	if err != nil {
		wrong.add("bind-address", "%q is not an IP address", f.bindAddress)
	}
	config.api.BindAddress = bind
	config.api.AdvertiseAddress = f.parseAdvertised(bind, wrong)
	if f.securePort < 1 || f.securePort > 65535 {
		wrong.add("secure-port", "%d is not between 1 and 65535", f.securePort)
	}
	for _, san := range f.tlsSANs {
		if net.ParseIP(san) == nil && len(validation.IsDNS1123Subdomain(strings.TrimPrefix(san, "*."))) > 0 {
			wrong.add("tls-san", "%q is neither a DNS name nor an IP address", san)
		}
	}
}

func (f *serverFlags) parseAdvertised(bind netip.Addr, wrong *complaints) netip.Addr {
	if f.advertiseAddress == "" {
		ip, err := utilnet.ResolveBindAddress(net.ParseIP(f.bindAddress))
		if err != nil && bind.IsValid() {
			wrong.add("advertise-address", "none was given, and none could be found: %v", err)
		}
		found, _ := netip.AddrFromSlice(ip)
		return found.Unmap()
	}
	given, err := netip.ParseAddr(f.advertiseAddress)
	switch {
	case err != nil:
		wrong.add("advertise-address", "%q is not an IP address", f.advertiseAddress)
	case given.IsUnspecified() || given.IsMulticast() || given.IsLoopback() || given.IsLinkLocalUnicast():
		wrong.add("advertise-address", "%s is no address that other machines can reach", given)
	}
	return given
}

// parseRanges settles where addresses and ports come from. No address may be of two things.
func (f *serverFlags) parseRanges(config *serverConfig, addresses func() ([]net.Addr, error), wrong *complaints) {
	services, err := allocate.ParseClusterIPRanges(f.serviceClusterIPRange)
	wrong.addInvalid(err)
	pods, err := netip.ParsePrefix(f.clusterCIDR)
	if err != nil {
		wrong.add("cluster-cidr", "%q is not an address range such as 10.244.0.0/16", f.clusterCIDR)
	}
	pods = pods.Masked()
	ports, err := allocate.ParseNodePorts(f.serviceNodePortRange)
	wrong.addInvalid(err)
	if err == nil && ports.Contains(f.securePort) {
		wrong.add("service-node-port-range", "%s contains the port of the API, %d", f.serviceNodePortRange, f.securePort)
	}
	own, err := ownNetworks(addresses)
	if err != nil {
		*wrong = append(*wrong, err)
	}
	wrong.addInvalid(allocate.CheckOverlap(services, pods, own))
	// Only the advertised address counts: after a restart the machine has addresses of Pods, too.
	if advertised := config.api.AdvertiseAddress; pods.Contains(advertised) {
		wrong.add("cluster-cidr", "%s contains this node's address %s: a Pod could get it", pods, advertised)
	}
	config.api.ServiceClusterIPRanges, config.api.ServiceNodePorts, config.clusterCIDR = services, ports, pods
	f.parseLoadBalancers(config, wrong)
}

// parseLoadBalancers settles where load balancers get their addresses: none may be another thing's as well. Of the
// machine's own addresses only the advertised one counts: after a restart it may have load balancers', too.
func (f *serverFlags) parseLoadBalancers(config *serverConfig, wrong *complaints) {
	if f.loadBalancerRange == "" {
		return
	}
	const flag = "load-balancer-range"
	pool, err := balancer.ParsePool(f.loadBalancerRange)
	if err != nil {
		wrong.add(flag, "%v", err)
		return
	}
	for _, services := range config.api.ServiceClusterIPRanges {
		if services.Overlaps(pool.Range()) {
			wrong.add(flag, "%s overlaps --service-cluster-ip-range %s: a Service could get another's address", pool, services)
		}
	}
	if config.clusterCIDR.Overlaps(pool.Range()) {
		wrong.add(flag, "%s overlaps --cluster-cidr %s: a Pod could get a load balancer's address", pool, config.clusterCIDR)
	}
	advertised := config.api.AdvertiseAddress
	if pool.Contains(advertised) {
		wrong.add(flag, "%s contains this node's address %s: a load balancer could get it", pool, advertised)
	}
	config.loadBalancers = pool
}

func (f *serverFlags) checkEtcd(wrong *complaints) {
	for _, server := range f.etcdServers {
		if u, err := url.Parse(server); err != nil || u.Scheme == "" || u.Host == "" && u.Path == "" {
			wrong.add("etcd-servers", "%q is not a URL such as http://127.0.0.1:2379", server)
		}
	}
}

// ownNetworks are the addresses of this machine, each with the length of its network.
func ownNetworks(list func() ([]net.Addr, error)) ([]netip.Prefix, error) {
	addresses, err := list()
	if err != nil {
		return nil, fmt.Errorf("list the addresses of this machine: %w", err)
	}
	var own []netip.Prefix
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(network.IP); ok {
				length, _ := network.Mask.Size()
				own = append(own, netip.PrefixFrom(ip.Unmap(), length))
			}
		}
	}
	return own, nil
}
