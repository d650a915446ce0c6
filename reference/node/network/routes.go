package network

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// routeProtocol marks the routes that are ours (see rt_protos in iproute2:
// numbers from 100 on are free on a node that runs no routing daemon).
const routeProtocol = 112

// syncRoutes makes the peers' routes, and removes those of former peers.
func syncRoutes(peers []Peer) error {
	wanted := map[netip.Prefix]bool{}
	for _, peer := range peers {
		cidr := peer.PodCIDR.Masked()
		wanted[cidr] = true
		route := &netlink.Route{
			Dst:      &net.IPNet{IP: cidr.Addr().AsSlice(), Mask: net.CIDRMask(cidr.Bits(), 32)},
			Gw:       peer.NodeIP.AsSlice(),
			Protocol: routeProtocol,
		}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("add the route to %s through %s: %w", cidr, peer.NodeIP, err)
		}
	}
	routes, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Protocol: routeProtocol}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	for _, route := range routes {
		if wanted[prefixOf(route.Dst)] {
			continue
		}
		if err := netlink.RouteDel(&route); err != nil {
			return fmt.Errorf("remove the route to %s: %w", route.Dst, err)
		}
	}
	return nil
}

func prefixOf(network *net.IPNet) netip.Prefix {
	if network == nil {
		return netip.Prefix{}
	}
	address, _ := netip.AddrFromSlice(network.IP)
	bits, _ := network.Mask.Size()
	return netip.PrefixFrom(address.Unmap(), bits)
}

// mtuOf is the MTU of the interface that has the address.
func mtuOf(address netip.Addr) (int, error) {
	link, err := linkOf(address)
	if err != nil {
		return 0, err
	}
	return link.Attrs().MTU, nil
}

// linkOf is the interface that has the address.
func linkOf(address netip.Addr) (netlink.Link, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	for _, link := range links {
		addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
		if err != nil {
			return nil, fmt.Errorf("list the addresses of %s: %w", link.Attrs().Name, err)
		}
		for _, a := range addresses {
			if a.IP.Equal(address.AsSlice()) {
				return link, nil
			}
		}
	}
	return nil, fmt.Errorf("no interface of the node has its address %s", address)
}
