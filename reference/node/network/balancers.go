package network

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// balancerLabel marks, after the interface's name, the addresses of load balancers: those that are ours to remove.
const balancerLabel = ":lb"

// AnswerFor has the node answer for these addresses, besides its own, on the network where it has its own, and for no others
// that it answered for before. What is new is announced, so that neighbours forget which node it was before.
func AnswerFor(own netip.Addr, addresses []netip.Addr) error {
	link, err := linkOf(own)
	if err != nil {
		return err
	}
	attrs := link.Attrs()
	label := attrs.Name + balancerLabel
	if len(label) >= unix.IFNAMSIZ {
		return fmt.Errorf("the interface's name %q is too long for a label at its addresses", attrs.Name)
	}
	present, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("list the addresses of %s: %w", attrs.Name, err)
	}
	held := map[netip.Addr]bool{}
	for _, p := range present {
		if p.Label != label {
			continue
		}
		address, _ := netip.AddrFromSlice(p.IP.To4())
		held[address] = true
		if slices.Contains(addresses, address) {
			continue
		}
		if err := netlink.AddrDel(link, &p); err != nil {
			return fmt.Errorf("remove the address %s from %s: %w", address, attrs.Name, err)
		}
	}
	for _, address := range addresses {
		if held[address] {
			continue
		}
		if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: host(address), Label: label}); err != nil {
			return fmt.Errorf("add the address %s to %s: %w", address, attrs.Name, err)
		}
		if err := announce(attrs, address); err != nil {
			return fmt.Errorf("announce the address %s on %s: %w", address, attrs.Name, err)
		}
	}
	return nil
}

// announce tells the neighbours on a link that an address is here (RFC 5227, section 3).
func announce(link *netlink.LinkAttrs, address netip.Addr) error {
	if len(link.HardwareAddr) != 6 {
		return nil // nobody there asks for hardware addresses
	}
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ARP)) // in the network's byte order
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	to := &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: link.Index, Halen: 6, Addr: [8]byte{255, 255, 255, 255, 255, 255}}
	return unix.Sendto(socket, announcement(link.HardwareAddr, address), 0, to)
}

// announcement is an ARP request for an address by whoever has it.
func announcement(mac net.HardwareAddr, address netip.Addr) []byte {
	ip := address.As4()
	packet := binary.BigEndian.AppendUint16(nil, 1) // Ethernet
	packet = binary.BigEndian.AppendUint16(packet, unix.ETH_P_IP)
	packet = append(packet, 6, 4)
	packet = binary.BigEndian.AppendUint16(packet, 1) // a request
	packet = append(append(packet, mac...), ip[:]...)
	return append(append(packet, make([]byte, 6)...), ip[:]...)
}
