package network

import (
	"fmt"
	"net/netip"
)

// addresses gives out a range's addresses one after the other and starts
// again at its end, so that an address rests before it is somebody else's.
type addresses struct {
	cidr  netip.Prefix
	last  netip.Addr
	taken map[netip.Addr]bool
}

func (a *addresses) setRange(cidr netip.Prefix) {
	a.cidr = cidr.Masked()
	if !a.cidr.Contains(a.last) {
		a.last = a.cidr.Addr().Next()
	}
}

func (a *addresses) reserve(address netip.Addr) {
	if a.taken == nil {
		a.taken = map[netip.Addr]bool{}
	}
	a.taken[address] = true
	a.last = address
}

func (a *addresses) free(address netip.Addr) { delete(a.taken, address) }

// take leaves out the range's first address (the network's), its second
// (customarily the gateway's) and its last (broadcast).
func (a *addresses) take() (netip.Addr, error) {
	first := a.cidr.Addr().Next().Next()
	candidate := a.last
	for range 1 << (32 - a.cidr.Bits()) {
		candidate = candidate.Next()
		if !a.cidr.Contains(candidate) || !a.cidr.Contains(candidate.Next()) {
			candidate = first
		}
		if !a.taken[candidate] {
			a.reserve(candidate)
			return candidate, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("no IP addresses available in range set: %s", a.cidr)
}
