package invariants

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
)

// Scope is what of a cluster is watched.
type Scope struct {
	// Selector finds the run's namespaces by their labels.
	Selector string
	// Everything watches all namespaces, for a cluster that is the run's own; else only the run's are looked into.
	Everything bool
	// NodesRestart says that nodes may be stopped and started meanwhile, with which restart counts may be lost.
	NodesRestart bool
	// Bound is how long a Pod that is not ready may stay a ready endpoint.
	Bound time.Duration
}

// Collector watches a cluster from its making until it is stopped.
type Collector struct {
	clients sources
	scope   Scope
	end     context.CancelFunc
	group   sync.WaitGroup

	mu          sync.Mutex
	judge       *Judge
	streams     int
	unsupported map[string]string            // why a kind cannot be watched
	namespaces  map[string]map[string]string // the annotations of the run's namespaces, those that are gone too
	breaches    []Breach
	kept, more  map[string]int // how many there are of each invariant: among the breaches, and beyond those
}

// mostBreaches is how many breaches of one invariant a cluster's findings hold; of more there is the number.
const mostBreaches = 100

// Findings are what a cluster showed.
type Findings struct {
	Breaches    []Breach
	More        map[string]int               // breaches beyond those, by invariant
	Observed    map[string]int               // observations, by kind
	Unsupported map[string]string            // kinds that could not be watched, and why
	Namespaces  map[string]map[string]string // annotations of the run's namespaces, by name
}

// Watch begins to watch a cluster. The watches go on until Stop, whatever becomes of the context's deadline or end.
func Watch(ctx context.Context, config *rest.Config, scope Scope) (*Collector, error) {
	clients, err := newSources(config)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	c := &Collector{clients: clients, scope: scope, end: end, judge: NewJudge(scope.Bound, scope.NodesRestart), unsupported: map[string]string{}, namespaces: map[string]map[string]string{},
		kept: map[string]int{}, more: map[string]int{}}
	c.group.Go(func() { c.followNamespaces(ctx) })
	if scope.Everything {
		c.followAll(ctx, "", &c.group)
	}
	c.group.Go(func() { c.lookInto(ctx) })
	return c, nil
}

// Stop ends the watches, looks at everything once more, so that what came last is judged too, and returns what was found.
// The context bounds the last look.
func (c *Collector) Stop(ctx context.Context) Findings {
	c.end()
	c.group.Wait()
	c.lookOnce(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	return Findings{Breaches: c.breaches, More: c.more, Observed: c.judge.judged, Unsupported: c.unsupported, Namespaces: c.namespaces}
}

// lookOnce lists what is there, and looks into what has been suspected for long enough.
func (c *Collector) lookOnce(ctx context.Context) {
	var where []string
	if c.scope.Everything {
		where = []string{""}
	} else {
		c.mu.Lock()
		for namespace := range c.judge.names {
			where = append(where, namespace)
		}
		c.mu.Unlock()
	}
	for _, namespace := range where {
		for _, kind := range Kinds {
			if c.refused(kind) {
				continue
			}
			listed, _, err := c.clients.list(ctx, kind, namespace)
			if err != nil && !answered(err) {
				return // a target that died, or was stopped, shows nothing any more
			}
			if err == nil {
				c.replace(kind, namespace, listed)
			}
		}
	}
	c.confirm(ctx)
}

// followAll watches every kind in a namespace, or in all.
func (c *Collector) followAll(ctx context.Context, namespace string, group *sync.WaitGroup) {
	for _, kind := range Kinds {
		group.Go(func() { c.follow(ctx, kind, namespace) })
	}
}

// errRefused is a watch that the target does not allow or have.
var errRefused = errors.New("the target does not let it be watched")

// follow lists and watches one kind until the context ends or the target refuses.
func (c *Collector) follow(ctx context.Context, kind, namespace string) {
	for ctx.Err() == nil {
		listed, version, err := c.clients.list(ctx, kind, namespace)
		if err == nil {
			stream := c.replace(kind, namespace, listed)
			err = c.clients.watch(ctx, kind, namespace, version, func(o Object, gone bool) {
				c.see(Sight{At: time.Now(), Stream: stream, Gone: gone, Object: o})
			})
		}
		if errors.Is(err, errRefused) {
			c.refuse(kind, err)
			return
		}
		pause(ctx)
	}
}

// followNamespaces learns which namespaces are the run's and, where only those are looked into, watches each as long as it is
// there.
func (c *Collector) followNamespaces(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	ends := map[string]context.CancelFunc{}
	meet := func(n *corev1.Namespace) {
		c.mu.Lock()
		c.namespaces[n.Name] = n.Annotations
		c.mu.Unlock()
		if c.scope.Everything || ends[n.Name] != nil {
			return
		}
		within, end := context.WithCancel(ctx)
		ends[n.Name] = end
		c.followAll(within, n.Name, &group)
	}
	part := func(name string) {
		if end := ends[name]; end != nil {
			end()
			delete(ends, name)
			c.leave(name)
		}
	}
	defer func() {
		for _, end := range ends {
			end()
		}
	}()
	for ctx.Err() == nil {
		err := c.clients.namespaces(ctx, c.scope.Selector, meet, part)
		if errors.Is(err, errRefused) && !c.scope.Everything {
			for _, kind := range Kinds {
				c.refuse(kind, err)
			}
			return
		}
		pause(ctx)
	}
}

// see has an observation judged.
func (c *Collector) see(s Sight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(c.judge.See(s))
}

// replace has a list judged, which begins a stream.
func (c *Collector) replace(kind, namespace string, listed []Object) (stream int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams++
	c.keep(c.judge.Replace(kind, namespace, c.streams, time.Now(), listed))
	return c.streams
}

// leave drops what is known of a namespace that is gone.
func (c *Collector) leave(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, kind := range Kinds {
		c.judge.Replace(kind, namespace, c.streams, time.Now(), nil)
	}
}

// keep adds breaches to the findings. The caller holds the lock.
func (c *Collector) keep(breaches []Breach) {
	for _, b := range breaches {
		// Each has room of its own: what is known must not crowd out what is not.
		if c.kept[b.Invariant] == mostBreaches {
			c.more[b.Invariant]++
			continue
		}
		c.kept[b.Invariant]++
		c.breaches = append(c.breaches, b)
	}
}

func (c *Collector) refuse(kind string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unsupported[kind] == "" {
		c.unsupported[kind] = err.Error()
	}
}

func (c *Collector) refused(kind string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unsupported[kind] != ""
}

// lookInto reads again what is suspected, every second.
func (c *Collector) lookInto(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.confirm(ctx)
		}
	}
}

// confirm looks into every suspicion that is due. A read that fails says nothing; the suspicion is looked into again.
func (c *Collector) confirm(ctx context.Context) {
	type due struct {
		Suspicion
		since  time.Time
		first  Object
		second Object
	}
	var all []due
	c.mu.Lock()
	for s, since := range c.judge.Overdue(time.Now()) {
		all = append(all, due{s, since, c.judge.object(s.first), c.judge.object(s.second)})
	}
	c.mu.Unlock()
	for _, d := range all {
		if d.first == nil {
			continue
		}
		var err error
		if d.Invariant == AddressesAreUnique {
			err = c.confirmSharing(ctx, d.Suspicion, d.first, d.second)
		} else {
			err = c.confirmUnready(ctx, d.Suspicion, d.since, d.first)
		}
		if err != nil && !answered(err) {
			return
		}
	}
}

func (c *Collector) confirmSharing(ctx context.Context, s Suspicion, first, second Object) error {
	if second == nil {
		return nil
	}
	var reads [3]*Sight
	for i, o := range []Object{first, second, first} {
		var err error
		if reads[i], err = c.read(ctx, kindService, o.GetNamespace(), o.GetName()); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(c.judge.ConfirmSharing(reads[0], reads[1], reads[2]))
	c.judge.Settle(s)
	return nil
}

func (c *Collector) confirmUnready(ctx context.Context, s Suspicion, since time.Time, slice Object) error {
	pod, err := c.read(ctx, kindPod, s.Namespace, podIn(slice, s.second))
	if err != nil {
		return err
	}
	service, err := c.read(ctx, kindService, s.Namespace, slice.GetLabels()[serviceLabel])
	if err != nil {
		return err
	}
	now, err := c.read(ctx, kindSlice, s.Namespace, slice.GetName())
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(c.judge.ConfirmUnready(s, since, pod, service, now))
	return nil
}

// read reads one object; nil if there is none.
func (c *Collector) read(ctx context.Context, kind, namespace, name string) (*Sight, error) {
	if name == "" {
		return nil, nil
	}
	object, err := c.clients.get(ctx, kind, namespace, name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s/%s: %w", kind, namespace, name, err)
	}
	return &Sight{At: time.Now(), Object: object}, nil
}

// answered tells an answer of the API server from a way to it that is broken.
func answered(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) || errors.Is(err, errRefused)
}

// pause keeps a target that is away from being asked all the time.
func pause(ctx context.Context) {
	timer := time.NewTimer(300 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
