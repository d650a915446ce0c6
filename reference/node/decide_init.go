package node

import (
	"slices"
	"time"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// syncInitContainers runs the init containers one after the other and keeps
// sidecars running. It tells whether the regular containers may start.
//
// It looks at the containers from the last to the first: the last one that
// shows any sign of life tells how far the Pod has come, whatever became of
// the records of those before it.
func (s *podState) syncInitContainers(d *decision, now time.Time) (initialized bool) {
	specs := s.Pod.Spec.InitContainers
	if len(specs) == 0 {
		return true
	}
	initialized = s.mainStarted()
	passed := initialized // those before the present one have done their work
	var starts []int
	for i := len(specs) - 1; i >= 0; i-- {
		c := &specs[i]
		last := s.active(c.Name)
		if _, busy := s.Starting[c.Name]; busy {
			passed = true
			continue
		}
		if last == nil {
			if passed && sidecar(c) {
				starts = append(starts, i)
			}
			continue
		}
		if passed && !sidecar(c) {
			continue
		}
		done := false // the next one may start
		switch {
		case last.State == runtime.StateRunning && sidecar(c):
			h := s.healthOf(c, last.ID)
			s.checkRunning(d, now, c, last)
			_, stopping := s.Stops[last.ID]
			done = h.Started && !stopping
		case last.State == runtime.StateRunning:
		case sidecar(c):
			starts = append(starts, i)
		case last.State == runtime.StateExited && last.ExitCode == 0:
			done = true
		default:
			if s.shouldStart(c) {
				starts = append(starts, i)
			}
		}
		if done && !passed {
			if i == len(specs)-1 {
				initialized = true
			} else {
				starts = append(starts, i+1)
			}
		} else if done && i == len(specs)-1 {
			initialized = true
		}
		passed = true
	}
	if !passed {
		starts = append(starts, 0)
	}
	slices.Sort(starts)
	for _, i := range slices.Compact(starts) {
		s.start(d, now, &specs[i])
	}
	return initialized
}
