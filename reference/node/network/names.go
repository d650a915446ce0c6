package network

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/coreos/go-iptables/iptables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// namesChain leads what Pods ask for names at an address of the node to whoever answers there.
const namesChain = "REFERENCE-NAMES"

// namesRules is the chain in iptables-restore's form. Whoever answers has a port of its own, so that port 53 of the node is free.
func namesRules(at netip.AddrPort) string {
	rules := fmt.Sprintf("*nat\n:%s - [0:0]\n", namesChain)
	for _, protocol := range []string{"udp", "tcp"} {
		rules += fmt.Sprintf("-A %s -p %s -m %s --dport 53 -j DNAT --to-destination %s\n", namesChain, protocol, protocol, at)
	}
	return rules + "COMMIT\n"
}

// LeadNames gives the node an address that only it and its Pods reach, and leads what Pods ask for names there, at port 53, to the
// given port of it. It stays when the agent ends.
func LeadNames(ctx context.Context, at netip.AddrPort) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find the loopback interface: %w", err)
	}
	if err := netlink.AddrReplace(lo, &netlink.Addr{IPNet: host(at.Addr()), Scope: unix.RT_SCOPE_HOST}); err != nil {
		return fmt.Errorf("add the address %s to lo: %w", at.Addr(), err)
	}
	if err := restoreRules(ctx, namesRules(at)); err != nil {
		return fmt.Errorf("write the rules for names: %w", err)
	}
	tables, err := iptables.New(iptables.IPFamily(iptables.ProtocolIPv4), iptables.Timeout(10))
	if err != nil {
		return fmt.Errorf("find iptables: %w", err)
	}
	if err := tables.AppendUnique("nat", "PREROUTING", "-d", at.Addr().String()+"/32", "-m", "comment", "--comment", "names that the node asks for Pods", "-j", namesChain); err != nil {
		return fmt.Errorf("send questions for names through their rules: %w", err)
	}
	return nil
}
