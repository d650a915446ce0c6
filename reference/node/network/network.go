// Package network connects the Pods of a node: an address from the node's
// range, a point-to-point veth, routes to the other nodes' ranges, and
// masquerading for what leaves the cluster. It needs no bridge, hence no
// br_netfilter: every packet is routed, and passes the node's rules.
package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
)

// ErrNotConfigured: the node's Pod range is not known yet.
var ErrNotConfigured = errors.New("the node has no Pod range yet")

// Config is what the node must know of the cluster's network.
type Config struct {
	PodCIDR     netip.Prefix // this node's range; its Pods get addresses from it
	ClusterCIDR netip.Prefix // all Pods' range; traffic to outside of it is masqueraded, zero: PodCIDR and the peers' ranges
	NodeIP      netip.Addr   // the node's own address, the source when it talks to its Pods
	Peers       []Peer       // the other nodes
}

// Peer is another node: its Pods are reached through its address.
type Peer struct {
	NodeIP  netip.Addr
	PodCIDR netip.Prefix
}

// Network gives Pods their connection. It keeps no state on disk: the caller
// remembers who has which address, and tells by Reserve after a restart.
type Network struct {
	configuring sync.Mutex // one Configure at a time

	forwarding sync.Mutex // over the rules for host ports, held while they are written

	mu        sync.Mutex
	forwarded map[string]forwarding // by Pod; changed only under forwarding
	config    Config
	addresses addresses
	mtu       int
}

// New has no range until Configure.
func New() *Network { return &Network{} }

// Configure sets the node's range, routes and masquerading. It is idempotent;
// addresses already given stay valid.
func (n *Network) Configure(ctx context.Context, config Config) error {
	if err := config.validate(); err != nil {
		return err
	}
	n.configuring.Lock()
	defer n.configuring.Unlock()
	mtu, err := mtuOf(config.NodeIP)
	if err != nil {
		return err
	}
	if err := syncRoutes(config.Peers); err != nil {
		return err
	}
	if err := syncMasquerade(ctx, config); err != nil {
		return err
	}
	if err := n.syncPorts(ctx); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.config, n.mtu = config, mtu
	n.addresses.setRange(config.PodCIDR)
	return nil
}

func (c Config) validate() error {
	if !c.PodCIDR.IsValid() || !c.PodCIDR.Addr().Is4() || c.PodCIDR.Bits() > 30 {
		return fmt.Errorf("the node's Pod range %v is no IPv4 range of at least four addresses", c.PodCIDR)
	}
	if !c.NodeIP.Is4() {
		return fmt.Errorf("the node's address %v is no IPv4 address", c.NodeIP)
	}
	for _, peer := range c.Peers {
		if !peer.NodeIP.Is4() || !peer.PodCIDR.IsValid() {
			return fmt.Errorf("peer %v with Pod range %v: not an IPv4 address and range", peer.NodeIP, peer.PodCIDR)
		}
		if peer.PodCIDR.Overlaps(c.PodCIDR) {
			return fmt.Errorf("peer %v has Pod range %v, which overlaps this node's %v", peer.NodeIP, peer.PodCIDR, c.PodCIDR)
		}
	}
	return nil
}

// Ready is nil once Configure has succeeded, else ErrNotConfigured.
func (n *Network) Ready() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.config.PodCIDR.IsValid() {
		return ErrNotConfigured
	}
	return nil
}

// NodeIP is the node's own address, zero before Configure.
func (n *Network) NodeIP() netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.config.NodeIP
}

// Reserve marks an address as taken, so that Connect does not give it away.
func (n *Network) Reserve(address netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses.reserve(address)
}

// Connect gives the network namespace at path an address and a way out. The
// id names the link; connecting it again replaces the former link.
func (n *Network) Connect(id, path string) (netip.Addr, error) {
	n.mu.Lock()
	if !n.config.PodCIDR.IsValid() {
		n.mu.Unlock()
		return netip.Addr{}, ErrNotConfigured
	}
	address, err := n.addresses.take()
	nodeIP, mtu := n.config.NodeIP, n.mtu
	n.mu.Unlock()
	if err != nil {
		return netip.Addr{}, err
	}
	if err := connect(LinkName(id), path, address, nodeIP, mtu); err != nil {
		n.mu.Lock()
		n.addresses.free(address)
		n.mu.Unlock()
		return netip.Addr{}, fmt.Errorf("connect %s: %w", id, err)
	}
	return address, nil
}

// Disconnect removes the ports that lead to the Pod, then the link, and frees the address. None of them needs to exist.
func (n *Network) Disconnect(ctx context.Context, id string, address netip.Addr) error {
	if err := n.unforward(ctx, id); err != nil {
		return err
	}
	if err := removeLink(LinkName(id)); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses.free(address)
	return nil
}
