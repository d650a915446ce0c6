package network

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// podLink is the name of a Pod's only interface besides lo.
const podLink = "eth0"

// gateway is what Pods send everything to. No interface has this address: a
// permanent neighbour entry says where its packets go.
var gateway = netip.MustParseAddr("169.254.1.1")

// linkPrefix begins the names of the node's ends of all Pods' veths.
const linkPrefix = "veth"

// LinkName is the name of the node's end of a Pod's veth.
func LinkName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return linkPrefix + hex.EncodeToString(sum[:4])
}

// connect makes the veth and both ends' addresses, routes and neighbours. All
// are stated, so that no packet ever waits for address resolution.
func connect(name, path string, address, nodeIP netip.Addr, mtu int) (err error) {
	ns, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the network namespace: %w", err)
	}
	defer ns.Close()
	if err := removeLink(name); err != nil { // left by a start that was cut short
		return err
	}
	hostMAC, podMAC := randomMAC(), randomMAC()
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.HardwareAddr = name, mtu, hostMAC
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: podLink, PeerHardwareAddr: podMAC, PeerMTU: uint32(mtu), PeerNamespace: netlink.NsFd(int(ns.Fd()))}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("add veth %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeLink(name))
		}
	}()
	if err := connectPod(ns, address, hostMAC); err != nil {
		return err
	}
	return connectNode(veth, address, nodeIP, podMAC)
}

func connectPod(ns *os.File, address netip.Addr, hostMAC net.HardwareAddr) error {
	handle, err := handleIn(ns)
	if err != nil {
		return err
	}
	defer handle.Close()
	lo, err := handle.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find the Pod's loopback: %w", err)
	}
	if err := handle.LinkSetUp(lo); err != nil {
		return fmt.Errorf("set the Pod's loopback up: %w", err)
	}
	eth, err := handle.LinkByName(podLink)
	if err != nil {
		return fmt.Errorf("find the Pod's interface: %w", err)
	}
	index := eth.Attrs().Index
	if err := handle.AddrAdd(eth, &netlink.Addr{IPNet: host(address)}); err != nil {
		return fmt.Errorf("give the Pod the address %s: %w", address, err)
	}
	if err := handle.LinkSetUp(eth); err != nil {
		return fmt.Errorf("set the Pod's interface up: %w", err)
	}
	if err := handle.NeighSet(neighbour(index, gateway, hostMAC)); err != nil {
		return fmt.Errorf("tell the Pod its gateway's hardware address: %w", err)
	}
	if err := handle.RouteAdd(&netlink.Route{LinkIndex: index, Scope: netlink.SCOPE_LINK, Dst: host(gateway)}); err != nil {
		return fmt.Errorf("add the Pod's route to its gateway: %w", err)
	}
	if err := handle.RouteAdd(&netlink.Route{LinkIndex: index, Gw: gateway.AsSlice()}); err != nil {
		return fmt.Errorf("add the Pod's default route: %w", err)
	}
	return nil
}

func connectNode(veth *netlink.Veth, address, nodeIP netip.Addr, podMAC net.HardwareAddr) error {
	index := veth.Attrs().Index
	if index == 0 {
		link, err := netlink.LinkByName(veth.Name)
		if err != nil {
			return fmt.Errorf("find veth %s: %w", veth.Name, err)
		}
		index = link.Attrs().Index
	}
	if err := netlink.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: index, Name: veth.Name}}); err != nil {
		return fmt.Errorf("set veth %s up: %w", veth.Name, err)
	}
	if err := netlink.NeighSet(neighbour(index, address, podMAC)); err != nil {
		return fmt.Errorf("tell the node the Pod's hardware address: %w", err)
	}
	route := &netlink.Route{LinkIndex: index, Scope: netlink.SCOPE_LINK, Dst: host(address), Src: nodeIP.AsSlice()}
	if err := netlink.RouteReplace(route); err != nil {
		return fmt.Errorf("add the route to %s: %w", address, err)
	}
	return nil
}

// removeLink removes the node's end, and with it the Pod's and all routes.
func removeLink(name string) error {
	link, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.LinkDel(link)
	}
	var notFound netlink.LinkNotFoundError
	if err == nil || errors.As(err, &notFound) || errors.Is(err, syscall.ENODEV) {
		return nil
	}
	return fmt.Errorf("remove veth %s: %w", name, err)
}

func neighbour(link int, address netip.Addr, mac net.HardwareAddr) *netlink.Neigh {
	return &netlink.Neigh{LinkIndex: link, Family: unix.AF_INET, State: netlink.NUD_PERMANENT, IP: address.AsSlice(), HardwareAddr: mac}
}

func host(address netip.Addr) *net.IPNet {
	return &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(32, 32)}
}

// randomMAC is locally administered and unicast.
func randomMAC() net.HardwareAddr {
	mac := make(net.HardwareAddr, 6)
	rand.Read(mac)
	mac[0] = mac[0]&^1 | 2
	return mac
}
