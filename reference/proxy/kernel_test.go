//go:build kernel

// These tests change the packet filter of a network namespace that they make themselves. They need Linux, root and
// iptables, and are run by `make kernel`, or with any flags by hand:
//
//	go test -tags kernel -exec sudo ./reference/proxy
//
// The behaviour itself is judged from outside by the suite, on nodes in containers.
package proxy

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// inNamespace runs the rest of the test in a network namespace of its own, as do the programs that it starts.
func inNamespace(t testing.TB) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	outside, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	inside, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = netns.Set(outside)
		_ = inside.Close()
		_ = outside.Close()
	})
	for _, args := range [][]string{{"link", "set", "lo", "up"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v %s", args, err, out)
		}
	}
}

// families are both sets of programs: one that is missing fails the test, since nobody would notice that it is not tried. IPTABLES names a
// single one.
func families(t testing.TB) []string {
	if only := os.Getenv("IPTABLES"); only != "" {
		return []string{only}
	}
	both := []string{"iptables-legacy", "iptables-nft"}
	for _, program := range both {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("this machine has no %s; install it, or name the one family that is to be tried, such as IPTABLES=iptables-nft", program)
		}
	}
	return both
}

func openFamily(t testing.TB, program string) *tables {
	t.Helper()
	tb, err := openProgram(program)
	if err != nil {
		t.Fatal(err)
	}
	return tb
}

func newWorker(t testing.TB, program string, c cluster) *worker {
	tb := openFamily(t, program)
	node := testNode
	node.Features = tb.features(t.Context())
	w := &worker{tables: tb, cluster: c, changes: newLedger(), book: newBook(node)}
	w.changes.addAll()
	return w
}

func (w *worker) mustSync(t testing.TB) time.Duration {
	t.Helper()
	began := time.Now()
	if err := w.sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

func dump(t testing.TB, program string) string {
	t.Helper()
	var all strings.Builder
	for _, table := range []string{"nat", "filter"} {
		out, err := exec.Command(program+"-save", "-t", table).Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ":PREROUTING") {
				line, _, _ = strings.Cut(line, " [")
				all.WriteString(strings.TrimSuffix(line, "\n") + "\n")
			}
		}
	}
	return all.String()
}

func TestKernelTakesEveryRule(t *testing.T) {
	for _, program := range families(t) {
		t.Run(program, func(t *testing.T) {
			inNamespace(t)
			services := []*corev1.Service{
				testService(nodePort(30080), sticky(60), externalLocal, balancedAt("203.0.113.1", "192.0.2.0/24")),
				testService(overUDP, func(s *corev1.Service) { s.Name, s.Spec.ClusterIP = "dns", "10.96.0.11" }),
				testService(internalLocal, func(s *corev1.Service) { s.Name, s.Spec.ClusterIP = "far", "10.96.0.12" }),
				testService(func(s *corev1.Service) {
					s.Name, s.Spec.ClusterIP = "sctp", "10.96.0.13"
					s.Spec.Ports[0].Protocol = corev1.ProtocolSCTP
				}),
				testService(nodePort(30081), func(s *corev1.Service) { s.Name, s.Spec.ClusterIP = "none", "10.96.0.14" }),
			}
			of := func(name string, options ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
				s := testSlice(options...)
				s.Labels[discoveryv1.LabelServiceName] = name
				return s
			}
			c := newStill(services, []*discoveryv1.EndpointSlice{
				testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.2.6", "n2", "ready")),
				of("dns", sliceProtocol(corev1.ProtocolUDP), endpoint("10.244.1.7", "n1", "ready")),
				of("far", endpoint("10.244.2.7", "n2", "ready")),
				of("sctp", sliceProtocol(corev1.ProtocolSCTP), endpoint("10.244.1.8", "n1", "ready")),
			})
			w := newWorker(t, program, c)
			t.Logf("features %+v", w.book.node.Features)
			foreign := []string{"-t", "nat", "-A", "PREROUTING", "-d", "192.0.2.99/32", "-j", "RETURN"}
			if out, err := exec.Command(program, foreign...).CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			w.mustSync(t)
			first := dump(t, program)
			if !strings.Contains(first, "-A PREROUTING -d 192.0.2.99/32 -j RETURN") {
				t.Error("a foreign rule is gone")
			}

			w.installed = nil // as after a restart
			w.mustSync(t)
			if again := dump(t, program); again != first {
				t.Errorf("a second run changed the rules:\n%s\nto\n%s", first, again)
			}

			delete(c.all, "ns/far")
			delete(c.bySlices, "ns/dns")
			w.changes.add("ns/far", "ns/dns")
			w.mustSync(t)
			if now := dump(t, program); strings.Contains(now, "ns/far") || strings.Contains(now, "10.244.1.7") || !strings.Contains(now, "ns/dns has no endpoints") {
				t.Errorf("after changes:\n%s", now)
			}

			delete(c.all, "ns/sctp")
			w.changes.add("ns/sctp")
			restarted := newWorker(t, program, c) // the Service went while nobody looked
			restarted.mustSync(t)
			if now := dump(t, program); strings.Contains(now, "sctp") {
				t.Errorf("a restart left:\n%s", now)
			}
			want := dump(t, program)
			for _, vandalism := range [][]string{{"-t", "nat", "-F"}, {"-t", "filter", "-F"}, {"-t", "nat", "-F", chainServices}, {"-t", "nat", "-D", "OUTPUT", "1"}} {
				if out, err := exec.Command(program, vandalism...).CombinedOutput(); err != nil {
					t.Fatalf("%v %s", err, out)
				}
				restarted.judge(t.Context(), restarted.tables.look(t.Context(), restarted.writes))
				if restarted.installed != nil {
					t.Errorf("%v was not noticed", vandalism)
				}
				restarted.mustSync(t)
				repaired := strings.ReplaceAll(dump(t, program), "-A PREROUTING -d 192.0.2.99/32 -j RETURN\n", "")
				if strings.ReplaceAll(want, "-A PREROUTING -d 192.0.2.99/32 -j RETURN\n", "") != repaired {
					t.Errorf("after %v:\n%s\nwant\n%s", vandalism, repaired, want)
				}
			}
		})
	}
}

// BenchmarkKernel measures, for each family and number of Services: writing everything from nothing, and from one
// endpoint's change to the rule.
func BenchmarkKernel(b *testing.B) {
	for _, program := range families(b) {
		for _, n := range []int{1000, 5000} {
			b.Run(fmt.Sprintf("%s/%d", program, n), func(b *testing.B) {
				inNamespace(b)
				services, slices := manyServices(n)
				c := newStill(services, slices)
				w := newWorker(b, program, c)
				fullCPU := -processorTime(b)
				full := w.mustSync(b)
				fullCPU += processorTime(b)
				began := time.Now()
				w.judge(b.Context(), w.tables.look(b.Context(), w.writes))
				inspected := time.Since(began)
				w.installed = nil
				restart := w.mustSync(b)
				before := processorTime(b)
				endpoints := slices[n/2].Endpoints
				key := "ns/" + services[n/2].Name
				for i := 0; b.Loop(); i++ {
					slices[n/2].Endpoints = endpoints[:1+i%2]
					w.changes.add(key)
					w.mustSync(b)
				}
				b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
				b.ReportMetric(float64(fullCPU.Milliseconds()), "full-cpu-ms")
				b.ReportMetric(float64(full.Milliseconds()), "full-ms")
				b.ReportMetric(float64(inspected.Milliseconds()), "inspect-ms")
				b.ReportMetric(float64(restart.Milliseconds()), "restart-ms")
			})
		}
	}
}

// processorTime of this process and the programs that it ran: on a machine that others use too, it says more than time.
func processorTime(b *testing.B) time.Duration {
	var sum int64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err != nil {
			b.Fatal(err)
		}
		sum += usage.Utime.Nano() + usage.Stime.Nano()
	}
	return time.Duration(sum)
}

// What Services of every kind have brought goes with them, and what somebody else has written stays, in its place, also where its name
// looks like one of ours. Both families do so alike.
func TestNothingIsLeftBehind(t *testing.T) {
	foreign := [][]string{
		{"-t", "nat", "-N", "KUBE-NEIGHBOUR"},
		{"-t", "nat", "-A", "KUBE-NEIGHBOUR", "-d", "192.0.2.90/32", "-j", "RETURN"},
		{"-t", "nat", "-A", "PREROUTING", "-d", "192.0.2.91/32", "-j", "RETURN"},
		{"-t", "nat", "-A", "OUTPUT", "-d", "192.0.2.92/32", "-j", "KUBE-NEIGHBOUR"},
		{"-t", "nat", "-A", "POSTROUTING", "-s", "192.0.2.93/32", "-j", "RETURN"},
		{"-t", "filter", "-N", "KUBE-NEIGHBOUR"},
		{"-t", "filter", "-A", "KUBE-NEIGHBOUR", "-s", "192.0.2.94/32", "-j", "DROP"},
		{"-t", "filter", "-A", "INPUT", "-s", "192.0.2.95/32", "-j", "KUBE-NEIGHBOUR"},
		{"-t", "filter", "-A", "FORWARD", "-s", "192.0.2.96/32", "-j", "DROP"},
		{"-t", "filter", "-A", "OUTPUT", "-d", "192.0.2.97/32", "-j", "DROP"},
	}
	others := func(rules string) string {
		var kept strings.Builder
		for line := range strings.Lines(rules) {
			if strings.Contains(line, "192.0.2.9") || strings.Contains(line, "NEIGHBOUR") {
				kept.WriteString(line)
			}
		}
		return kept.String()
	}
	for _, program := range families(t) {
		t.Run(program, func(t *testing.T) {
			inNamespace(t)
			for _, rule := range foreign {
				if out, err := exec.Command(program, rule...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %v %s", rule, err, out)
				}
			}
			theirs := others(dump(t, program))
			c := newStill(nil, nil)
			w := newWorker(t, program, c)
			w.mustSync(t)
			bare := dump(t, program)
			services := []*corev1.Service{
				testService(nodePort(30080), sticky(60), externalLocal, balancedAt("203.0.113.1", "192.0.2.0/24")),
				testService(overUDP, func(s *corev1.Service) { s.Name, s.Spec.ClusterIP = "dns", "10.96.0.11" }),
				testService(internalLocal, func(s *corev1.Service) { s.Name, s.Spec.ClusterIP = "far", "10.96.0.12" }),
				testService(nodePort(30081), func(s *corev1.Service) { s.Name, s.Spec.ClusterIP = "none", "10.96.0.14" }),
			}
			slices := []*discoveryv1.EndpointSlice{testSlice(endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.2.6", "n2", "ready"))}
			for _, round := range []string{"from changes", "after a restart"} {
				full := newStill(services, slices)
				w.cluster = full
				w.changes.addAll()
				w.mustSync(t)
				if now := dump(t, program); !strings.Contains(now, "10.244.2.6") || !strings.Contains(now, "ns/none has no endpoints") || others(now) != theirs {
					t.Fatalf("%s, with Services:\n%s\nwhere others wrote\n%s", round, now, theirs)
				}
				if round == "after a restart" {
					w = newWorker(t, program, c) // the Services went while nobody looked
				}
				w.cluster = c
				w.changes.addAll()
				w.mustSync(t)
				if now := dump(t, program); now != bare {
					t.Errorf("%s, when all Services are gone:\n%s\nwant\n%s", round, now, bare)
				}
			}
		})
	}
}
