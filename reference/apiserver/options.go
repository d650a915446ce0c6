package apiserver

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/plumbline/plumbline/reference/allocate"
)

// Options is what a server needs to know. The zero value of a field that is not marked as needed is usable.
type Options struct {
	// DataDir keeps the certificate authority and, without EtcdServers, the database. Needed.
	DataDir string
	// EtcdServers are the URLs of an external etcd cluster; empty means an etcd inside this process.
	EtcdServers []string
	// EtcdCompactionInterval is how often etcd is made to forget old versions of objects; 0 means never.
	EtcdCompactionInterval time.Duration
	// BindAddress and SecurePort are where the API is served; port 0 takes a free one.
	BindAddress netip.Addr
	SecurePort  int
	// AdvertiseAddress is how the other machines of the cluster reach this server. Needed.
	AdvertiseAddress netip.Addr
	// TLSNames are further names and addresses of the serving certificate.
	TLSNames []string
	// ServiceClusterIPRanges is where cluster IPs come from: one range, or one of each IP family. Needed.
	ServiceClusterIPRanges []netip.Prefix
	// ServiceNodePorts is the range of node ports. Needed.
	ServiceNodePorts utilnet.PortRange
	// Token is the secret that a node joins by; empty means that no node can.
	Token string
	// ClusterDomain is the domain of the names that the cluster's DNS answers for; cluster.local when empty.
	ClusterDomain string
	// ForwardsNames says that all other names are asked for where the nodes ask.
	ForwardsNames bool
}

func (o Options) validate() error {
	var errs []error
	if o.DataDir == "" {
		errs = append(errs, errors.New("a data directory is needed"))
	}
	for _, server := range o.EtcdServers {
		if u, err := url.Parse(server); err != nil || u.Scheme == "" || u.Host == "" && u.Path == "" {
			errs = append(errs, fmt.Errorf("etcd server %q is not a URL", server))
		}
	}
	if o.SecurePort < 0 || o.SecurePort > 65535 {
		errs = append(errs, fmt.Errorf("port %d is not between 0 and 65535", o.SecurePort))
	}
	if a := o.AdvertiseAddress; !a.IsValid() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || a.IsLinkLocalUnicast() {
		errs = append(errs, fmt.Errorf("%s is no address that other machines can reach", a))
	}
	if len(o.ServiceClusterIPRanges) == 0 {
		errs = append(errs, errors.New("a service cluster IP range is needed"))
	}
	if o.ServiceNodePorts.Size == 0 {
		errs = append(errs, errors.New("a range of node ports is needed"))
	}
	return errors.Join(errs...)
}

// serviceIP is the address of the Service kubernetes: the first of the range.
func (o Options) serviceIP() netip.Addr {
	return allocate.APIServerIP(o.ServiceClusterIPRanges[0])
}

// dnsIP is the address of the Service kube-dns; the zero value leaves the choice to the server.
func (o Options) dnsIP() netip.Addr { return allocate.DNSIP(o.ServiceClusterIPRanges[0]) }

func (o Options) clusterDomain() string { return cmp.Or(o.ClusterDomain, "cluster.local") }

// loopbackHost is where this process reaches its own server.
func (o Options) loopbackHost() string {
	if !o.BindAddress.IsValid() || o.BindAddress.IsUnspecified() {
		return "127.0.0.1"
	}
	return o.BindAddress.String()
}

// certificateNames are the names and addresses by which clients may know this server.
func (o Options) certificateNames() (names []string, ips []net.IP, err error) {
	names = []string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + o.clusterDomain(), "localhost",
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, nil, fmt.Errorf("list the addresses of this machine: %w", err)
	}
	for _, address := range addresses {
		if n, ok := address.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
			ips = append(ips, n.IP)
		}
	}
	ips = append(ips, o.serviceIP().AsSlice(), o.AdvertiseAddress.AsSlice(), net.IPv4(127, 0, 0, 1))
	if o.BindAddress.IsValid() && !o.BindAddress.IsUnspecified() {
		ips = append(ips, o.BindAddress.AsSlice())
	}
	for _, name := range o.TLSNames {
		if ip := net.ParseIP(name); ip != nil {
			ips = append(ips, ip)
		} else {
			names = append(names, name)
		}
	}
	return names, ips, nil
}
