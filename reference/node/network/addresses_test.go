package network

import (
	"net/netip"
	"testing"
)

func TestAddressesAreGivenInTurn(t *testing.T) {
	var a addresses
	a.setRange(netip.MustParsePrefix("10.244.1.0/29"))
	for _, want := range []string{"10.244.1.2", "10.244.1.3", "10.244.1.4", "10.244.1.5", "10.244.1.6"} {
		if got, err := a.take(); err != nil || got.String() != want {
			t.Fatalf("take() = %v, %v; want %s", got, err, want)
		}
	}
	if got, err := a.take(); err == nil {
		t.Fatalf("take() of a full range = %v, want an error", got)
	}
	a.free(netip.MustParseAddr("10.244.1.3"))
	if got, err := a.take(); err != nil || got.String() != "10.244.1.3" {
		t.Errorf("take() after free = %v, %v; want the freed 10.244.1.3", got, err)
	}
}

func TestAFreedAddressRests(t *testing.T) {
	var a addresses
	a.setRange(netip.MustParsePrefix("10.244.1.0/24"))
	first, _ := a.take()
	a.free(first)
	if second, err := a.take(); err != nil || second == first {
		t.Errorf("take() = %v, %v; want another address than the one just freed", second, err)
	}
}

func TestReservedAddressesAreNotGiven(t *testing.T) {
	var a addresses
	// As after a restart: the Pods are found before the range is told.
	a.reserve(netip.MustParseAddr("10.244.1.2"))
	a.reserve(netip.MustParseAddr("10.244.1.4"))
	a.setRange(netip.MustParsePrefix("10.244.1.0/29"))
	for _, want := range []string{"10.244.1.5", "10.244.1.6", "10.244.1.3"} {
		if got, err := a.take(); err != nil || got.String() != want {
			t.Fatalf("take() = %v, %v; want %s", got, err, want)
		}
	}
	if got, err := a.take(); err == nil {
		t.Errorf("take() of a full range = %v, want an error", got)
	}
}
