package steps

import (
	"slices"
	"testing"
)

// A Service's chains are those to which nothing but rules about its address leads.
func TestChainsOfAService(t *testing.T) {
	const dump = `*nat
:OUTPUT ACCEPT [0:0]
:SERVICES - [0:0]
:MARK - [0:0]
:WEB - [0:0]
:WEB-1 - [0:0]
:PORTS - [0:0]
:OUTER - [0:0]
:OTHER - [0:0]
-A OUTPUT -j SERVICES
-A SERVICES -d 10.96.0.1/32 -p tcp -j OTHER
-A SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j WEB
-A SERVICES -m addrtype --dst-type LOCAL -j PORTS
-A PORTS -p tcp -m tcp --dport 30080 -j OUTER
-A OUTER -j WEB
-A WEB -j MARK
-A WEB -m statistic --mode random -j WEB-1
-A WEB-1 -p tcp -j DNAT --to-destination 10.244.0.1:8080
-A OTHER -j MARK
COMMIT
`
	for _, tt := range []struct {
		name  string
		about []string
		want  []string
	}{
		{"all ways in", []string{"10.96.0.10", "30080"}, []string{"OUTER", "WEB", "WEB-1"}},
		{"another way leads in", []string{"10.96.0.10"}, nil},
		{"what is its alone", []string{"30080"}, []string{"OUTER"}},
		{"the beginning of an address", []string{"10.96.0.1"}, []string{"OTHER"}},
		{"nothing", []string{"10.96.0.11"}, nil},
	} {
		if got := chainsOf(dump, tt.about); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
