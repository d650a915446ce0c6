package allocate

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func prefixes(values ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, value := range values {
		all = append(all, netip.MustParsePrefix(value))
	}
	return all
}

func TestParseClusterIPRanges(t *testing.T) {
	for name, test := range map[string]struct {
		value string
		want  []netip.Prefix
		err   string
	}{
		"one range":                     {value: "10.96.0.0/16", want: prefixes("10.96.0.0/16")},
		"an address inside the range":   {value: "10.96.7.1/16", want: prefixes("10.96.0.0/16")},
		"the smallest":                  {value: "10.96.0.0/29", want: prefixes("10.96.0.0/29")},
		"two families":                  {value: "10.96.0.0/16,fd00::/112", want: prefixes("10.96.0.0/16", "fd00::/112")},
		"too small":                     {value: "10.96.0.0/30", err: `--service-cluster-ip-range="10.96.0.0/30": the service cluster IP range must be at least 8 IP addresses, and 10.96.0.0/30 is smaller`},
		"a single address":              {value: "10.96.0.1/32", err: "must be at least 8 IP addresses"},
		"no length":                     {value: "10.96.0.0", err: `--service-cluster-ip-range="10.96.0.0": service-cluster-ip-range[0] is not a valid cidr: invalid CIDR address: 10.96.0.0`},
		"too long a length":             {value: "10.96.0.0/33", err: "service-cluster-ip-range[0] is not a valid cidr"},
		"a word":                        {value: "services", err: "service-cluster-ip-range[0] is not a valid cidr"},
		"empty":                         {value: "", err: "service-cluster-ip-range[0] is not a valid cidr"},
		"second malformed":              {value: "10.96.0.0/16,x", err: "service-cluster-ip-range[1] is not a valid cidr"},
		"two of a family":               {value: "10.96.0.0/16,10.97.0.0/16", err: "--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family"},
		"three":                         {value: "10.96.0.0/16,fd00::/112,10.97.0.0/16", err: "must not contain more than two entries"},
		"an IPv6 range of too many":     {value: "fd00::/48", err: "shortest allowed prefix length for service CIDR is 64, got 48"},
		"an IPv6 range of exactly much": {value: "fd00::/64", want: prefixes("fd00::/64")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseClusterIPRanges(test.value)
			checkError(t, err, test.err)
			if diff := cmp.Diff(test.want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case err == nil && want != "":
		t.Errorf("no error, want %q", want)
	case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestParseNodePorts(t *testing.T) {
	for name, test := range map[string]struct{ value, want, err string }{
		"from and to":    {value: "30000-32767", want: "30000-32767"},
		"a number more":  {value: "30000+10", want: "30000-30010"},
		"one port":       {value: "31000", want: "31000-31000"},
		"backwards":      {value: "32767-30000", err: `--service-node-port-range="32767-30000" is not a valid port range: end port cannot be less than start port`},
		"too high":       {value: "60000-70000", err: "the port range cannot be greater than 65535"},
		"zero":           {value: "0-100", err: "ports start at 1"},
		"a word":         {value: "high", err: `--service-node-port-range="high" is not a valid port range`},
		"empty":          {value: "", err: "it contains no port"},
		"both notations": {value: "30000-30010+5", err: "is not a valid port range"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseNodePorts(test.value)
			checkError(t, err, test.err)
			if got.String() != test.want {
				t.Errorf("%q, want %q", got.String(), test.want)
			}
		})
	}
}

func TestCheckOverlap(t *testing.T) {
	pods := netip.MustParsePrefix("10.244.0.0/16")
	node := prefixes("172.17.0.2/16", "fd00::2/64")
	for name, test := range map[string]struct {
		services []netip.Prefix
		err      string
	}{
		"apart":                {services: prefixes("10.96.0.0/16")},
		"inside the Pods":      {services: prefixes("10.244.8.0/24"), err: "--service-cluster-ip-range 10.244.8.0/24 overlaps --cluster-cidr 10.244.0.0/16"},
		"around the Pods":      {services: prefixes("10.0.0.0/8"), err: "--service-cluster-ip-range 10.0.0.0/8 overlaps --cluster-cidr 10.244.0.0/16"},
		"around the node":      {services: prefixes("172.16.0.0/12"), err: "--service-cluster-ip-range 172.16.0.0/12 overlaps this node's network 172.17.0.0/16, where its address is 172.17.0.2"},
		"beside the node":      {services: prefixes("172.17.8.0/24"), err: "--service-cluster-ip-range 172.17.8.0/24 overlaps this node's network 172.17.0.0/16"},
		"the second, the node": {services: prefixes("10.96.0.0/16", "fd00::/112"), err: "--service-cluster-ip-range fd00::/112 overlaps this node's network fd00::/64"},
	} {
		t.Run(name, func(t *testing.T) { checkError(t, CheckOverlap(test.services, pods, node), test.err) })
	}
}

func TestAddressRange(t *testing.T) {
	for name, test := range map[string]struct {
		prefix, first, last string
		size, lower         uint64
	}{
		"smallest":          {"10.0.0.0/29", "10.0.0.1", "10.0.0.6", 6, 0},
		"no parts yet":      {"10.0.0.0/28", "10.0.0.1", "10.0.0.14", 14, 0},
		"first with parts":  {"10.0.0.0/27", "10.0.0.1", "10.0.0.30", 30, 16},
		"a sixteenth":       {"10.0.0.0/22", "10.0.0.1", "10.0.3.254", 1022, 64},
		"the default":       {"10.96.0.0/16", "10.96.0.1", "10.96.255.254", 65534, 256},
		"IPv6 uses the end": {"fd00::/120", "fd00::1", "fd00::ff", 255, 16},
	} {
		t.Run(name, func(t *testing.T) {
			r := newAddressRange(netip.MustParsePrefix(test.prefix))
			got := []any{r.first.String(), r.last.String(), r.size, r.lower}
			if diff := cmp.Diff([]any{test.first, test.last, test.size, test.lower}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every address comes once, and those below the border last.
func TestCandidates(t *testing.T) {
	r := newAddressRange(netip.MustParsePrefix("10.0.0.0/26"))
	all := slices.Collect(r.candidates())
	border := addressAt(r.first, r.lower)
	for i, address := range all {
		if upper := border.Compare(address) <= 0; upper != (i < len(all)-int(r.lower)) {
			t.Fatalf("candidate %d of %d is %s, border %s", i, len(all), address, border)
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	if unique := slices.Compact(slices.Clone(all)); len(unique) != 62 || len(all) != 62 || all[0] != r.first || all[61] != r.last {
		t.Errorf("%d candidates, %d different, from %s to %s", len(all), len(unique), all[0], all[len(all)-1])
	}
}
