package node

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// Back-off of a container that keeps ending, as upstream's
// (pkg/kubelet/kubelet.go, client-go util/flowcontrol).
const (
	backOffInitial = 10 * time.Second
	backOffMax     = 300 * time.Second
	// retryInterval is after how long something that failed for another
	// reason than a crash is tried again (upstream's backOffPeriod).
	retryInterval = 10 * time.Second
)

// backOff is the wait before a container's next restart. The zero value: no
// wait, the container never ended.
type backOff struct {
	Delay time.Duration
	Set   time.Time // when Delay was last raised
}

// backOffKey: another image has not crashed yet.
func backOffKey(c *v1.Container) string { return c.Name + " " + c.Image }

// expired: the container ran so long that its crashes are forgotten.
func (b backOff) expired(ended time.Time) bool { return ended.Sub(b.Set) > 2*backOffMax }

// until is when a container that ended may be started again; the past or the
// zero time when at once.
func (b backOff) until(ended time.Time) time.Time {
	if b.Delay == 0 || b.expired(ended) {
		return time.Time{}
	}
	return ended.Add(b.Delay)
}

// next is the back-off after a restart that happens now.
func (b backOff) next(ended, now time.Time) backOff {
	if b.Delay == 0 || b.expired(ended) {
		return backOff{Delay: backOffInitial, Set: now}
	}
	return backOff{Delay: min(2*b.Delay, backOffMax), Set: now}
}
