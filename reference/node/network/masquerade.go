package network

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"

	"github.com/coreos/go-iptables/iptables"
)

// masqueradeChain holds the node's rules for Pods' traffic to outside.
const masqueradeChain = "REFERENCE-MASQUERADE"

// masqueradeRules is the chain in iptables-restore's form: what goes to a Pod
// keeps its source, the rest leaves under the node's address, which is the
// only one that the outside has a route to.
func masqueradeRules(config Config) string {
	inside := []netip.Prefix{config.ClusterCIDR}
	if !config.ClusterCIDR.IsValid() {
		inside = []netip.Prefix{config.PodCIDR}
		for _, peer := range config.Peers {
			inside = append(inside, peer.PodCIDR)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "*nat\n:%s - [0:0]\n", masqueradeChain)
	for _, cidr := range inside {
		fmt.Fprintf(&b, "-A %s -d %s -j RETURN\n", masqueradeChain, cidr.Masked())
	}
	fmt.Fprintf(&b, "-A %s -d 224.0.0.0/4 -j RETURN\n", masqueradeChain)
	fmt.Fprintf(&b, "-A %s -s %s -j MASQUERADE\nCOMMIT\n", masqueradeChain, config.PodCIDR.Masked())
	return b.String()
}

func syncMasquerade(ctx context.Context, config Config) error {
	if err := restoreRules(ctx, masqueradeRules(config)); err != nil {
		return fmt.Errorf("write the masquerading rules: %w", err)
	}
	tables, err := iptables.New(iptables.IPFamily(iptables.ProtocolIPv4), iptables.Timeout(10))
	if err != nil {
		return fmt.Errorf("find iptables: %w", err)
	}
	if err := tables.AppendUnique("nat", "POSTROUTING", "-m", "comment", "--comment", "Pods' traffic to outside", "-j", masqueradeChain); err != nil {
		return fmt.Errorf("send outgoing traffic through the masquerading rules: %w", err)
	}
	return nil
}

// restoreRules gives rules to iptables-restore, which replaces the chains that they name and leaves all others.
func restoreRules(ctx context.Context, rules string) error {
	restore := exec.CommandContext(ctx, "iptables-restore", "--noflush", "-w", "10")
	restore.Stdin = strings.NewReader(rules)
	var stderr bytes.Buffer
	restore.Stderr = &stderr
	if err := restore.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}
