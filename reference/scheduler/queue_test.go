package scheduler

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	testingclock "k8s.io/utils/clock/testing"
)

func TestTheQueue(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Unix(1000, 0))
	q := newQueue(clock)
	expect := func(what, name string) {
		t.Helper()
		got, _ := q.next()
		if (got == nil) != (name == "") || (got != nil && got.Name != name) {
			t.Fatalf("%s: next is %v, want %q", what, got, name)
		}
	}
	any := func(*corev1.Pod) bool { return true }

	q.put(pod("a"), false)
	clock.Step(time.Millisecond)
	urgent := pod("urgent")
	priority := int32(10)
	urgent.Spec.Priority = &priority
	q.put(urgent, false)
	expect("higher priority first", "urgent")
	expect("then in order of arrival", "a")
	expect("what is being decided is not handed out twice", "")

	q.unschedulable("a")
	expect("what does not fit waits", "")
	q.put(pod("a"), false)
	expect("a change that does not help leaves it waiting", "")
	q.happened(any)
	expect("it is tried at once when room appears", "a")
	q.happened(any)
	q.unschedulable("a")
	expect("what happened during the decision counts", "a")

	q.unschedulable("a")
	clock.Step(maxUnschedulable)
	expect("in the end it is tried though nothing happened", "a")

	q.failed("a")
	expect("after an error it waits", "")
	clock.Step(firstBackoff)
	expect("for a second at first", "a")
	q.failed("a")
	clock.Step(firstBackoff)
	expect("then for longer", "")
	if _, wait := q.next(); wait != firstBackoff {
		t.Errorf("next is due in %v, want %v", wait, firstBackoff)
	}
	q.remove("a")
	q.remove("urgent")
	clock.Step(time.Hour)
	expect("what is gone is not tried", "")
}
