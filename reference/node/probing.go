package node

import (
	"context"

	v1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"github.com/plumbline/plumbline/reference/node/probe"
	"github.com/plumbline/plumbline/reference/node/runtime"
)

// probeKey is one probe of one instance of a container.
type probeKey struct {
	id   string
	kind probe.Kind
}

// wantedProbes are the probes that should be going on: the startup probe
// until it has decided; then liveness, until it fails or the Pod ends, and
// readiness as long as the container runs.
func (s *podState) wantedProbes() map[probeKey]*v1.Probe {
	wanted := map[probeKey]*v1.Probe{}
	for _, c := range s.running() {
		spec, init := containerSpec(s.Pod, c.Name)
		_, starting := s.Starting[c.Name]
		if spec == nil || starting || s.Gone || (init && !sidecar(spec)) {
			continue
		}
		h := s.healthOf(spec, c.ID)
		_, stopping := s.Stops[c.ID]
		add := func(kind probe.Kind, p *v1.Probe, when bool) {
			if p != nil && when {
				wanted[probeKey{c.ID, kind}] = p
			}
		}
		add(probe.Startup, spec.StartupProbe, !h.Started && !h.StartupFailed && s.Ending == nil && !stopping)
		add(probe.Liveness, spec.LivenessProbe, h.Started && !h.LivenessFailed && s.Ending == nil && !stopping)
		add(probe.Readiness, spec.ReadinessProbe, h.Started)
	}
	return wanted
}

// followProbes starts and ends probes so that exactly the wanted ones go on.
func (w *worker) followProbes(ctx context.Context) {
	wanted := w.state.wantedProbes()
	for key, cancel := range w.probes {
		if wanted[key] == nil {
			cancel()
			delete(w.probes, key)
		}
	}
	for _, c := range w.state.running() {
		for _, kind := range []probe.Kind{probe.Startup, probe.Liveness, probe.Readiness} {
			key := probeKey{c.ID, kind}
			if p := wanted[key]; p != nil && w.probes[key] == nil {
				w.startProbe(ctx, key, p, c)
			}
		}
	}
}

func (w *worker) startProbe(ctx context.Context, key probeKey, p *v1.Probe, c runtime.ContainerStatus) {
	ctx, cancel := context.WithCancel(ctx)
	w.probes[key] = cancel
	pod := w.state.Pod
	spec, _ := containerSpec(pod, c.Name)
	// Exec probes know the variables that are written out in the spec.
	static := map[string]string{}
	for _, env := range spec.Env {
		static[env.Name] = env.Value
	}
	worker := probe.Worker{
		Kind: key.kind, Spec: p, Began: c.StartedAt, Clock: clock.RealClock{},
		Target: probe.Target{
			PodIP:     w.state.Status.PodIP,
			Container: spec,
			Exec: func(ctx context.Context, command []string) ([]byte, int, error) {
				return w.agent.exec(ctx, c.ID, expandAll(command, static))
			},
		},
		Report: func(ok bool) { w.inbox.put(probeResult{ID: c.ID, Kind: key.kind, OK: ok}) },
		Event: func(reason, message string) {
			w.recordAt(pod, recordEvent{Container: c.Name, Warning: true, EventReason: reason, EventMsg: message})
		},
	}
	w.group.Go(func() { worker.Run(ctx) })
}
