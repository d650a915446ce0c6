// Package reference is the folder of the reference orchestrator: the part of Kubernetes that the book's chapters 5 to 8
// speak of, built on k8s.io/apiserver, etcd, containerd and iptables. It is one program, cmd/reference, with the commands
// `server` and `node`, and small ones beside it: cmd/init, the first process of a node's container, runs it.
//
// A Pod's way through it: apiserver takes the manifest, with defaults and validation from kind; controller makes ReplicaSets
// for Deployments and Pods for ReplicaSets, and gives claims their volumes; scheduler binds them; node, the agent, runs them
// by node/runtime and node/network, asks by node/probe, mounts by node/volume and serves logs and commands by node/stream;
// controller/endpoints lists the ready ones, and proxy leads Services to them. All of these meet at the API and nowhere else; what
// happens on the way is told by events.
//
// It imports nothing of the suite, and has no switches for tests.
package reference
