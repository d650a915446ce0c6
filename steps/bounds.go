package steps

import (
	"context"
	"time"
)

// bound is the longest that a conforming implementation may take for something, and why no less is allowed to it. A wait
// ends as soon as it sees what it waits for; only a failing one lasts this long.
type bound struct {
	limit time.Duration
	why   string
}

// within is the bound for the target that is judged: a slow one has more time, see Scale.
func (b bound) within(ctx context.Context) time.Duration {
	s, err := from(ctx)
	if err != nil {
		return b.limit
	}
	return time.Duration(Scale(s.env.Latency) * float64(b.limit))
}

// Bounds are made for an API server that answers a cheap request within usualLatency. Whatever a cluster does takes its parts a
// row of requests, so that a slower server makes all of it slower in proportion; but bounds that never end judge nothing.
const (
	usualLatency = 100 * time.Millisecond
	mostScale    = 5
)

// Scale is by how much all bounds are longer on a target whose API server answers a cheap request after so long: 1 for a usual one. The
// claims' own numbers are never scaled.
func Scale(latency time.Duration) float64 {
	return min(mostScale, max(1, float64(latency)/float64(usualLatency)))
}

// All patience stands here. The claims' own numbers (a grace period, a probe's threshold) stand in the features.
var (
	// boundWrite is for what the API server does within a request or right after it.
	boundWrite = bound{10 * time.Second, "an API server may be busy, and its watch cache late"}
	// boundController is for one turn of a controller: seen, decided, written.
	boundController = bound{30 * time.Second, "a controller may have a queue, and upstream's clients limit themselves to 20 requests a second"}
	// boundPodStart is for a Pod from create to running.
	boundPodStart = bound{60 * time.Second, "scheduling, sandbox, network and start on a busy node; the image is there already"}
	// boundEvent is for an event to be told after what it tells of, which itself takes no longer than a Pod's start.
	boundEvent = bound{2 * time.Minute, "upstream's recorders write one event after the other, and all wait for ten seconds and more where one could not be sent"}
	// boundMount is for a node to mount what it could not before.
	boundMount = bound{150 * time.Second, "upstream tries a mount again ever later, up to two minutes after the last time"}
	// boundVolume is for a Pod with a volume that a platform has to make, and for such a volume to go.
	boundVolume = bound{5 * time.Minute, "a platform makes a volume, attaches it to a machine, and formats it, or detaches and removes it; drivers try again ever later"}
	// boundLargeSet is for hundreds of Pods to come, or to go.
	boundLargeSet = bound{10 * time.Minute, "upstream's controllers limit themselves to 20 requests a second, and a node starts a Pod in half a second, or two on a busy one"}
	// boundPodEnd is for what comes on top of a Pod's own grace period until its object is gone.
	boundPodEnd = bound{30 * time.Second, "the node tears the Pod down, reports, and deletes the object in a second step"}
	// boundEviction is for a node to see that a Pod takes what is not its own, and to end it.
	boundEviction = bound{150 * time.Second, "upstream measures volumes once a minute and looks at them every 10 s; then the Pod has its end to come to"}
	// boundRefresh is for a node to bring files up to date that are made of another object.
	boundRefresh = bound{150 * time.Second, "upstream looks after a Pod once a minute, by what it may have read a minute before"}
	// boundOthersEnd is for the Pods of other scenarios to be gone, for one that measures what a node has free.
	boundOthersEnd = bound{2 * time.Minute, "some have a minute of grace, and boundPodEnd on top; a namespace deletes them a while after the scenario's end"}
	// boundAutoscaler is for an autoscaler to do what the use of its target's Pods asks for, where use is measured every 15 s; see afterMeasuring.
	boundAutoscaler = bound{2 * time.Minute, "use counts when it was measured from after the Pod was Ready on, twice, and autoscalers look every 15 s; all that twice"}
	// boundTraffic is for a change of endpoints to reach the rules of every node.
	boundTraffic = bound{30 * time.Second, "a controller writes slices, proxies batch their rewriting (upstream by default once a second, at least every 30 s)"}
	// boundNames is for a change to be told by the cluster's name servers.
	boundNames = bound{60 * time.Second, "name servers keep answers, and that there is none, for up to 30 s, and hear of changes by watches of their own"}
	// boundForgotten is for a server that forgets old versions each second to have forgotten one.
	boundForgotten = bound{60 * time.Second, "upstream forgets at one turn what it had seen at the turn before, and its caches ask every 15 s what was forgotten"}
	// boundToken is for a token to be worth nothing when what it is bound to has gone.
	boundToken = bound{30 * time.Second, "upstream keeps for 10 s what it found out about a token"}
	// boundProgram is for one program that a step runs, such as kubectl.
	boundProgram = bound{60 * time.Second, "a busy machine starts programs slowly"}
	// boundTransfer is for a hundred megabytes or two to go through the API server, to a Pod and back.
	boundTransfer = bound{2 * time.Minute, "five programs on the way pass every byte on, on a busy machine"}
	// boundCluster is for a cluster of the scenario's own to come up, and for its nodes to be seen gone or back.
	boundCluster = bound{120 * time.Second, "upstream notices a lost node after 50 s"}
	// boundEndpoint is for a Pod that is not ready to leave the ready endpoints.
	boundEndpoint = bound{25 * time.Second, "of boundTraffic, what its proxies leave to the controller of slices"}
	// graceLate is how long after the end of its grace period a process may still be there.
	graceLate = bound{6 * time.Second, "the kubelet counts from when it saw the deletion, kills through the runtime, and the end of the log travels back"}
)

// EndpointPatience is boundEndpoint for who watches the whole run of a target whose API server has the given latency.
func EndpointPatience(latency time.Duration) time.Duration {
	return time.Duration(Scale(latency) * float64(boundEndpoint.limit))
}

// How often use is measured is no promise of Kubernetes: metrics-server does so every 60 s by default, and every 15 s where its own
// manifests install it. Nobody is waited for who does so more rarely than mostRarely.
const (
	usualMeasuring = time.Minute
	mostRarely     = 2 * time.Minute
)

// afterMeasuring is boundAutoscaler where use is measured at that distance.
func afterMeasuring(every time.Duration) bound {
	limit := 2 * (3*min(every, mostRarely) + 15*time.Second)
	return bound{max(limit, boundAutoscaler.limit), boundAutoscaler.why}
}

// clockSkew is how far the clocks of nodes that keep time may be from ours, and from one another's.
const clockSkew = time.Second
