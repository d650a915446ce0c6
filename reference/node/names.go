package node

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline/plumbline/reference/node/network"
	"github.com/plumbline/plumbline/reference/node/relay"
)

// relayAddress is where Pods ask the name servers that only the node can reach. It is link-local, as the Pods' gateway, and means on
// each node that node. Caches of DNS on nodes have such addresses, too, usually 169.254.20.10.
var relayAddress = netip.MustParseAddr("169.254.1.53")

const (
	namePort = 53
	// relayPort is the relay's own: port 53 is left to Pods on the node's network that serve names themselves.
	relayPort = 10253
)

// onLoopback are the name servers of a resolver that only the machine itself can reach.
func (r resolver) onLoopback() []netip.AddrPort {
	var servers []netip.AddrPort
	for _, server := range r.servers {
		if address, err := netip.ParseAddr(server); err == nil && address.IsLoopback() {
			servers = append(servers, netip.AddrPortFrom(address, namePort))
		}
	}
	return servers
}

// forPods is the node's resolver as Pods with a network of their own can use it: the relay stands for the servers on loopback.
func (r resolver) forPods() resolver {
	servers := slices.Clone(r.servers)
	for i, server := range servers {
		if address, err := netip.ParseAddr(server); err == nil && address.IsLoopback() {
			servers[i] = relayAddress.String()
		}
	}
	r.servers = unique(servers)
	return r
}

// relayNames runs the relay, if the node has name servers that Pods cannot reach, until ctx ends.
func (a *Agent) relayNames(ctx context.Context) error {
	own, err := nodeResolver()
	if err != nil {
		return err
	}
	if len(own.onLoopback()) == 0 {
		return nil
	}
	at := netip.AddrPortFrom(relayAddress, relayPort)
	if err := network.LeadNames(ctx, at); err != nil {
		return fmt.Errorf("lead Pods to the node's name servers: %w", err)
	}
	r, err := relay.Listen(ctx, at, func() ([]netip.AddrPort, error) {
		now, err := nodeResolver()
		return now.onLoopback(), err
	})
	if err != nil {
		return err
	}
	a.group.Go(func() { r.Run(ctx) })
	return nil
}
