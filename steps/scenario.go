package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// scenario is the whole state of one scenario: it lives in the scenario's context and nowhere else.
type scenario struct {
	env Env

	cluster   Cluster // the shared one, or one of the scenario's own
	config    *rest.Config
	typed     kubernetes.Interface
	dynamic   dynamic.Interface
	mapper    meta.RESTMapper
	namespace string

	mu          sync.Mutex
	remember    map[string]string  // what the sentences remember, for ${name}
	answer      *answer            // the API server's last answer
	command     *outcome           // the last program that ran, in a container or kubectl
	cancelBegun context.CancelFunc // ends the program that was begun
	begun       chan ending        // the end of the program that was begun
	background  *background        // the kubectl that goes on beside the steps
	local       string             // the forwarded port's address
	logs        map[string]*logFollower
	watches     map[string]*recorder
	listing     *listing             // the list that is being read, piece by piece
	deletedAt   map[string]time.Time // when a deletion was asked for, by "Kind/name"
	traffic     []request            // the last requests of a client Pod
	lookUps     []lookUp             // the names that a client Pod has looked up
	elsewhere   []string             // the namespace on the shared cluster, once the scenario has a cluster of its own
	shared      kubernetes.Interface // the shared cluster's client, from then on
	ages        map[string]ages      // of Pods, by the name that the scenario gives them
	pods        []string             // Pods whose containers are remembered
	held        []string             // and what they ran in
	table       *table               // how labels can be, and all selectors about them
	directory   string               // files for kubectl
	outside     []outside            // what it made beside its namespace
	own         []ownedCluster       // clusters of the scenario's own
	foreign     map[string]string    // the rules that somebody else wrote, by node
	chains      map[string][]string  // the chains of a Service, by node
	failed      bool
}

type scenarioKey struct{}

// from takes the scenario out of its context. Without one the engine is at fault, which the error says.
func from(ctx context.Context) (*scenario, error) {
	s, ok := ctx.Value(scenarioKey{}).(*scenario)
	if !ok {
		return nil, errors.New("the step runs outside of a scenario: the engine has not called Begin")
	}
	return s, nil
}

// Begin makes a scenario's state and its namespace, and puts the state into the context that it returns. The engine
// calls it before the first step, and End whether or not Begin had an error.
func Begin(ctx context.Context, env Env) (context.Context, error) {
	s := &scenario{
		env:       env,
		remember:  map[string]string{},
		logs:      map[string]*logFollower{},
		watches:   map[string]*recorder{},
		deletedAt: map[string]time.Time{},
		ages:      map[string]ages{},
	}
	ctx = context.WithValue(ctx, scenarioKey{}, s)
	if err := s.use(ctx, env.Cluster); err != nil {
		return ctx, err
	}
	return ctx, nil
}

// use turns the scenario to a cluster and makes its namespace there.
func (s *scenario) use(ctx context.Context, cluster Cluster) error {
	config := rest.CopyConfig(cluster.Config())
	config.QPS, config.Burst = -1, 0 // the suite's own patience is no property of the target
	config.UserAgent = "plumbline"
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client for %s: %w", cluster.Name(), err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a dynamic client for %s: %w", cluster.Name(), err)
	}
	// Those clients come again by themselves.
	config = rest.CopyConfig(config)
	config.Wrap(func(base http.RoundTripper) http.RoundTripper { return patient{base} })
	s.cluster, s.config, s.typed, s.dynamic = cluster, config, typed, dyn
	s.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(typed.Discovery()))
	s.namespace, err = s.makeNamespace(ctx)
	if err != nil {
		return err
	}
	if err := s.awaitAccount(ctx); err != nil {
		return err
	}
	s.remember["namespace"] = s.namespace
	s.remember["image"] = cluster.WorkloadImage()
	return nil
}

// MarkFailed says that the scenario did not pass, so that End leaves evidence of the cluster's state.
func MarkFailed(ctx context.Context) {
	if s, err := from(ctx); err == nil {
		s.failed = true
	}
}

// End takes evidence if the scenario failed, stops all that it started and removes what it created. The engine calls it
// with a context of its own deadline that carries the scenario. It does not wait for the namespace's end.
func End(ctx context.Context) error {
	s, err := from(ctx)
	if err != nil {
		return nil // Begin was never called: there is nothing to end
	}
	var errs []error
	if s.failed && s.namespace != "" {
		s.takeEvidence(ctx)
	}
	if s.begun != nil {
		s.cancelBegun()
		<-s.begun
	}
	for _, follower := range s.logs {
		follower.stop()
	}
	if s.background != nil {
		s.background.stop()
	}
	for _, watched := range s.watches {
		watched.stop()
	}
	if s.directory != "" {
		errs = append(errs, os.RemoveAll(s.directory))
	}
	if s.shared == nil && s.failed && s.env.Keep {
		s.observe("Namespace "+s.namespace, "kept, to be looked into")
	} else if s.shared == nil {
		errs = append(errs, s.removeNamespace(ctx, s.namespace), s.removeOutside(ctx))
	} else { // a cluster of the scenario's own takes its namespaces with it
		errs = append(errs, s.leaveShared(ctx))
	}
	for _, own := range s.own {
		errs = append(errs, s.leave(ctx, own))
	}
	return errors.Join(errs...)
}

var reference = regexp.MustCompile(`\$\{([A-Za-z][A-Za-z0-9 ]*)\}`)

// expand replaces each ${name} by what the scenario remembers under it. ${namespace} and ${image} are always known.
func (s *scenario) expand(text string) (string, error) {
	var unknown []string
	s.mu.Lock()
	defer s.mu.Unlock()
	var expanded strings.Builder
	end := 0
	for _, match := range reference.FindAllStringSubmatchIndex(text, -1) {
		name := text[match[2]:match[3]]
		value, ok := s.remember[name]
		if !ok {
			unknown = append(unknown, name)
		}
		expanded.WriteString(text[end:match[0]])
		if isHost(text[:match[0]], text[match[1]:]) {
			value = bracketed(value)
		}
		expanded.WriteString(value)
		end = match[1]
	}
	expanded.WriteString(text[end:])
	if len(unknown) > 0 {
		return "", fmt.Errorf("the scenario uses %q before anything is remembered under that name", strings.Join(unknown, `", "`))
	}
	return expanded.String(), nil
}

// port is how a text goes on behind a host that has one.
var port = regexp.MustCompile(`^:(?:\d|\$\{|")`)

// isHost says whether what stands between two texts is the host of a URL, or of a host and a port.
func isHost(before, after string) bool {
	return strings.HasSuffix(before, "://") || port.MatchString(after)
}

// bracketed writes an IPv6 address as a URL has it (RFC 3986, 3.2.2), and leaves anything else.
func bracketed(value string) string {
	if address, err := netip.ParseAddr(value); err == nil && address.Is6() {
		return "[" + value + "]"
	}
	return value
}

func (s *scenario) observe(object, what string) {
	s.env.Evidence.Observe(time.Now(), object, what)
}
