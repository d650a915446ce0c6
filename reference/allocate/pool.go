package allocate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/types"
)

// What a pool answers; the texts are Kubernetes' own.
var (
	errFull        = errors.New("range is full")
	errIPTaken     = errors.New("provided IP is already allocated")
	errPortTaken   = errors.New("provided port is already allocated")
	errForeignNet  = errors.New("the provided network does not match the current range")
	errPoolChanged = errors.New("the allocation changed meanwhile")
)

// owner is the Service that has an address or a port. It is what the keys hold.
type owner struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
}

func (o owner) value() string {
	// A struct of three strings always marshals.
	b, _ := json.Marshal(o)
	return string(b)
}

// pool is a set of addresses or ports that are taken, each an etcd key under prefix. etcd decides; used is what this
// process last knew of it, and serves only to find a free one quickly.
type pool struct {
	client *clientv3.Client
	prefix string
	taken  error // what a claim of somebody else's says

	mu       sync.Mutex
	used     map[string]bool
	inFlight map[string]int // claims whose Service is not stored yet, by name
}

func newPool(client *clientv3.Client, prefix string, taken error) *pool {
	return &pool{client: client, prefix: prefix, taken: taken, used: map[string]bool{}, inFlight: map[string]int{}}
}

// claimTries is how often a claim is tried when other requests of the same Service get in between.
const claimTries = 1000

// claim takes name for o, or fails with p.taken. What o has already it may claim again, as an update does that is tried a
// second time. The revision tells one claim of a name from another; before is that of o's previous one, 0 if there is
// none. A claim is in flight until settled.
func (p *pool) claim(ctx context.Context, name string, o owner) (revision, before int64, err error) {
	p.mark(name, 1)
	defer func() {
		if err != nil {
			p.settled(name)
		}
	}()
	key := p.prefix + name
	for range claimTries {
		response, err := p.client.Txn(ctx).
			If(clientv3.Compare(clientv3.ModRevision(key), "=", before)).
			Then(clientv3.OpPut(key, o.value())).
			Else(clientv3.OpGet(key)).
			Commit()
		if err != nil {
			return 0, 0, fmt.Errorf("claim %s: %w", key, err)
		}
		if response.Succeeded {
			p.setUsed(name, true)
			return response.Header.Revision, before, nil
		}
		before = 0
		if kvs := response.Responses[0].GetResponseRange().Kvs; len(kvs) > 0 {
			p.setUsed(name, true)
			if o.UID == "" || string(kvs[0].Value) != o.value() {
				return 0, 0, p.taken
			}
			before = kvs[0].ModRevision
		}
	}
	return 0, 0, p.taken
}

// claimAny takes the first free one of candidates for o. It asks etcd for the whole truth once before it says that the
// range is full.
func (p *pool) claimAny(ctx context.Context, candidates func() iter.Seq[string], o owner) (name string, revision int64, err error) {
	for attempt := range 2 {
		if attempt == 1 {
			if _, err := p.load(ctx); err != nil {
				return "", 0, err
			}
		}
		for name := range candidates() {
			if !p.reserve(name) {
				continue
			}
			revision, _, err := p.claim(ctx, name, o)
			if err == nil {
				return name, revision, nil
			}
			if !errors.Is(err, p.taken) {
				p.setUsed(name, false)
				return "", 0, err
			}
		}
	}
	return "", 0, errFull
}

// has says whether name is taken.
func (p *pool) has(ctx context.Context, name string) (bool, error) {
	response, err := p.client.Get(ctx, p.prefix+name, clientv3.WithCountOnly())
	if err != nil {
		return false, fmt.Errorf("look up %s%s: %w", p.prefix, name, err)
	}
	return response.Count > 0, nil
}

// revision is that of o's present claim of name, or 0.
func (p *pool) revision(ctx context.Context, name string, o owner) (int64, error) {
	response, err := p.client.Get(ctx, p.prefix+name)
	if err != nil {
		return 0, fmt.Errorf("look up %s%s: %w", p.prefix, name, err)
	}
	if len(response.Kvs) == 0 || string(response.Kvs[0].Value) != o.value() {
		return 0, nil
	}
	return response.Kvs[0].ModRevision, nil
}

// releaseClaim gives name back if it was not claimed again since revision.
func (p *pool) releaseClaim(ctx context.Context, name string, revision int64) error {
	key := p.prefix + name
	return p.releaseIf(ctx, name, clientv3.Compare(clientv3.ModRevision(key), "=", revision))
}

// releaseOf gives name back if o has it.
func (p *pool) releaseOf(ctx context.Context, name string, o owner) error {
	key := p.prefix + name
	return p.releaseIf(ctx, name, clientv3.Compare(clientv3.Value(key), "=", o.value()))
}

func (p *pool) releaseIf(ctx context.Context, name string, condition clientv3.Cmp) error {
	key := p.prefix + name
	response, err := p.client.Txn(ctx).If(condition).Then(clientv3.OpDelete(key)).Commit()
	if err != nil {
		return fmt.Errorf("release %s: %w", key, err)
	}
	if !response.Succeeded {
		return fmt.Errorf("release %s: %w", key, errPoolChanged)
	}
	p.setUsed(name, false)
	return nil
}

// entry is one key as etcd has it.
type entry struct {
	owner    string
	revision int64
}

// load reads everything that is taken, and corrects what this process knew.
func (p *pool) load(ctx context.Context) (map[string]entry, error) {
	response, err := p.client.Get(ctx, p.prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", p.prefix, err)
	}
	entries := make(map[string]entry, len(response.Kvs))
	used := make(map[string]bool, len(response.Kvs))
	for _, kv := range response.Kvs {
		name := strings.TrimPrefix(string(kv.Key), p.prefix)
		entries[name] = entry{owner: string(kv.Value), revision: kv.ModRevision}
		used[name] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name := range p.inFlight {
		used[name] = true
	}
	p.used = used
	return entries, nil
}

// reserve marks name as used unless it is already, so that no other request of this process tries it meanwhile.
func (p *pool) reserve(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used[name] {
		return false
	}
	p.used[name] = true
	return true
}

func (p *pool) setUsed(name string, used bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if used {
		p.used[name] = true
	} else {
		delete(p.used, name)
	}
}

func (p *pool) mark(name string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inFlight[name] += n; p.inFlight[name] <= 0 {
		delete(p.inFlight, name)
	}
}

// settled ends the flight of a claim.
func (p *pool) settled(name string) { p.mark(name, -1) }

// flying returns the names of the claims that are in flight.
func (p *pool) flying() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	names := make(map[string]bool, len(p.inFlight))
	for name := range p.inFlight {
		names[name] = true
	}
	return names
}
