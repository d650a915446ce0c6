package kind

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func newEndpoints(subsets ...corev1.EndpointSubset) *corev1.Endpoints {
	endpoints := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", ResourceVersion: "1"}, Subsets: subsets}
	defaultEndpoints(endpoints)
	return endpoints
}

func subset(ip string, ports ...corev1.EndpointPort) corev1.EndpointSubset {
	return corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: ip}}, Ports: ports}
}

func TestEndpointsRules(t *testing.T) {
	for name, test := range map[string]struct {
		endpoints *corev1.Endpoints
		want      []string
	}{
		"none":                 {endpoints: newEndpoints()},
		"an address":           {endpoints: newEndpoints(subset("10.244.0.5", corev1.EndpointPort{Port: 80}))},
		"IPv6":                 {endpoints: newEndpoints(subset("2001:db8::5"))},
		"no address":           {newEndpoints(corev1.EndpointSubset{}), []string{"subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"}},
		"loopback":             {newEndpoints(subset("127.0.0.1")), []string{`subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)`}},
		"link-local":           {newEndpoints(subset("169.254.1.1")), []string{`subsets[0].addresses[0].ip: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)`}},
		"link-local multicast": {newEndpoints(subset("224.0.0.1")), []string{`subsets[0].addresses[0].ip: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)`}},
		"unspecified":          {newEndpoints(subset("0.0.0.0")), []string{`subsets[0].addresses[0].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)`}},
		"not ready":            {newEndpoints(corev1.EndpointSubset{NotReadyAddresses: []corev1.EndpointAddress{{IP: "::1"}}}), []string{`subsets[0].notReadyAddresses[0].ip: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)`}},
		"leading zeros":        {newEndpoints(subset("10.244.0.05")), []string{`subsets[0].addresses[0].ip: Invalid value: "10.244.0.05": must not have leading 0s`}},
		"ports without names":  {newEndpoints(subset("10.244.0.5", corev1.EndpointPort{Port: 80}, corev1.EndpointPort{Port: 81})), []string{"subsets[0].ports[0].name: Required value", "subsets[0].ports[1].name: Required value"}},
		"port 0":               {newEndpoints(subset("10.244.0.5", corev1.EndpointPort{})), []string{"subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"}},
		"protocol":             {newEndpoints(subset("10.244.0.5", corev1.EndpointPort{Port: 80, Protocol: "x"})), []string{`subsets[0].ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(Endpoints.Validate(test.endpoints))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// What is stored already stays good, even if rules are newer.
func TestEndpointsKeptAsTheyAre(t *testing.T) {
	old := newEndpoints(subset("10.244.0.05"))
	endpoints := old.DeepCopy()
	endpoints.Labels = map[string]string{"a": "b"}
	if errs := Endpoints.ValidateUpdate(endpoints, old); len(errs) > 0 {
		t.Error(errs)
	}
	endpoints.Subsets = append(endpoints.Subsets, subset("10.244.0.6"))
	if errs := Endpoints.ValidateUpdate(endpoints, old); len(errs) != 1 {
		t.Errorf("%v, want one error", errs)
	}
}

func TestEndpointsRow(t *testing.T) {
	port := corev1.EndpointPort{Name: "http", Port: 80}
	for name, test := range map[string]struct {
		endpoints *corev1.Endpoints
		want      string
	}{
		"none":          {newEndpoints(), "<none>"},
		"one":           {newEndpoints(subset("10.0.0.1", port)), "10.0.0.1:80"},
		"without ports": {newEndpoints(subset("10.0.0.1")), "10.0.0.1"},
		"IPv6":          {newEndpoints(subset("fd00::1", port)), "[fd00::1]:80"},
		"only unready":  {newEndpoints(corev1.EndpointSubset{NotReadyAddresses: []corev1.EndpointAddress{{IP: "10.0.0.1"}}, Ports: []corev1.EndpointPort{port}}), ""},
		"five": {newEndpoints(corev1.EndpointSubset{Ports: []corev1.EndpointPort{port}, Addresses: []corev1.EndpointAddress{
			{IP: "10.0.0.1"}, {IP: "10.0.0.2"}, {IP: "10.0.0.3"}, {IP: "10.0.0.4"}, {IP: "10.0.0.5"},
		}}), "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more..."},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]any{"web", test.want, "<unknown>"}, Endpoints.Row(test.endpoints)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

func newSlice(kind discoveryv1.AddressType, change func(*discoveryv1.EndpointSlice), addresses ...string) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "web-abc", Namespace: "shop", ResourceVersion: "1"},
		AddressType: kind, Endpoints: []discoveryv1.Endpoint{{Addresses: addresses}},
	}
	if change != nil {
		change(slice)
	}
	defaultSlice(slice)
	return slice
}

func TestSliceRules(t *testing.T) {
	ports := func(names ...string) func(*discoveryv1.EndpointSlice) {
		return func(slice *discoveryv1.EndpointSlice) {
			for i, name := range names {
				slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &name, Port: new(int32(80 + i))})
			}
		}
	}
	zones := func(zones ...string) func(*discoveryv1.EndpointSlice) {
		return func(slice *discoveryv1.EndpointSlice) {
			hints := &discoveryv1.EndpointHints{}
			for _, zone := range zones {
				hints.ForZones = append(hints.ForZones, discoveryv1.ForZone{Name: zone})
			}
			slice.Endpoints[0].Hints = hints
		}
	}
	var many []string
	for i := range 101 {
		many = append(many, fmt.Sprintf("10.0.0.%d", i))
	}
	for name, test := range map[string]struct {
		slice *discoveryv1.EndpointSlice
		want  []string
	}{
		"IPv4":               {slice: newSlice("IPv4", nil, "10.0.0.1")},
		"IPv6":               {slice: newSlice("IPv6", nil, "2001:db8::1")},
		"names":              {slice: newSlice("FQDN", nil, "a.example.com")},
		"no type":            {newSlice("", nil, "10.0.0.1"), []string{"addressType: Required value"}},
		"unknown type":       {newSlice("ipv4", nil, "10.0.0.1"), []string{`addressType: Unsupported value: "ipv4": supported values: "FQDN", "IPv4", "IPv6"`}},
		"no address":         {newSlice("IPv4", nil), []string{"endpoints[0].addresses: Required value"}},
		"101 addresses":      {newSlice("IPv4", nil, many...), []string{"endpoints[0].addresses: Too many: 101: must have at most 100 items"}},
		"the other family":   {newSlice("IPv4", nil, "2001:db8::1"), []string{`endpoints[0].addresses: Invalid value: "2001:db8::1": must be an IPv4 address`}},
		"loopback":           {newSlice("IPv4", nil, "127.0.0.1"), []string{`endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)`}},
		"not canonical IPv6": {newSlice("IPv6", nil, "2001:DB8::1"), []string{`endpoints[0].addresses[0]: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")`}},
		"ports":              {slice: newSlice("IPv4", ports("a", "b"), "10.0.0.1")},
		"the same port name": {newSlice("IPv4", ports("a", "a"), "10.0.0.1"), []string{`ports[1].name: Duplicate value: "a"`}},
		"zones":              {slice: newSlice("IPv4", zones("a", "b"), "10.0.0.1")},
		"the same zone":      {newSlice("IPv4", zones("a", "a"), "10.0.0.1"), []string{`endpoints[0].hints.forZones[1].name: Duplicate value: "a"`}},
		"nine zones":         {newSlice("IPv4", zones("a", "b", "c", "d", "e", "f", "g", "h", "i"), "10.0.0.1"), []string{"endpoints[0].hints.forZones: Too many: 9: must have at most 8 items"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(EndpointSlice.Validate(test.slice))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSliceChanges(t *testing.T) {
	old := newSlice("IPv4", nil, "10.0.0.1")
	for name, test := range map[string]struct {
		slice *discoveryv1.EndpointSlice
		want  []string
	}{
		"addresses": {slice: newSlice("IPv4", nil, "10.0.0.2")},
		"type":      {newSlice("IPv6", nil, "2001:db8::1"), []string{"addressType: Invalid value: null: field is immutable"}},
		"to an unknown type": {newSlice("x", nil, "10.0.0.1"), []string{
			`addressType: Unsupported value: "x": supported values: "FQDN", "IPv4", "IPv6"`, "addressType: Invalid value: null: field is immutable",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(EndpointSlice.ValidateUpdate(test.slice, old))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSliceGeneration(t *testing.T) {
	old := newSlice("IPv4", nil, "10.0.0.1")
	EndpointSlice.PrepareCreate(old)
	for name, test := range map[string]struct {
		change func(*discoveryv1.EndpointSlice)
		want   int64
	}{
		"nothing":     {func(*discoveryv1.EndpointSlice) {}, 1},
		"annotations": {func(slice *discoveryv1.EndpointSlice) { slice.Annotations = map[string]string{"a": "b"} }, 1},
		"labels":      {func(slice *discoveryv1.EndpointSlice) { slice.Labels = map[string]string{"a": "b"} }, 2},
		"endpoints":   {func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			slice := old.DeepCopy()
			test.change(slice)
			EndpointSlice.PrepareUpdate(slice, old)
			if slice.Generation != test.want {
				t.Errorf("generation %d, want %d", slice.Generation, test.want)
			}
		})
	}
}

func TestSliceRow(t *testing.T) {
	slice := newSlice("IPv4", func(slice *discoveryv1.EndpointSlice) {
		slice.Ports = []discoveryv1.EndpointPort{{Port: new(int32(80))}, {Name: new("all")}}
	}, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
	if diff := cmp.Diff([]any{"web-abc", "IPv4", "80,all", "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...", "<unknown>"}, EndpointSlice.Row(slice)); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"web-abc", "IPv4", "<unset>", "<unset>", "<unknown>"}, EndpointSlice.Row(newSlice("IPv4", nil))); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}
