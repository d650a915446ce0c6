package allocate

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
)

// etcd is one embedded server for all tests; each test has keys of its own.
var etcd *clientv3.Client

func TestMain(m *testing.M) {
	os.Exit(withEtcd(m.Run))
}

func withEtcd(run func() int) int {
	dir, err := os.MkdirTemp("", "allocate")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	client := url.URL{Scheme: "http", Host: listener.Addr().String()}
	listener.Close()
	config := embed.NewConfig()
	config.Dir, config.LogLevel, config.UnsafeNoFsync = dir, "fatal", true
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	peer := url.URL{Scheme: "unix", Host: "localhost:" + fmt.Sprint(os.Getpid())}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	server, err := embed.StartEtcd(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer server.Close()
	<-server.Server.ReadyNotify()
	etcd, err = clientv3.New(clientv3.Config{Endpoints: []string{client.String()}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer etcd.Close()
	return run()
}

// stored stands for the Services that are stored.
type stored struct {
	mu       sync.Mutex
	services map[types.UID]*corev1.Service
}

func (s *stored) put(svc *corev1.Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.services == nil {
		s.services = map[types.UID]*corev1.Service{}
	}
	s.services[svc.UID] = svc.DeepCopy()
}

func (s *stored) remove(svc *corev1.Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.services, svc.UID)
}

func (s *stored) list(context.Context) ([]corev1.Service, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []corev1.Service
	for _, svc := range s.services {
		all = append(all, *svc)
	}
	return all, nil
}

func newServices(t *testing.T, services, ports string, change ...func(*Options)) (*Services, *stored) {
	t.Helper()
	ranges, err := ParseClusterIPRanges(services)
	if err != nil {
		t.Fatal(err)
	}
	nodePorts, err := ParseNodePorts(ports)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := etcd.Delete(context.Background(), "/"+t.Name()+"/", clientv3.WithPrefix()); err != nil {
			t.Error(err)
		}
	})
	store := &stored{}
	options := Options{
		Client: etcd, Prefix: "/" + t.Name() + "/", ClusterIPs: ranges, NodePorts: nodePorts, Sole: true, List: store.list,
	}
	for _, f := range change {
		f(&options)
	}
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return s, store
}

func newService(name string, change ...func(*corev1.Service)) *corev1.Service {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("uid-of-" + name)},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeClusterIP,
			Selector: map[string]string{"app": name},
			Ports:    []corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolTCP}},
		},
	}
	for _, f := range change {
		f(svc)
	}
	return svc
}

func withIP(ip string) func(*corev1.Service) {
	return func(svc *corev1.Service) { svc.Spec.ClusterIP = ip }
}

func withType(kind corev1.ServiceType) func(*corev1.Service) {
	return func(svc *corev1.Service) { svc.Spec.Type = kind }
}

func withNodePort(i int, port int32) func(*corev1.Service) {
	return func(svc *corev1.Service) { svc.Spec.Ports[i].NodePort = port }
}

// create allocates for svc and commits, as a store does that stores it.
func create(t *testing.T, s *Services, store *stored, svc *corev1.Service) *corev1.Service {
	t.Helper()
	commit, _, err := s.Allocate(t.Context(), svc, nil, false)
	if err != nil {
		t.Fatalf("create %s: %v", svc.Name, err)
	}
	store.put(svc)
	commit()
	return svc
}

func update(t *testing.T, s *Services, store *stored, svc, old *corev1.Service) *corev1.Service {
	t.Helper()
	commit, _, err := s.Allocate(t.Context(), svc, old, false)
	if err != nil {
		t.Fatalf("update %s: %v", svc.Name, err)
	}
	store.put(svc)
	commit()
	return svc
}

// taken are the keys there are, sorted.
func taken(t *testing.T, s *Services) []string {
	t.Helper()
	ips, err := s.ips.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ports, err := s.ports.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return append(slices.Sorted(maps.Keys(ips)), slices.Sorted(maps.Keys(ports))...)
}

func wantTaken(t *testing.T, s *Services, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, taken(t, s)); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
}

func TestChosenIP(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/24", "30000-32767")
	create(t, s, store, newService("first", withIP("10.96.0.10")))
	for name, test := range map[string]struct{ ip, err string }{
		"free":                {ip: "10.96.0.11"},
		"the last":            {ip: "10.96.0.254"},
		"taken":               {"10.96.0.10", `Service "x" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated`},
		"outside":             {"10.97.0.1", `Service "x" is invalid: spec.clusterIPs: Invalid value: ["10.97.0.1"]: failed to allocate IP 10.97.0.1: the provided network does not match the current range`},
		"the network's own":   {"10.96.0.0", "failed to allocate IP 10.96.0.0: the provided network does not match the current range"},
		"broadcast":           {"10.96.0.255", "failed to allocate IP 10.96.0.255: the provided network does not match the current range"},
		"malformed":           {"10.96.0.999", `spec.clusterIPs[0]: Invalid value: "10.96.0.999": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`},
		"leading zeros":       {"10.96.0.011", `spec.clusterIPs[0]: Invalid value: "10.96.0.011": must not have leading 0s`},
		"the other family":    {"fd00::5", `spec.clusterIPs[0]: Invalid value: ["fd00::5"]: IPv6 is not configured on this cluster`},
		"not an address":      {"auto", `spec.clusterIPs[0]: Invalid value: "auto": must be a valid IP address`},
		"none, so no address": {ip: "None"},
	} {
		t.Run(name, func(t *testing.T) {
			svc := newService("x", withIP(test.ip))
			_, revert, err := s.Allocate(t.Context(), svc, nil, false)
			checkError(t, err, test.err)
			if err != nil {
				if !apierrors.IsInvalid(err) {
					t.Errorf("%#v is not Invalid", err)
				}
				return
			}
			defer revert()
			if diff := cmp.Diff([]string{test.ip}, svc.Spec.ClusterIPs); diff != "" || svc.Spec.ClusterIP != test.ip {
				t.Errorf("clusterIP %s, clusterIPs: %s", svc.Spec.ClusterIP, diff)
			}
		})
	}
	wantTaken(t, s, "10.96.0.10")
}

func TestExhaustedAndFreed(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/29", "30000-32767")
	seen := map[string]bool{}
	var last *corev1.Service
	for i := range 6 {
		last = create(t, s, store, newService(fmt.Sprintf("s%d", i)))
		seen[last.Spec.ClusterIP] = true
	}
	if len(seen) != 6 {
		t.Errorf("6 Services have %d addresses", len(seen))
	}
	start := time.Now()
	_, _, err := s.Allocate(t.Context(), newService("seventh"), nil, false)
	checkError(t, err, `Internal error occurred: failed to allocate a serviceIP for Service "seventh": range is full`)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the refusal took %s", took)
	}
	store.remove(last)
	s.Release(t.Context(), last)
	if again := create(t, s, store, newService("eighth")); again.Spec.ClusterIP != last.Spec.ClusterIP {
		t.Errorf("the freed address is %s, allocated was %s", last.Spec.ClusterIP, again.Spec.ClusterIP)
	}
}

func TestConcurrentCreatesShareNothing(t *testing.T) {
	// Two allocators with the same keys are two servers.
	a, store := newServices(t, "10.96.0.0/24", "30000-30200")
	b, _ := newServices(t, "10.96.0.0/24", "30000-30200", func(o *Options) { o.List = store.list })
	const n = 100
	var wg sync.WaitGroup
	services := make([]*corev1.Service, 2*n)
	errs := make([]error, 2*n)
	for i := range services {
		wg.Go(func() {
			s := a
			if i%2 == 1 {
				s = b
			}
			services[i] = newService(fmt.Sprintf("s%d", i), withType(corev1.ServiceTypeNodePort))
			var commit func()
			if commit, _, errs[i] = s.Allocate(context.Background(), services[i], nil, false); errs[i] == nil {
				commit()
			}
		})
	}
	wg.Wait()
	ips, ports := map[string]string{}, map[int32]string{}
	for i, svc := range services {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		ip, port := svc.Spec.ClusterIP, svc.Spec.Ports[0].NodePort
		if ips[ip] != "" || ports[port] != "" {
			t.Errorf("%s shares %s with %q, %d with %q", svc.Name, ip, ips[ip], port, ports[port])
		}
		ips[ip], ports[port] = svc.Name, svc.Name
	}
}

func TestSameChosenIPConcurrently(t *testing.T) {
	s, _ := newServices(t, "10.96.0.0/24", "30000-32767")
	var wg sync.WaitGroup
	won := make([]bool, 50)
	for i := range won {
		wg.Go(func() {
			_, _, err := s.Allocate(context.Background(), newService(fmt.Sprintf("s%d", i), withIP("10.96.0.77")), nil, false)
			won[i] = err == nil
		})
	}
	wg.Wait()
	if n := len(slices.DeleteFunc(won, func(b bool) bool { return !b })); n != 1 {
		t.Errorf("%d Services got the address", n)
	}
}

func TestRevert(t *testing.T) {
	s, _ := newServices(t, "10.96.0.0/24", "30000-32767")
	svc := newService("refused", withType(corev1.ServiceTypeNodePort))
	_, revert, err := s.Allocate(t.Context(), svc, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(taken(t, s)); n != 2 {
		t.Errorf("%d keys while in flight, want 2", n)
	}
	revert()
	revert()
	wantTaken(t, s)
	// What fails half-way gives back the first half.
	svc = newService("half", withType(corev1.ServiceTypeNodePort), withNodePort(0, 80))
	_, _, err = s.Allocate(t.Context(), svc, nil, false)
	checkError(t, err, `Service "half" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767`)
	wantTaken(t, s)
}

func TestDryRun(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/24", "30000-32767")
	create(t, s, store, newService("there", withIP("10.96.0.10"), withType(corev1.ServiceTypeNodePort), withNodePort(0, 30010)))
	before := taken(t, s)
	for name, test := range map[string]struct {
		svc  *corev1.Service
		ip   string
		port int32
		err  string
	}{
		"anything":     {svc: newService("x", withType(corev1.ServiceTypeNodePort)), ip: "10.96.0.0", port: 32769},
		"chosen":       {svc: newService("x", withIP("10.96.0.20")), ip: "10.96.0.20"},
		"outside":      {svc: newService("x", withIP("10.97.0.20")), err: "failed to allocate IP 10.97.0.20: the provided IP (10.97.0.20) is not in the valid range. The range of valid IPs is 10.96.0.0/24"},
		"a taken port": {svc: newService("x", withType(corev1.ServiceTypeNodePort), withNodePort(0, 30010)), err: "spec.ports[0].nodePort: Invalid value: 30010: provided port is already allocated"},
	} {
		t.Run(name, func(t *testing.T) {
			commit, _, err := s.Allocate(t.Context(), test.svc, nil, true)
			checkError(t, err, test.err)
			if err != nil {
				return
			}
			commit()
			if svc := test.svc; svc.Spec.ClusterIP != test.ip || svc.Spec.Ports[0].NodePort != test.port {
				t.Errorf("address %s, node port %d", svc.Spec.ClusterIP, svc.Spec.Ports[0].NodePort)
			}
		})
	}
	wantTaken(t, s, before...)
}

// A server that dies between taking and storing leaves keys; the next one removes them.
func TestCrashBetweenAllocationAndStore(t *testing.T) {
	before, store := newServices(t, "10.96.0.0/24", "30000-32767")
	kept := create(t, before, store, newService("kept", withType(corev1.ServiceTypeNodePort)))
	if _, _, err := before.Allocate(t.Context(), newService("lost", withType(corev1.ServiceTypeNodePort)), nil, false); err != nil {
		t.Fatal(err)
	}
	// While the server lives, the request may still be on its way to the store.
	if err := before.Repair(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(taken(t, before)); n != 4 {
		t.Errorf("%d keys after a repair by the same server, want 4", n)
	}
	after, _ := newServices(t, "10.96.0.0/24", "30000-32767", func(o *Options) { o.List = store.list })
	if err := after.Repair(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, after, kept.Spec.ClusterIP, fmt.Sprint(kept.Spec.Ports[0].NodePort))
}

// Beside other servers, a key gets the time of one interval to find its Service.
func TestRepairBesideOthers(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	other, store := newServices(t, "10.96.0.0/24", "30000-32767")
	if _, _, err := other.Allocate(t.Context(), newService("slow", withIP("10.96.0.5")), nil, false); err != nil {
		t.Fatal(err)
	}
	s, _ := newServices(t, "10.96.0.0/24", "30000-32767", func(o *Options) {
		o.List, o.Sole, o.Clock, o.Interval = store.list, false, clock, time.Minute
	})
	for _, step := range []struct {
		after time.Duration
		want  []string
	}{{0, []string{"10.96.0.5"}}, {59 * time.Second, []string{"10.96.0.5"}}, {time.Second, nil}} {
		clock.Step(step.after)
		if err := s.Repair(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantTaken(t, s, step.want...)
	}
}

// A Service without keys (an older backup was restored) gets them back.
func TestRepairTakesWhatServicesHave(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/24", "30000-32767")
	svc := newService("restored", withIP("10.96.0.9"), withType(corev1.ServiceTypeNodePort), withNodePort(0, 30009))
	svc.Spec.ClusterIPs = []string{"10.96.0.9"}
	store.put(svc)
	if err := s.Repair(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTaken(t, s, "10.96.0.9", "30009")
	_, _, err := s.Allocate(t.Context(), newService("x", withIP("10.96.0.9")), nil, false)
	checkError(t, err, "provided IP is already allocated")
	store.remove(svc)
	s.Release(t.Context(), svc)
	wantTaken(t, s)
}

func TestRunRepairsAtOnceAndEnds(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/24", "30000-32767")
	svc := newService("restored", withIP("10.96.0.9"))
	store.put(svc)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	watch := etcd.Watch(ctx, s.ips.prefix, clientv3.WithPrefix(), clientv3.WithRev(1))
	go func() { ended <- s.Run(ctx) }()
	for response := range watch {
		if len(response.Events) > 0 && strings.HasSuffix(string(response.Events[0].Kv.Key), "/10.96.0.9") {
			break
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Thousands of Services, and a create is as quick as the first.
func TestManyServices(t *testing.T) {
	s, store := newServices(t, "10.96.0.0/16", "30000-32767")
	const n = 3000
	for i := range n {
		create(t, s, store, newService(fmt.Sprintf("s%d", i)))
	}
	if got := len(s.ips.used); got != n {
		t.Errorf("%d addresses used, want %d", got, n)
	}
	for _, svc := range store.services {
		if !s.addresses[corev1.IPv4Protocol].contains(mustAddress(t, svc.Spec.ClusterIP)) {
			t.Errorf("%s is outside", svc.Spec.ClusterIP)
		}
	}
}
