// Package steps is the vocabulary of the features: what each of their sentences means, in terms of the public
// Kubernetes API, the real kubectl and real traffic.
//
// It judges from outside. It knows features' and reports' models at most, and the recorded answers of fixtures/golden, which
// is a leaf as they are; never how a cluster came to be: what it needs of one is declared here as small interfaces, which
// package fixtures satisfies and the engine hands in.
// State lives in the scenario's context, so that any number of scenarios run side by side.
package steps
