package plumbline

import (
	"math/rand/v2"
	"slices"
)

// weight is a guess of how long a scenario takes, in seconds. Only the order of magnitude matters: what is long starts
// first, so that the run does not end with everybody waiting for one.
func (s *scenario) weight() int {
	switch {
	case s.slow:
		return 300
	case s.long:
		return 40
	case s.ownCluster():
		return 20
	case slices.Contains(s.profiles, "workloads"), slices.Contains(s.profiles, "network"), slices.Contains(s.profiles, multiNode),
		slices.Contains(s.profiles, "storage"), slices.Contains(s.profiles, "autoscaling"):
		return 5
	default:
		return 1
	}
}

// order sorts scenarios for a run: those that must be alone last, the longest first, and among equals by the seed, so
// that no scenario comes to rely on another.
func order(planned []*scenario, seed int64) []*scenario {
	ordered := slices.Clone(planned)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	random.Shuffle(len(ordered), func(i, j int) { ordered[i], ordered[j] = ordered[j], ordered[i] })
	slices.SortStableFunc(ordered, func(a, b *scenario) int {
		if a.serial != b.serial {
			if a.serial {
				return 1
			}
			return -1
		}
		return b.weight() - a.weight()
	})
	return ordered
}
