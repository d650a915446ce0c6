package allocate

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
)

// settleTimeout bounds what is done for a request that is over, successfully or not.
const settleTimeout = 10 * time.Second

// hold is one claim of a transaction, or one address or port that it gives up.
type hold struct {
	pool     *pool
	name     string
	revision int64
	fresh    bool // nobody but this request relies on the claim
}

// transaction is what one attempt to store a Service takes and gives up. Nothing is given up before it is committed,
// and what it took is given back when it is reverted. A dry run touches nothing.
type transaction struct {
	services *Services
	owner    owner
	dryRun   bool
	earlier  []*transaction // earlier attempts of the same request

	mu       sync.Mutex
	over     bool
	claims   []hold
	releases []hold
	dryPorts []int // what a dry run pretends to have taken
}

func (t *transaction) claim(ctx context.Context, p *pool, name string) error {
	for _, claim := range t.claims {
		if claim.pool == p && claim.name == name {
			return p.taken
		}
	}
	revision, before, err := p.claim(ctx, name, t.owner)
	if err != nil {
		return err
	}
	t.claims = append(t.claims, hold{p, name, revision, before == 0 || t.madeBefore(p, name, before)})
	return nil
}

// madeBefore says whether a claim was made by an earlier attempt of the same request.
func (t *transaction) madeBefore(p *pool, name string, revision int64) bool {
	for _, attempt := range t.earlier {
		if slices.Contains(attempt.claims, hold{p, name, revision, true}) {
			return true
		}
	}
	return false
}

func (t *transaction) claimAny(ctx context.Context, p *pool, candidates func() iter.Seq[string]) (string, error) {
	name, revision, err := p.claimAny(ctx, candidates, t.owner)
	if err != nil {
		return "", err
	}
	t.claims = append(t.claims, hold{p, name, revision, true})
	return name, nil
}

// giveUp releases name at the commit, provided that it is still the same claim then.
func (t *transaction) giveUp(ctx context.Context, p *pool, name string) error {
	if t.dryRun {
		return nil
	}
	revision, err := p.revision(ctx, name, t.owner)
	if err != nil {
		return err
	}
	if revision != 0 {
		t.releases = append(t.releases, hold{pool: p, name: name, revision: revision})
	}
	return nil
}

// commit makes the claims permanent and releases what was given up. It is to be called when the Service is stored.
func (t *transaction) commit() { t.end(t.releases) }

// revert gives the claims back. It is to be called when the Service was not stored. What another request of the same
// Service had claimed already is left to that request, whose Service may be stored with it.
func (t *transaction) revert() {
	t.end(slices.DeleteFunc(slices.Clone(t.claims), func(h hold) bool { return !h.fresh }))
}

// abandon leaves everything as it is, for the repair loop to judge by what is stored.
func (t *transaction) abandon() { t.end(nil) }

// end releases what it is given, and settles all claims. Only the first end of a transaction counts. What was claimed
// again meanwhile, by a later attempt, stays taken.
func (t *transaction) end(release []hold) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.over = true
	ctx, cancel := context.WithTimeout(t.services.background(), settleTimeout)
	defer cancel()
	for _, h := range release {
		err := h.pool.releaseClaim(ctx, h.name, h.revision)
		if err != nil && !errors.Is(err, errPoolChanged) {
			klog.FromContext(ctx).Error(err, "What a Service gave up stays taken until the next repair", "service", klog.KRef(t.owner.Namespace, t.owner.Name))
		}
	}
	for _, claim := range t.claims {
		claim.pool.settled(claim.name)
	}
}

// claimPort takes a chosen node port. A dry run refuses what is taken, but not what is out of range, as in Kubernetes.
func (t *transaction) claimPort(ctx context.Context, port int) error {
	s := t.services
	if t.dryRun {
		taken, err := s.ports.has(ctx, strconv.Itoa(port))
		if err != nil {
			return err
		}
		for _, other := range t.dryPorts {
			taken = taken || other == port
		}
		if taken {
			return errPortTaken
		}
		t.dryPorts = append(t.dryPorts, port)
		return nil
	}
	if !s.portRange.Contains(port) {
		return &portRangeError{s.portRange.String()}
	}
	return t.claim(ctx, s.ports, strconv.Itoa(port))
}

// claimAnyPort takes a free node port. A dry run answers with a number that stands for one.
func (t *transaction) claimAnyPort(ctx context.Context) (int, error) {
	if t.dryRun {
		port := 32768
		if len(t.dryPorts) > 0 {
			port = 0
			for _, other := range t.dryPorts {
				port = max(port, other)
			}
		}
		t.dryPorts = append(t.dryPorts, port+1)
		return port + 1, nil
	}
	name, err := t.claimAny(ctx, t.services.ports, t.services.portCandidates)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(name)
}

// portRangeError tells which node ports there are.
type portRangeError struct{ valid string }

func (e *portRangeError) Error() string {
	return "provided port is not in the valid range. The range of valid ports is " + e.valid
}

// ownerOf is svc as an owner; an update's Service is known by the stored one.
func ownerOf(svc, old *corev1.Service) owner {
	if old != nil {
		svc = old
	}
	return owner{Namespace: svc.Namespace, Name: svc.Name, UID: types.UID(svc.UID)}
}

// internal is the answer to a request that failed for no fault of its own.
func internal(err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return err
	}
	return apierrors.NewInternalError(err)
}
