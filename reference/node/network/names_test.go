package network

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesRules(t *testing.T) {
	want := `*nat
:REFERENCE-NAMES - [0:0]
-A REFERENCE-NAMES -p udp -m udp --dport 53 -j DNAT --to-destination 169.254.1.53:10253
-A REFERENCE-NAMES -p tcp -m tcp --dport 53 -j DNAT --to-destination 169.254.1.53:10253
COMMIT
`
	if diff := cmp.Diff(want, namesRules(netip.MustParseAddrPort("169.254.1.53:10253"))); diff != "" {
		t.Error(diff)
	}
}
