// A conformance test is a module of its own, so that the versions which Plumbline brings stay out of the go.mod of the
// orchestrator itself.
module example.com/orchestrator/conformance

go 1.26.6

require github.com/plumbline/plumbline v0.3.0
