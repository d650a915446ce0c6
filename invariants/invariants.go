// Package invariants judges what has to hold all the time, and not only at a step of a scenario. The judges are pure:
// observations of a watch stream go in, breaches come out. A Collector watches a cluster from outside, over its public
// API, and gives the judges what it sees.
package invariants

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Invariant is something that holds for every object at every time.
type Invariant struct {
	Name  string   // by which reports and mutants call it
	Text  string   // in a sentence
	Kinds []string // what has to be watched to judge it
}

// The names of the invariants.
const (
	NodeNameIsFinal       = "node-name-is-final"
	PhaseIsFinal          = "finished-phase-is-final"
	RestartsNeverFall     = "restarts-never-fall"
	AddressesAreUnique    = "addresses-are-unique"
	OneController         = "one-controller"
	VersionsNeverGoBack   = "versions-never-go-back"
	UnreadyIsNoEndpoint   = "unready-is-no-endpoint"
	CountsAreOrdered      = "counts-are-ordered"
	DeletionIsNeverPutOff = "deletion-is-never-put-off"
)

// The kinds that are watched.
const (
	kindPod        = "Pod"
	kindService    = "Service"
	kindSlice      = "EndpointSlice"
	kindReplicaSet = "ReplicaSet"
	kindDeployment = "Deployment"
)

// Kinds are all kinds that are watched.
var Kinds = []string{kindPod, kindService, kindSlice, kindReplicaSet, kindDeployment}

// All lists the invariants. Those about every kind do not need Deployments, which an implementation may lack: they are
// judged where they are served.
var All = []Invariant{
	{NodeNameIsFinal, "A Pod's nodeName never changes once it is set.", []string{kindPod}},
	{PhaseIsFinal, "The phase of a Pod that has finished never changes.", []string{kindPod}},
	{RestartsNeverFall, "The restart count of a container never falls.", []string{kindPod}},
	{AddressesAreUnique, "No two Services share an address, or a node port of one protocol.", []string{kindService}},
	{OneController, "No Pod has two controllers.", []string{kindPod}},
	{VersionsNeverGoBack, "Within one watch, the resourceVersion of an object never goes backwards.", []string{kindPod, kindService, kindSlice, kindReplicaSet}},
	{UnreadyIsNoEndpoint, "A Pod that is not ready does not stay a ready endpoint.", []string{kindPod, kindService, kindSlice}},
	{CountsAreOrdered, "Within one status of a ReplicaSet, availableReplicas <= readyReplicas <= replicas.", []string{kindReplicaSet}},
	{DeletionIsNeverPutOff, "A deletion timestamp never moves later for the same grace period, and is never taken back.", []string{kindPod, kindService, kindSlice, kindReplicaSet}},
}

// Object is an object of one of the kinds, in its Go type.
type Object interface {
	metav1.Object
	runtime.Object
}

// Sight is one observation: the state of an object, as a watch or a list showed it.
type Sight struct {
	At     time.Time // by the observer's clock, like all times here
	Stream int       // the list with its watch that it came by; only within one are versions compared
	Gone   bool      // the object was deleted; this is its last state
	Object Object
}

// Breach is an invariant that did not hold.
type Breach struct {
	Invariant string
	Namespace string   // of the object that breaks it
	Objects   []string // "Pod namespace/name", or both of two
	Why       string   // in a sentence
	Before    Seen     // what it broke with
	After     Seen     // what broke it
}

// Seen is what a breach says of an observation.
type Seen struct {
	At      time.Time
	Object  string
	Version string // the object's resourceVersion
	What    string // the part of the object that the invariant is about
}

// rule is how an invariant about single objects is judged.
type rule struct {
	name string
	// tell is the part of an object that the invariant is about.
	tell func(Object) string
	// breaks says why an observation breaks the invariant, or nothing. There may be none before it.
	breaks func(before, after *Sight) string
}

var rules = []rule{
	{NodeNameIsFinal, tellNode, nodeChanged},
	{PhaseIsFinal, tellPhase, phaseChanged},
	{RestartsNeverFall, tellRestarts, restartsFell},
	{OneController, tellOwners, severalControllers},
	{VersionsNeverGoBack, tellVersion, versionWentBack},
	{CountsAreOrdered, tellCounts, countsOutOfOrder},
	{DeletionIsNeverPutOff, tellDeletion, deletionPutOff},
}
