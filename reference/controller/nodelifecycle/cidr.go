package nodelifecycle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// errNoCIDR is the answer when every prefix of the cluster's range is a node's.
var errNoCIDR = errors.New("no free pod range is left in the cluster's range")

// nextCIDR is the first prefix of the given length in the cluster's range that overlaps none of those in use.
func nextCIDR(cluster netip.Prefix, bits int, used []netip.Prefix) (netip.Prefix, error) {
	cluster = cluster.Masked()
	if !cluster.IsValid() || bits < cluster.Bits() || bits > cluster.Addr().BitLen() || bits-cluster.Bits() > 16 {
		return netip.Prefix{}, fmt.Errorf("a range %v cannot be divided into ranges of %d bits", cluster, bits)
	}
candidates:
	for i := range 1 << (bits - cluster.Bits()) {
		candidate := netip.PrefixFrom(shifted(cluster.Addr(), i, bits), bits)
		for _, other := range used {
			if candidate.Overlaps(other) {
				continue candidates
			}
		}
		return candidate, nil
	}
	return netip.Prefix{}, errNoCIDR
}

// shifted is the address of the i-th range of the given length, counted from the base.
func shifted(base netip.Addr, i, bits int) netip.Addr {
	raw := base.As16()
	high, low := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	position := base.BitLen() - bits
	if position >= 64 {
		high += uint64(i) << (position - 64)
	} else {
		sum := low + uint64(i)<<position
		if sum < low {
			high++
		}
		low = sum
		if position > 0 {
			high += uint64(i) >> (64 - position)
		}
	}
	binary.BigEndian.PutUint64(raw[:8], high)
	binary.BigEndian.PutUint64(raw[8:], low)
	address := netip.AddrFrom16(raw)
	if base.Is4() {
		return address.Unmap()
	}
	return address
}
