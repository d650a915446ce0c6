package allocate

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
)

// addressRange is the addresses that Services may have. Addresses that nobody chose are taken from the upper part while it
// has any, so that the lower one is left to those who choose (KEP-3070).
type addressRange struct {
	prefix      netip.Prefix
	first, last netip.Addr // the network's own address is not used, nor IPv4's broadcast address
	size        uint64     // number of addresses from first to last
	lower       uint64     // number of addresses in the lower part
}

func newAddressRange(prefix netip.Prefix) addressRange {
	prefix = prefix.Masked()
	r := addressRange{prefix: prefix, first: prefix.Addr().Next()}
	host := min(prefix.Addr().BitLen()-prefix.Bits(), 63)
	r.size = 1<<host - 1
	if prefix.Addr().Is4() {
		r.size--
	}
	r.last = addressAt(r.first, r.size-1)
	r.lower = lowerPart(1<<host, 16, 16, 256)
	return r
}

// lowerPart is the size of the part that is kept for those who choose: a fraction of the whole, between least and most,
// and none of a range that is hardly larger than the least.
func lowerPart(whole uint64, fraction, least, most uint64) uint64 {
	if whole <= least {
		return 0
	}
	return min(max(whole/fraction, least), most)
}

func (r addressRange) family() corev1.IPFamily {
	if r.prefix.Addr().Is6() {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

func (r addressRange) contains(address netip.Addr) bool {
	return r.first.Compare(address) <= 0 && address.Compare(r.last) <= 0
}

// candidates yields every address once: the upper part from a random address on and round, then the lower part.
func (r addressRange) candidates() iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for offset := range bands(r.size, r.lower) {
			if !yield(addressAt(r.first, offset)) {
				return
			}
		}
	}
}

// bands yields the numbers from lower up to size from a random one on and round, then those below lower likewise.
func bands(size, lower uint64) iter.Seq[uint64] {
	round := func(from, n uint64, yield func(uint64) bool) bool {
		if n == 0 {
			return true
		}
		start := rand.Uint64N(n)
		for i := range n {
			if !yield(from + (start+i)%n) {
				return false
			}
		}
		return true
	}
	return func(yield func(uint64) bool) {
		if round(lower, size-lower, yield) {
			round(0, lower, yield)
		}
	}
}

// addressAt is the address that is offset after first. It wraps around in the lower 64 bits, which no range exceeds.
func addressAt(first netip.Addr, offset uint64) netip.Addr {
	if first.Is4() {
		b := first.As4()
		binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(offset))
		return netip.AddrFrom4(b)
	}
	b := first.As16()
	binary.BigEndian.PutUint64(b[8:], binary.BigEndian.Uint64(b[8:])+offset)
	return netip.AddrFrom16(b)
}
