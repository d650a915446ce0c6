package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// still is a cluster that holds what it was given.
type still struct {
	all      map[string]*corev1.Service
	bySlices map[string][]*discoveryv1.EndpointSlice
}

func newStill(services []*corev1.Service, slices []*discoveryv1.EndpointSlice) *still {
	c := &still{map[string]*corev1.Service{}, map[string][]*discoveryv1.EndpointSlice{}}
	for _, s := range services {
		c.all[s.Namespace+"/"+s.Name] = s
	}
	for _, s := range slices {
		key := s.Namespace + "/" + s.Labels[discoveryv1.LabelServiceName]
		c.bySlices[key] = append(c.bySlices[key], s)
	}
	return c
}

func (c *still) services() []*corev1.Service {
	var all []*corev1.Service
	for _, s := range c.all {
		all = append(all, s)
	}
	return all
}
func (c *still) service(key string) *corev1.Service             { return c.all[key] }
func (c *still) slices(key string) []*discoveryv1.EndpointSlice { return c.bySlices[key] }
func (c *still) zone() string                                   { return "" }

// Step by step or at once, the same objects make the same rules.
func TestBookAgreesWithCompute(t *testing.T) {
	services, slices := manyServices(20)
	c := newStill(services, slices)
	b := newBook(testNode)
	b.update(c, map[string]bool{}, true)
	agree := func(when string) {
		t.Helper()
		var all []*discoveryv1.EndpointSlice
		for _, s := range c.bySlices {
			all = append(all, s...)
		}
		if diff := cmp.Diff(Compute(c.services(), all, testNode).String(), b.rules().String()); diff != "" {
			t.Errorf("%s (-compute +book):\n%s", when, diff)
		}
	}
	agree("at first")
	c.bySlices["ns/web-0003"][0].Endpoints = c.bySlices["ns/web-0003"][0].Endpoints[:1]
	delete(c.all, "ns/web-0007")
	delete(c.bySlices, "ns/web-0008")
	before := b.rules()
	b.update(c, map[string]bool{"ns/web-0003": true, "ns/web-0007": true, "ns/web-0008": true, "ns/never-there": true}, false)
	agree("after changes")
	if input := restoreInput(before, b.rules(), 0); len(input) == 0 {
		t.Error("nothing to write after changes")
	}
	if input := restoreInput(b.rules(), b.rules(), 0); len(input) != 0 {
		t.Errorf("a second run would write %s", input)
	}
}

func TestBookTellsWhenFlowsMayBeStale(t *testing.T) {
	udp := testService(overUDP)
	two := testSlice(sliceProtocol(corev1.ProtocolUDP), endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.1.6", "n1", "ready"))
	c := newStill([]*corev1.Service{udp}, []*discoveryv1.EndpointSlice{two})
	b := newBook(testNode)
	change := func(name string, want bool) {
		t.Helper()
		if _, got := b.update(c, map[string]bool{"ns/web": true}, false); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	change("a new UDP Service", true)
	change("nothing new", false)
	c.bySlices["ns/web"] = []*discoveryv1.EndpointSlice{testSlice(sliceProtocol(corev1.ProtocolUDP), endpoint("10.244.1.5", "n1", "ready"), endpoint("10.244.1.6", "n1", "draining"))}
	change("one drains", false)
	c.bySlices["ns/web"] = []*discoveryv1.EndpointSlice{testSlice(sliceProtocol(corev1.ProtocolUDP), endpoint("10.244.1.5", "n1", "ready"))}
	change("one went", true)
	delete(c.all, "ns/web")
	gone, flows := b.update(c, map[string]bool{"ns/web": true}, false)
	if !flows || len(gone) != 1 {
		t.Errorf("the Service went: %v %v", gone, flows)
	}
}

// BenchmarkEndpointChange is the pure part of what an endpoint's change costs with 1,000 Services (budget: 100 ms with
// the kernel's part).
func BenchmarkEndpointChange(b *testing.B) {
	services, slices := manyServices(1000)
	c := newStill(services, slices)
	ledger := newBook(testNode)
	ledger.update(c, map[string]bool{}, true)
	installed := ledger.rules()
	endpoints := slices[500].Endpoints
	for i := 0; b.Loop(); i++ {
		slices[500].Endpoints = endpoints[:1+i%2]
		ledger.update(c, map[string]bool{"ns/web-0500": true}, false)
		desired := ledger.rules()
		_ = restoreInput(installed, desired, 0)
		installed = desired
	}
}

// BenchmarkFullWrite is the pure part of writing 5,000 Services from nothing.
func BenchmarkFullWrite(b *testing.B) {
	services, slices := manyServices(5000)
	for b.Loop() {
		_ = restoreInput(Rules{}, Compute(services, slices, testNode), 0)
	}
}
