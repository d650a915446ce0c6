package node

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// TestUsage: a rate needs two readings of one thing, and a Pod one of each of its containers.
func TestUsage(t *testing.T) {
	begun := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	read := func(after, cpu time.Duration, memory int64) reading { return reading{begun.Add(after), cpu, memory} }
	once := readings{}.add(read(0, time.Second, 100))
	if _, ok := once.usage(); ok {
		t.Error("one reading tells a rate")
	}
	twice := once.add(read(5*time.Second, 2*time.Second, 200))
	usage, ok := twice.usage()
	if !ok || usage.Cpu().MilliValue() != 200 || usage.Memory().Value() != 200 {
		t.Errorf("a second of core time in five, and 200 bytes: %v, %v", usage, ok)
	}
	if _, ok := twice.add(read(10*time.Second, time.Second, 1)).usage(); ok {
		t.Error("a counter that went back tells a rate")
	}
	name := types.NamespacedName{Namespace: "ns", Name: "pod"}
	if _, ok := (measured{"a": twice, "b": once}).metrics(name); ok {
		t.Error("a Pod with a container that was read once is measured")
	}
	if _, ok := (measured{}).metrics(name); ok {
		t.Error("a Pod without containers is measured")
	}
	metrics, ok := measured{"b": twice, "a": twice.add(read(11*time.Second, 3*time.Second, 1))}.metrics(name)
	if !ok || metrics.Containers[0].Name != "a" || !metrics.Timestamp.Time.Equal(begun.Add(5*time.Second)) || metrics.Window.Duration != 5*time.Second {
		t.Errorf("the earlier container's time is the Pod's: %+v", metrics)
	}
}
