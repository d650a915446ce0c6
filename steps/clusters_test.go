package steps

import (
	"context"
	"errors"
	"testing"
	"time"
)

// namedCluster is one that is only known by its name.
type namedCluster struct{ Cluster }

func (namedCluster) Name() string { return "c" }

// keeper notes what it is asked to keep.
type keeper struct {
	Provider
	refuses error
	kept    string
}

func (k *keeper) Keep(_ Cluster, scenario string) error {
	k.kept = scenario
	return k.refuses
}

type unheard struct{ Evidence }

func (unheard) Observe(time.Time, string, string) {}

// TestOwnClusterOfAFailure: it is kept where that was asked for and can be done, and released in all other cases.
func TestOwnClusterOfAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		failed, keep bool
		provider     Provider
		released     bool
	}{
		"failed, to be kept":         {true, true, &keeper{}, false},
		"failed":                     {true, false, &keeper{}, true},
		"passed":                     {false, true, &keeper{}, true},
		"too many are kept":          {true, true, &keeper{refuses: errors.New("two are kept")}, true},
		"a provider that keeps none": {true, true, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scenario{env: Env{Provider: c.provider, Keep: c.keep, Scenario: "a/b/c", Evidence: unheard{}}, failed: c.failed}
			released := false
			if err := s.leave(t.Context(), ownedCluster{namedCluster{}, func(context.Context) error { released = true; return nil }}); err != nil {
				t.Fatal(err)
			}
			if released != c.released {
				t.Errorf("released %v, want %v", released, c.released)
			}
		})
	}
}

// TestFlagsThatAreNotKnown: a server that ends for another reason than its flags is no server that does not know them.
func TestFlagsThatAreNotKnown(t *testing.T) {
	for output, want := range map[string]bool{
		"unknown flag --etcd-compaction-interval: none has it": true,
		"no such option: history":                              true,
		"panic: runtime error: invalid memory address":         false,
		"": false,
	} {
		if got := namesFlag(output, "--etcd-compaction-interval=1s  --history=short"); got != want {
			t.Errorf("%q: %v, want %v", output, got, want)
		}
	}
}

// TestTells: a server may name its flag, or say in words what it sets.
func TestTells(t *testing.T) {
	for output, want := range map[string]bool{
		"Error: the service cluster IP range must be at least 8 IP addresses": true,
		"--service-cluster-ip-range: 10.99.0.0/31 is too small":               true,
		"--cluster-cidr: 10.99.0.0/31 is too small":                           false,
		"": false,
	} {
		if got := tells(output, "cluster-ip-range"); got != want {
			t.Errorf("%q: %v, want %v", output, got, want)
		}
	}
}
