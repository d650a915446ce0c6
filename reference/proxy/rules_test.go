package proxy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// readable replaces the hashes of chain names by letters in the order of their appearance, and leaves out the chains
// that are the same for any Services.
func readable(rules Rules) string {
	text := rules.String()
	letters := map[string]string{}
	for _, prefix := range portalPrefixes {
		for rest := text; ; {
			i := strings.Index(rest, prefix)
			if i < 0 {
				break
			}
			hash := rest[i+len(prefix) : i+len(prefix)+16]
			key := prefix + hash
			if letters[key] == "" {
				n := 0
				for known := range letters {
					if strings.HasPrefix(known, prefix) {
						n++
					}
				}
				letters[key] = prefix + string(rune('a'+n))
			}
			rest = rest[i+1:]
		}
	}
	for key, letter := range letters {
		text = strings.ReplaceAll(text, key, letter)
	}
	var kept []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		constant := strings.HasPrefix(line, ":") || strings.HasPrefix(line, "-A KUBE-POSTROUTING") || strings.HasPrefix(line, "-A KUBE-FORWARD") ||
			strings.HasPrefix(line, "-A KUBE-MARK-MASQ") || strings.Contains(line, "NOTE: this must be the last rule")
		if !constant {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n") + "\n"
}

func TestCompute(t *testing.T) {
	type objects struct {
		service *corev1.Service
		slices  []*discoveryv1.EndpointSlice
	}
	with := func(s *corev1.Service, slices ...*discoveryv1.EndpointSlice) objects { return objects{s, slices} }
	for _, c := range []struct {
		name string
		in   objects
		want string
	}{
		{"two backends share a cluster IP evenly", with(testService(), testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.2.6", "n2", "ready"))), `
*filter
*nat
-A KUBE-SEP-a -m comment --comment "ns/web" -s 10.244.1.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-a -m comment --comment "ns/web" -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080
-A KUBE-SEP-b -m comment --comment "ns/web" -s 10.244.2.6/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-b -m comment --comment "ns/web" -p tcp -m tcp -j DNAT --to-destination 10.244.2.6:8080
-A KUBE-SERVICES -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 -j KUBE-SVC-a
-A KUBE-SVC-a -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-A KUBE-SVC-a -m comment --comment "ns/web -> 10.244.1.5:8080" -m statistic --mode random --probability 0.5000000000 -j KUBE-SEP-a
-A KUBE-SVC-a -m comment --comment "ns/web -> 10.244.2.6:8080" -j KUBE-SEP-b
`},
		{"without endpoints it is refused at every address", with(testService(nodePort(30080), balancedAt("203.0.113.1"), func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"198.51.100.7"} })), `
*filter
-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns/web has no endpoints" -p tcp -m tcp -d 198.51.100.7/32 --dport 80 -j REJECT --reject-with tcp-reset
-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns/web has no endpoints" -p tcp -m tcp -d 203.0.113.1/32 --dport 80 -j REJECT --reject-with tcp-reset
-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns/web has no endpoints" -m addrtype --dst-type LOCAL -p tcp -m tcp --dport 30080 -j REJECT --reject-with tcp-reset
-A KUBE-SERVICES -m comment --comment "ns/web has no endpoints" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 -j REJECT --reject-with tcp-reset
*nat
`},
		{"UDP is refused by ICMP", with(testService(overUDP), testSlice(sliceProtocol(corev1.ProtocolUDP), endpoint("10.244.1.5", "n1", "unready"))), `
*filter
-A KUBE-SERVICES -m comment --comment "ns/web has no endpoints" -p udp -m udp -d 10.96.0.10/32 --dport 80 -j REJECT --reject-with icmp-port-unreachable
*nat
`},
		{"a node port masquerades", with(testService(nodePort(30080)), testSlice(endpoint("10.244.1.5", "n1", "ready"))), `
*filter
*nat
-A KUBE-EXT-a -m comment --comment "masquerade traffic for ns/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-a -j KUBE-SVC-a
-A KUBE-NODEPORTS -m comment --comment "ns/web" -p tcp -m tcp --dport 30080 -j KUBE-EXT-a
-A KUBE-SEP-a -m comment --comment "ns/web" -s 10.244.1.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-a -m comment --comment "ns/web" -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080
-A KUBE-SERVICES -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 -j KUBE-SVC-a
-A KUBE-SVC-a -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-A KUBE-SVC-a -m comment --comment "ns/web -> 10.244.1.5:8080" -j KUBE-SEP-a
`},
		{"affinity is remembered at the backend and looked up first", with(testService(sticky(60)), testSlice(endpoint("10.244.1.5", "n1", "ready"))), `
*filter
*nat
-A KUBE-SEP-a -m comment --comment "ns/web" -s 10.244.1.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-a -m comment --comment "ns/web" -m recent --name KUBE-SEP-a --set -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080
-A KUBE-SERVICES -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 -j KUBE-SVC-a
-A KUBE-SVC-a -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-A KUBE-SVC-a -m comment --comment "ns/web -> 10.244.1.5:8080" -m recent --name KUBE-SEP-a --rcheck --seconds 60 --reap -j KUBE-SEP-a
-A KUBE-SVC-a -m comment --comment "ns/web -> 10.244.1.5:8080" -j KUBE-SEP-a
`},
		{"external policy Local keeps the source, and lets Pods and the node reach all", with(testService(nodePort(30080), externalLocal), testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.2.6", "n2", "ready"))), `
*filter
*nat
-A KUBE-EXT-a -m comment --comment "pod traffic for ns/web external destinations" -s 10.244.0.0/16 -j KUBE-SVC-a
-A KUBE-EXT-a -m comment --comment "masquerade LOCAL traffic for ns/web external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-a -m comment --comment "route LOCAL traffic for ns/web external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-a
-A KUBE-EXT-a -j KUBE-SVL-a
-A KUBE-NODEPORTS -m comment --comment "ns/web" -p tcp -m tcp --dport 30080 -j KUBE-EXT-a
-A KUBE-SEP-a -m comment --comment "ns/web" -s 10.244.1.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-a -m comment --comment "ns/web" -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080
-A KUBE-SEP-b -m comment --comment "ns/web" -s 10.244.2.6/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-b -m comment --comment "ns/web" -p tcp -m tcp -j DNAT --to-destination 10.244.2.6:8080
-A KUBE-SERVICES -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 -j KUBE-SVC-a
-A KUBE-SVC-a -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-A KUBE-SVC-a -m comment --comment "ns/web -> 10.244.1.5:8080" -m statistic --mode random --probability 0.5000000000 -j KUBE-SEP-a
-A KUBE-SVC-a -m comment --comment "ns/web -> 10.244.2.6:8080" -j KUBE-SEP-b
-A KUBE-SVL-a -m comment --comment "ns/web -> 10.244.1.5:8080" -j KUBE-SEP-a
`},
		{"internal policy Local drops what has backends elsewhere only", with(testService(internalLocal), testSlice(endpoint("10.244.2.6", "n2", "ready"))), `
*filter
-A KUBE-SERVICES -m comment --comment "ns/web has no local endpoints" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 -j DROP
*nat
`},
		{"a balancer's address with source ranges", with(testService(balancedAt("203.0.113.1", "192.0.2.0/24", " 172.30.0.0/16 ")), testSlice(endpoint("10.244.1.5", "n1", "ready"))), `
*filter
-A KUBE-PROXY-FIREWALL -m comment --comment "ns/web traffic not accepted by KUBE-FW-a" -p tcp -m tcp -d 203.0.113.1/32 --dport 80 -j DROP
*nat
-A KUBE-EXT-a -m comment --comment "masquerade traffic for ns/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-a -j KUBE-SVC-a
-A KUBE-FW-a -m comment --comment "ns/web loadbalancer IP" -s 192.0.2.0/24 -j KUBE-EXT-a
-A KUBE-FW-a -m comment --comment "ns/web loadbalancer IP" -s 172.30.0.0/16 -j KUBE-EXT-a
-A KUBE-FW-a -m comment --comment "ns/web loadbalancer IP" -s 203.0.113.1/32 -j KUBE-EXT-a
-A KUBE-SEP-a -m comment --comment "ns/web" -s 10.244.1.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-a -m comment --comment "ns/web" -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080
-A KUBE-SERVICES -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 -j KUBE-SVC-a
-A KUBE-SERVICES -m comment --comment "ns/web loadbalancer IP" -p tcp -m tcp -d 203.0.113.1/32 --dport 80 -j KUBE-FW-a
-A KUBE-SVC-a -m comment --comment "ns/web cluster IP" -p tcp -m tcp -d 10.96.0.10/32 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-A KUBE-SVC-a -m comment --comment "ns/web -> 10.244.1.5:8080" -j KUBE-SEP-a
`},
		{"headless, ExternalName and IPv6 Services have no rules", with(testService(func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone }), testSlice(endpoint("10.244.1.5", "n1", "ready"))), `
*filter
*nat
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readable(Compute([]*corev1.Service{c.in.service}, c.in.slices, testNode))
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConstantRules(t *testing.T) {
	want := `*filter
:KUBE-EXTERNAL-SERVICES
:KUBE-FORWARD
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
:KUBE-NODEPORTS
:KUBE-PROXY-FIREWALL
:KUBE-SERVICES
*nat
:KUBE-MARK-MASQ
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
:KUBE-NODEPORTS
:KUBE-POSTROUTING
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
:KUBE-SERVICES
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL ! -d 127.0.0.0/8 -j KUBE-NODEPORTS
`
	if diff := cmp.Diff(want, Compute(nil, nil, testNode).String()); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

// Names must be those that kube-proxy would give: these two are from a cluster of kubeadm's.
func TestChainNamesAreUpstreams(t *testing.T) {
	if got := chainName(prefixCluster, "default/kubernetes:https", "tcp"); got != "KUBE-SVC-NPX46M4PTMTKRN6Y" {
		t.Errorf("kubernetes: %s", got)
	}
	if got := chainName(prefixCluster, "kube-system/kube-dns:dns", "udp"); got != "KUBE-SVC-TCOU7JCQXEZGVUNU" {
		t.Errorf("kube-dns: %s", got)
	}
}
