package allocate

import (
	"context"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

// suspect is a key without a Service that may still get one from another server.
type suspect struct {
	revision int64
	since    time.Time
}

// Run repairs what is taken by what is stored, at once and then in intervals, until ctx ends.
func (s *Services) Run(ctx context.Context) error {
	ticker := s.options.Clock.NewTicker(s.options.Interval)
	defer ticker.Stop()
	for {
		if err := s.Repair(ctx); err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "Could not compare what Services have with what is taken; trying again later")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
	}
}

// Repair makes the keys equal to what the stored Services have: a Service without its key gets it, a key without its
// Service goes. Requests may be served meanwhile.
//
// The order matters: a key that was there before the flying claims were noted, and is not among them, belongs to a
// request that is over; its Service, if it was stored, is in a list that is made afterwards.
func (s *Services) Repair(ctx context.Context) error {
	if s.options.List == nil {
		return errors.New("repair: no list of Services")
	}
	type state struct {
		pool    *pool
		held    func(*corev1.Service) []string
		entries map[string]entry
		flying  map[string]bool
	}
	states := []*state{{pool: s.ips, held: heldIPs}, {pool: s.ports, held: heldPorts}}
	for _, st := range states {
		entries, err := st.pool.load(ctx)
		if err != nil {
			return fmt.Errorf("repair: %w", err)
		}
		st.entries, st.flying = entries, st.pool.flying()
	}
	services, err := s.options.List(ctx)
	if err != nil {
		return fmt.Errorf("repair: list Services: %w", err)
	}
	now := s.options.Clock.Now()
	seen := map[string]suspect{}
	for _, st := range states {
		owners := map[string]owner{}
		for i := range services {
			for _, name := range st.held(&services[i]) {
				o := ownerOf(&services[i], nil)
				if other, ok := owners[name]; ok {
					klog.FromContext(ctx).Error(errors.New("taken twice"), "Two Services have the same address or port; delete one and create it again",
						"key", st.pool.prefix+name, "service", klog.KRef(other.Namespace, other.Name), "other", klog.KRef(o.Namespace, o.Name))
					continue
				}
				owners[name] = o
			}
		}
		for name, o := range owners {
			if st.flying[name] {
				continue
			}
			if err := st.pool.restore(ctx, name, st.entries[name], o); err != nil {
				return fmt.Errorf("repair: %w", err)
			}
		}
		for name, e := range st.entries {
			if _, ok := owners[name]; ok || st.flying[name] {
				continue
			}
			key := st.pool.prefix + name
			was, ok := s.suspects[key]
			if !ok || was.revision != e.revision {
				was = suspect{e.revision, now}
			}
			if !s.options.Sole && now.Sub(was.since) < s.options.Interval {
				seen[key] = was
				continue
			}
			if err := st.pool.releaseClaim(ctx, name, e.revision); err != nil && !errors.Is(err, errPoolChanged) {
				return fmt.Errorf("repair: %w", err)
			}
			klog.FromContext(ctx).Info("Released what no Service has", "key", key)
		}
	}
	s.suspects = seen
	return nil
}

// restore makes name o's in etcd, where e, which may be the zero value, is what was found.
func (p *pool) restore(ctx context.Context, name string, e entry, o owner) error {
	if e.owner == o.value() {
		return nil
	}
	key := p.prefix + name
	response, err := p.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(key), "=", e.revision)).
		Then(clientv3.OpPut(key, o.value())).
		Commit()
	if err != nil {
		return fmt.Errorf("restore %s: %w", key, err)
	}
	if response.Succeeded {
		p.setUsed(name, true)
		klog.FromContext(ctx).Info("Took again what a Service has", "key", key, "service", klog.KRef(o.Namespace, o.Name))
	}
	return nil
}
