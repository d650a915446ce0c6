//go:build kernel

package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// network is a node with Pods behind point-to-point links, and a machine outside: network namespaces on this machine.
type network struct {
	t      *testing.T
	prefix string
	made   map[string]bool
}

const nodeAddress, outsideAddress = "172.30.0.2", "172.30.0.9"

func newNetwork(t *testing.T) *network {
	n := &network{t: t, prefix: fmt.Sprintf("plumb%d", os.Getpid()), made: map[string]bool{}}
	t.Cleanup(func() {
		for name := range n.made {
			_ = exec.Command("ip", "netns", "del", n.prefix+name).Run()
		}
	})
	n.add("node")
	n.add("outside")
	n.ip("link", "add", "eth0", "netns", n.prefix+"node", "type", "veth", "peer", "name", "eth0", "netns", n.prefix+"outside")
	for name, address := range map[string]string{"node": nodeAddress, "outside": outsideAddress} {
		n.ip("-n", n.prefix+name, "addr", "add", address+"/24", "dev", "eth0")
		n.ip("-n", n.prefix+name, "link", "set", "eth0", "up")
	}
	n.ip("-n", n.prefix+"node", "route", "add", "default", "via", outsideAddress)
	n.ip("-n", n.prefix+"outside", "route", "add", "203.0.113.0/24", "via", nodeAddress)
	n.ip("-n", n.prefix+"outside", "route", "add", "198.51.100.0/24", "via", nodeAddress)
	// Redirects count against the limit of ICMP messages to a machine, and refusals would wait for the next second.
	for path, value := range map[string]string{"ip_forward": "1", "conf/all/send_redirects": "0", "conf/default/send_redirects": "0", "conf/eth0/send_redirects": "0"} {
		n.in("node", func() error { return os.WriteFile("/proc/sys/net/ipv4/"+path, []byte(value), 0) })
	}
	return n
}

func (n *network) add(name string) {
	n.ip("netns", "add", n.prefix+name)
	n.made[name] = true
	n.ip("-n", n.prefix+name, "link", "set", "lo", "up")
}

func (n *network) pod(name, address string) {
	n.add(name)
	node, pod := n.prefix+"node", n.prefix+name
	n.ip("link", "add", "v"+name, "netns", node, "type", "veth", "peer", "name", "eth0", "netns", pod)
	n.ip("-n", pod, "addr", "add", address+"/32", "dev", "eth0")
	n.ip("-n", pod, "link", "set", "eth0", "up")
	n.ip("-n", node, "link", "set", "v"+name, "up")
	mac := n.ip("-n", node, "-o", "link", "show", "v"+name)
	_, mac, _ = strings.Cut(mac, "link/ether ")
	mac, _, _ = strings.Cut(mac, " ")
	n.ip("-n", pod, "route", "add", "169.254.1.1", "dev", "eth0", "scope", "link")
	n.ip("-n", pod, "route", "add", "default", "via", "169.254.1.1")
	n.ip("-n", pod, "neigh", "add", "169.254.1.1", "lladdr", mac, "dev", "eth0", "nud", "permanent")
	n.ip("-n", node, "route", "add", address+"/32", "dev", "v"+name, "scope", "link", "src", nodeAddress)
	for _, protocol := range []string{"tcp", "udp"} {
		n.serve(name, protocol)
	}
}

func (n *network) ip(args ...string) string {
	n.t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("ip %v: %v %s", args, err, out)
	}
	return string(out)
}

// in runs f on a thread inside a namespace.
func (n *network) in(name string, f func() error) {
	n.t.Helper()
	if err := n.try(name, f); err != nil {
		n.t.Fatalf("in %s: %v", name, err)
	}
}

func (n *network) try(name string, f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		ns, err := netns.GetFromName(n.prefix + name)
		if err == nil {
			defer ns.Close()
			err = netns.Set(ns)
		}
		if err == nil {
			err = f()
		}
		result <- err
	}()
	return <-result
}

// serve answers on port 8080 with the Pod's name and the address that it sees the client at.
func (n *network) serve(name, protocol string) {
	n.in(name, func() error {
		if protocol == "udp" {
			conn, err := net.ListenPacket("udp4", ":8080")
			if err != nil {
				return err
			}
			n.t.Cleanup(func() { _ = conn.Close() })
			go func() {
				buffer := make([]byte, 100)
				for {
					_, from, err := conn.ReadFrom(buffer)
					if err != nil {
						return
					}
					_, _ = conn.WriteTo([]byte(name+" "+from.(*net.UDPAddr).IP.String()), from)
				}
			}()
			return nil
		}
		l, err := net.Listen("tcp4", ":8080")
		if err != nil {
			return err
		}
		n.t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(conn, name+" "+conn.RemoteAddr().(*net.TCPAddr).IP.String())
				_ = conn.Close()
			}
		}()
		return nil
	})
}

// ask connects once and returns who answered and which client address it saw, or how it failed: refused, timeout.
func (n *network) ask(from, protocol, address string) (who, seenAs string) {
	n.t.Helper()
	var answer string
	err := n.try(from, func() error {
		conn, err := net.DialTimeout(protocol+"4", address, time.Second)
		if err != nil {
			return err
		}
		defer conn.Close()
		answer, err = exchangeOn(conn, protocol)
		return err
	})
	return outcome(answer, err)
}

func exchangeOn(conn net.Conn, protocol string) (string, error) {
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if protocol == "udp" {
		if _, err := conn.Write([]byte("?")); err != nil {
			return "", err
		}
	}
	buffer := make([]byte, 100)
	k, err := conn.Read(buffer)
	return string(buffer[:k]), err
}

func outcome(answer string, err error) (who, seenAs string) {
	var timeout net.Error
	switch {
	case err == nil:
		who, seenAs, _ = strings.Cut(answer, " ")
		return who, seenAs
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EPERM): // the latter where a node's own datagram is refused
		return "refused", ""
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout", ""
	}
	return err.Error(), ""
}

// everyone asks often enough that an even spread over two leaves one out less than once in a billion runs.
func (n *network) everyone(from, protocol, address string) string {
	seen := map[string]bool{}
	for range 31 {
		who, _ := n.ask(from, protocol, address)
		seen[who] = true
	}
	var names []string
	for _, name := range []string{"a", "b", "refused", "timeout"} {
		if seen[name] {
			names = append(names, name)
			delete(seen, name)
		}
	}
	for other := range seen {
		names = append(names, other)
	}
	return strings.Join(names, " ")
}

func TestTraffic(t *testing.T) {
	for _, program := range families(t) {
		t.Run(program, func(t *testing.T) {
			n := newNetwork(t)
			n.pod("a", "10.244.1.5")
			n.pod("b", "10.244.1.6")
			n.pod("client", "10.244.1.7")
			external := func(s *corev1.Service) {
				s.Spec.Type, s.Spec.Ports[0].NodePort = corev1.ServiceTypeLoadBalancer, 30080
				s.Spec.ExternalIPs = []string{"198.51.100.7"}
				s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.1"}}
			}
			both := func(protocol corev1.Protocol, a, b string) *discoveryv1.EndpointSlice {
				return testSlice(sliceProtocol(protocol), endpoint("10.244.1.5", "n1", a), endpoint("10.244.1.6", "n1", b))
			}
			c := newStill([]*corev1.Service{testService(external)}, []*discoveryv1.EndpointSlice{both(corev1.ProtocolTCP, "ready", "ready")})
			var w *worker
			set := func(service *corev1.Service, slice *discoveryv1.EndpointSlice) {
				t.Helper()
				c.all["ns/web"], c.bySlices["ns/web"] = service, []*discoveryv1.EndpointSlice{slice}
				n.in("node", func() error {
					w.changes.add("ns/web")
					return w.sync(t.Context())
				})
			}
			n.in("node", func() error {
				tb, err := openProgram(program)
				if err != nil {
					return err
				}
				node := testNode
				node.IP = netip.MustParseAddr(nodeAddress)
				node.Features = tb.features(t.Context())
				w = &worker{tables: tb, cluster: c, changes: newLedger(), book: newBook(node)}
				w.changes.addAll()
				return w.sync(t.Context())
			})
			const clusterIP, nodePort, externalIP, balancer = "10.96.0.10:80", nodeAddress + ":30080", "198.51.100.7:80", "203.0.113.1:80"
			type route struct{ from, to string }
			routes := []route{{"client", clusterIP}, {"client", nodePort}, {"client", externalIP}, {"client", balancer}, {"a", clusterIP}, {"a", nodePort},
				{"node", clusterIP}, {"node", nodePort}, {"node", externalIP}, {"node", balancer}, {"outside", nodePort}, {"outside", externalIP}, {"outside", balancer}}
			expect := func(protocol, want string) {
				t.Helper()
				for _, r := range routes {
					began := time.Now()
					if got := n.everyone(r.from, protocol, r.to); got != want {
						t.Errorf("%s from %s to %s: answered by %q, want %q", protocol, r.from, r.to, got, want)
					}
					if took := time.Since(began); want == "refused" && protocol == "tcp" && took > 3*time.Second {
						t.Errorf("31 refusals from %s to %s took %v", r.from, r.to, took)
					}
				}
			}
			for _, p := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
				protocol := strings.ToLower(string(p))
				service := testService(external, func(s *corev1.Service) { s.Spec.Ports[0].Protocol = p })
				set(service, both(p, "ready", "ready"))
				expect(protocol, "a b")
				if protocol == "udp" { // a port number that comes again belongs to its old flow, so none may be left
					set(service, both(p, "ending", "ready"))
					expect(protocol, "b")
					set(service, both(p, "draining", "ending"))
					expect(protocol, "a")
					continue
				}
				set(service, both(p, "draining", "ready"))
				expect(protocol, "b")
				set(service, both(p, "draining", "ending"))
				expect(protocol, "a")
				set(service, both(p, "unready", "ending"))
				expect(protocol, "refused")
			}
			n.checkUDPRefusal(w, set, external, both)
			n.checkSources(set, external, both)
			n.checkAffinity(set, both)
			n.checkFlowsMove(set, both)
			n.checkNothingIsDisturbed(c, w, set, external, both)
		})
	}
}

type setter func(*corev1.Service, *discoveryv1.EndpointSlice)
type slicer func(protocol corev1.Protocol, a, b string) *discoveryv1.EndpointSlice

// ICMP is limited to a burst and then one a second for each destination, so UDP refusals are asked for one by one.
func (n *network) checkUDPRefusal(w *worker, set setter, external func(*corev1.Service), both slicer) {
	n.t.Helper()
	set(testService(external, overUDP), both(corev1.ProtocolUDP, "unready", "unready"))
	for _, from := range []string{"client", "node", "outside"} {
		to := "10.96.0.10:80"
		if from == "outside" {
			to = nodeAddress + ":30080"
		}
		if who, _ := n.ask(from, "udp", to); who != "refused" {
			n.t.Errorf("UDP from %s to %s without endpoints: %s", from, to, who)
		}
	}
}

func (n *network) checkSources(set setter, external func(*corev1.Service), both slicer) {
	n.t.Helper()
	check := func(from, to, want string) {
		n.t.Helper()
		if who, seenAs := n.ask(from, "tcp", to); seenAs != want {
			n.t.Errorf("%s asks %s and %s sees %q, want %q", from, to, who, seenAs, want)
		}
	}
	set(testService(external), both(corev1.ProtocolTCP, "ready", "unready"))
	check("client", "10.96.0.10:80", "10.244.1.7")
	check("a", "10.96.0.10:80", nodeAddress) // itself
	check("node", "10.96.0.10:80", nodeAddress)
	check("outside", nodeAddress+":30080", nodeAddress)
	set(testService(external, externalLocal), both(corev1.ProtocolTCP, "ready", "unready"))
	check("outside", nodeAddress+":30080", outsideAddress)
	check("outside", "203.0.113.1:80", outsideAddress)
	check("node", nodeAddress+":30080", nodeAddress)
	set(testService(balancedAt("203.0.113.1", "192.0.2.0/24")), both(corev1.ProtocolTCP, "ready", "unready"))
	if who, _ := n.ask("outside", "tcp", "203.0.113.1:80"); who != "timeout" {
		n.t.Errorf("a source that is not in loadBalancerSourceRanges: %s", who)
	}
	set(testService(balancedAt("203.0.113.1", outsideAddress+"/32")), both(corev1.ProtocolTCP, "ready", "unready"))
	check("outside", "203.0.113.1:80", nodeAddress)
}

func (n *network) checkAffinity(set setter, both slicer) {
	n.t.Helper()
	set(testService(sticky(1)), both(corev1.ProtocolTCP, "ready", "ready"))
	if got := n.everyone("client", "tcp", "10.96.0.10:80"); got != "a" && got != "b" {
		n.t.Errorf("with affinity one client reached %q", got)
	}
	// After the time-out the client may come to the other.
	for deadline := time.Now().Add(time.Minute); ; {
		first, _ := n.ask("client", "tcp", "10.96.0.10:80")
		time.Sleep(2100 * time.Millisecond) // the time-out itself has to pass, and the kernel counts it in whole seconds
		if second, _ := n.ask("client", "tcp", "10.96.0.10:80"); second != first {
			break
		}
		if time.Now().After(deadline) {
			n.t.Error("affinity outlives its time-out")
			break
		}
	}
}

// One UDP socket that never stops sending must be led to an endpoint that is there.
func (n *network) checkFlowsMove(set setter, both slicer) {
	n.t.Helper()
	service := testService(overUDP)
	set(service, both(corev1.ProtocolUDP, "ready", "unready"))
	var conn net.Conn
	n.in("client", func() (err error) {
		conn, err = net.Dial("udp4", "10.96.0.10:80")
		return err
	})
	defer conn.Close()
	ask := func(want string) {
		n.t.Helper()
		if who, _ := outcome(exchangeOn(conn, "udp")); who != want {
			n.t.Errorf("one UDP flow: answered by %q, want %q", who, want)
		}
	}
	ask("a")
	set(service, both(corev1.ProtocolUDP, "draining", "ready"))
	ask("a") // it still serves
	set(service, both(corev1.ProtocolUDP, "ending", "ready"))
	ask("b")
	set(service, both(corev1.ProtocolUDP, "ending", "ending"))
	ask("refused")
	set(service, both(corev1.ProtocolUDP, "ready", "ending"))
	ask("a")
}

// While rules of another Service change all the time, and the proxy starts anew again and again, no connection fails and
// none falls into the void when a Service's last endpoint comes and goes: it is answered or refused.
func (n *network) checkNothingIsDisturbed(c *still, w *worker, set setter, external func(*corev1.Service), both slicer) {
	n.t.Helper()
	steady := testService(func(s *corev1.Service) { s.Name, s.Spec.ClusterIP = "steady", "10.96.0.20" })
	slice := both(corev1.ProtocolTCP, "ready", "ready")
	slice.Labels[discoveryv1.LabelServiceName] = "steady"
	c.all["ns/steady"], c.bySlices["ns/steady"] = steady, []*discoveryv1.EndpointSlice{slice}
	w.changes.add("ns/steady")
	set(testService(), both(corev1.ProtocolTCP, "ready", "ready"))
	stop := make(chan struct{})
	var askers sync.WaitGroup
	seen := [2]map[string]int{{}, {}}
	for i, to := range []string{"10.96.0.20:80", "10.96.0.10:80"} {
		askers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					who, _ := n.ask("client", "tcp", to)
					seen[i][who]++
				}
			}
		})
	}
	for i := range 60 {
		if i%10 == 9 {
			w.installed = nil
		}
		state := []string{"ready", "ending"}[i%2]
		set(testService(external), both(corev1.ProtocolTCP, state, state))
	}
	close(stop)
	askers.Wait()
	if len(seen[0]) != 2 || seen[0]["a"] == 0 || seen[0]["b"] == 0 {
		n.t.Errorf("a Service that does not change answered %v", seen[0])
	}
	if seen[1]["timeout"] > 0 {
		n.t.Errorf("a Service that comes and goes answered %v", seen[1])
	}
	n.t.Logf("during 60 changes: steady %v, changing %v", seen[0], seen[1])
}
