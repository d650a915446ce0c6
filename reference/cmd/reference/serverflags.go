package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/plumbline/plumbline/reference/allocate"
	"github.com/plumbline/plumbline/reference/apiserver"
	"github.com/plumbline/plumbline/reference/node"
)

// serverFlags are the flags of `reference server` as they were typed. The names are upstream's where upstream has the flag.
type serverFlags struct {
	agentFlags
	serviceClusterIPRange  string
	serviceNodePortRange   string
	clusterCIDR            string
	etcdServers            []string
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
	set.StringSliceVar(&f.etcdServers, "etcd-servers", nil, "URLs of an etcd cluster; without any, etcd runs inside the server")
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
	nodeName               string
	noNode                 bool
	kubeconfigOut          string
	nodeMonitorGracePeriod time.Duration
	agent                  node.Options // without what the server brings
}

// parse checks the flags. addresses lists the addresses of this machine, which no range may contain.
func (f *serverFlags) parse(addresses func() ([]net.Addr, error)) (serverConfig, error) {
	config := serverConfig{noNode: f.noNode, kubeconfigOut: f.kubeconfigOut, nodeMonitorGracePeriod: f.nodeMonitorGracePeriod}
	var errs []error
	fail := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("invalid --%s: "+format, append([]any{name}, args...)...))
	}
	address := func(name, text string) netip.Addr {
		a, err := netip.ParseAddr(text)
		if err != nil {
			fail(name, "%q is not an IP address", text)
		}
		return a
	}
	services, err := allocate.ParseClusterIPRanges(f.serviceClusterIPRange)
	if err != nil {
		errs = append(errs, fmt.Errorf("invalid %w", err))
	}
	pods, err := netip.ParsePrefix(f.clusterCIDR)
	if err != nil {
		fail("cluster-cidr", "%q is not an address range such as 10.244.0.0/16", f.clusterCIDR)
	}
	bind := address("bind-address", f.bindAddress)
	var advertise netip.Addr
	if f.advertiseAddress != "" {
		advertise = address("advertise-address", f.advertiseAddress)
		if advertise.IsUnspecified() || advertise.IsMulticast() || advertise.IsLoopback() || advertise.IsLinkLocalUnicast() {
			fail("advertise-address", "%s is no address that other machines can reach", advertise)
		}
	} else if ip, err := utilnet.ResolveBindAddress(net.ParseIP(f.bindAddress)); err == nil {
		advertise, _ = netip.AddrFromSlice(ip)
		advertise = advertise.Unmap()
	} else if bind.IsValid() {
		fail("advertise-address", "none was given, and none could be found: %v", err)
	}
	if f.securePort < 1 || f.securePort > 65535 {
		fail("secure-port", "%d is not between 1 and 65535", f.securePort)
	}
	if f.dataDir == "" {
		fail("data-dir", "a directory is needed")
	}
	if f.nodeMonitorGracePeriod <= 0 {
		fail("node-monitor-grace-period", "%s is not a positive duration", f.nodeMonitorGracePeriod)
	}
	if f.verbosity < 0 {
		fail("v", "%d is negative", f.verbosity)
	}
	for _, san := range f.tlsSANs {
		if net.ParseIP(san) == nil && len(validation.IsDNS1123Subdomain(strings.TrimPrefix(san, "*."))) > 0 {
			fail("tls-san", "%q is neither a DNS name nor an IP address", san)
		}
	}
	ports, err := allocate.ParseNodePorts(f.serviceNodePortRange)
	if err != nil {
		errs = append(errs, fmt.Errorf("invalid %w", err))
	} else if ports.Contains(f.securePort) {
		fail("service-node-port-range", "%s contains the port of the API, %d", f.serviceNodePortRange, f.securePort)
	}
	if config.nodeName, err = nodeNameOr(f.nodeName); err != nil {
		errs = append(errs, err)
	}
	if err := f.apply(&config.agent); err != nil {
		errs = append(errs, err)
	}
	if own, err := ownAddresses(addresses); err != nil {
		errs = append(errs, err)
	} else if err := allocate.CheckOverlap(services, pods.Masked(), own); err != nil {
		errs = append(errs, fmt.Errorf("invalid %w", err))
	}
	if pods.Contains(advertise) {
		fail("cluster-cidr", "%s contains this node's address %s: a Pod could get it", pods, advertise)
	}
	if len(errs) > 0 {
		return serverConfig{}, errors.Join(errs...)
	}
	token := f.token
	if token == "" {
		token = os.Getenv("REFERENCE_TOKEN")
	}
	config.clusterCIDR = pods.Masked()
	config.api = apiserver.Options{
		DataDir: f.dataDir, EtcdServers: f.etcdServers, BindAddress: bind, SecurePort: f.securePort, AdvertiseAddress: advertise,
		TLSNames: append([]string{config.nodeName}, f.tlsSANs...), ServiceClusterIPRanges: services, ServiceNodePorts: ports, Token: token,
	}
	return config, nil
}

func ownAddresses(list func() ([]net.Addr, error)) ([]netip.Addr, error) {
	addresses, err := list()
	if err != nil {
		return nil, fmt.Errorf("list the addresses of this machine: %w", err)
	}
	var own []netip.Addr
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(network.IP); ok {
				own = append(own, ip.Unmap())
			}
		}
	}
	return own, nil
}
