package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sentences about traffic. A client Pod of the workload image sends the requests, so that they travel as any Pod's do.

func trafficSentences(sc vocabulary) {
	sc.Step(`^Pod "([^"]*)" sends (\d+) requests to "([^"]*)"$`, requestsSent)
	sc.Step(`^every request is answered$`, allAnswered)
	sc.Step(`^the present moment is remembered as "([^"]*)"$`, momentRemembered)
	sc.Step(`^of its requests those begun before "([^"]*)" may have failed, and no other$`, failedOnlyBefore)
	sc.Step(`^each of the Pods "([^"]*)" has answered, and no other$`, answeredBy)
	sc.Step(`^requests from Pod "([^"]*)" to "([^"]*)" come to be answered by exactly the Pods "([^"]*)"$`, comesToBeAnsweredBy)
	sc.Step(`^requests from Pod "([^"]*)" to "([^"]*)" come to be refused$`, comesToBeRefused)
	sc.Step(`^datagrams from the port (\d+) of Pod "([^"]*)" to "([^"]*)" come to be answered by Pod "([^"]*)"$`, datagramsAnsweredBy)
	sc.Step(`^requests from Pod "([^"]*)" to "([^"]*)" come to be answered by none of the Pods "([^"]*)"$`, comesToBeAnsweredByNone)
}

// request is one line of what the workload's client prints.
type request struct {
	At     time.Time `json:"at"` // when it began, by the client's clock
	Status int       `json:"status"`
	Who    string    `json:"who"`   // the answering Pod
	Class  string    `json:"class"` // of a failure: refused, timeout, reset, …
}

// balanceRequests is how many new connections are sent to see every Pod of a Service. With n Pods chosen evenly and
// independently, one of them is missed with probability at most n(1-1/n)^k: for n = 3 and k = 60 that is 8e-11, for n = 4,
// 1.3e-7. Both are below one in a million.
const balanceRequests = 60

// burst is a number of requests: HTTP requests over a new connection each, TCP connections or UDP datagrams, as the scheme of
// the target says. They are sent four at a time, or, where every is set, one by one at that distance. They come from a Pod, or,
// if no client is named, from outside of the cluster.
type burst struct {
	client, target string
	count          int
	every          time.Duration
	port           int // of the client, for datagrams; 0 is a new one for each
}

func (b burst) String() string {
	if b.client == "" {
		return "requests from outside of the cluster to " + b.target
	}
	return fmt.Sprintf("requests from Pod %q to %s", b.client, b.target)
}

// command is the workload's that sends it.
func (b burst) command() []string {
	pace := []string{fmt.Sprintf("--count=%d", b.count), "--timeout=2s", "--concurrency=4"}
	if b.every > 0 {
		pace[2] = "--interval=" + b.every.String()
	}
	if b.port > 0 {
		pace = append(pace, fmt.Sprintf("--from-port=%d", b.port))
	}
	scheme, address, _ := strings.Cut(b.target, "://")
	if scheme == "tcp" || scheme == "udp" {
		return append([]string{"/workload", scheme, address}, pace...)
	}
	return append([]string{"/workload", "http", b.target}, pace...)
}

func (s *scenario) send(ctx context.Context, b burst) ([]request, error) {
	var o *outcome
	var err error
	if b.client == "" {
		o, err = s.executeOutside(ctx, b.command()...)
	} else {
		o, err = s.execute(ctx, b.client, "client", b.command()...)
	}
	if err != nil {
		return nil, err
	}
	s.traffic, err = o.requests()
	return s.traffic, err
}

// requests reads what a client has printed.
func (o *outcome) requests() ([]request, error) {
	var requests []request
	for _, line := range strings.Split(strings.TrimSpace(o.stdout), "\n") {
		var r request
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("%s printed %q, which is no request: %w (stderr: %s)", o.asked, line, err, o.stderr)
		}
		requests = append(requests, r)
	}
	return requests, nil
}

// tally counts the answers by Pod, and the failures by their kind.
func tally(requests []request) (answers, errors map[string]int) {
	answers, errors = map[string]int{}, map[string]int{}
	for _, r := range requests {
		switch {
		case r.Class != "":
			errors[r.Class]++
		case r.Status >= 400:
			errors[fmt.Sprintf("status %d", r.Status)]++
		default:
			answers[r.Who]++
		}
	}
	return answers, errors
}

// told writes a tally for people.
func told(requests []request) string {
	answers, errors := tally(requests)
	var out []string
	for name, count := range answers {
		out = append(out, fmt.Sprintf("%d answered by %s", count, name))
	}
	for name, count := range errors {
		out = append(out, fmt.Sprintf("%d failed: %s", count, name))
	}
	slices.Sort(out)
	return among(out)
}

func requestsSent(ctx context.Context, client string, count int, target string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	_, err = s.send(ctx, burst{client: client, target: target, count: count})
	return err
}

func allAnswered(ctx context.Context) error {
	requests, err := sent(ctx)
	if err != nil {
		return err
	}
	if _, errors := tally(requests); len(errors) > 0 {
		return failed("the requests", "every one is answered", told(requests))
	}
	return nil
}

// momentRemembered is by the clock of the client that has sent the last requests: of the last of them. Before there are any it is by ours.
func momentRemembered(ctx context.Context, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	s.store(as, momentOf(s.traffic, time.Now()).UTC().Format(time.RFC3339Nano))
	return nil
}

func momentOf(requests []request, now time.Time) time.Time {
	if len(requests) == 0 {
		return now
	}
	return slices.MaxFunc(requests, func(a, b request) int { return a.At.Compare(b.At) }).At
}

// failedOnlyBefore judges the client that ended last. Its clock is the node's: requests of the bound for skewed clocks after
// the moment are not held against anybody.
func failedOnlyBefore(ctx context.Context, moment string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	o, err := ran(ctx)
	if err != nil {
		return err
	}
	requests, err := o.requests()
	if err != nil {
		return err
	}
	text, err := s.expand("${" + moment + "}")
	if err != nil {
		return err
	}
	since, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fmt.Errorf("what is remembered as %q is no moment: %w", moment, err)
	}
	requests = slices.DeleteFunc(requests, func(r request) bool { return r.At.Before(since.Add(clockSkew)) })
	if len(requests) == 0 {
		return &Inconclusive{Why: fmt.Sprintf("the client had ended before %s", text)}
	}
	if _, errors := tally(requests); len(errors) > 0 {
		return failed("the requests begun after "+text, "every one is answered", told(requests))
	}
	return nil
}

// exactly says whether each of the Pods has answered, nobody else, and nothing failed.
func exactly(requests []request, pods []string) bool {
	answers, errors := tally(requests)
	if len(errors) > 0 || len(answers) != len(pods) {
		return false
	}
	for _, pod := range pods {
		if answers[pod] == 0 {
			return false
		}
	}
	return true
}

func answeredBy(ctx context.Context, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if pods := names(list); !exactly(s.traffic, pods) {
		return failed("who answered the requests", "exactly "+among(pods), told(s.traffic))
	}
	return nil
}

// trafficPause is between two rounds of requests while a change is on its way to the rules, so that waiting does not
// load the machine. Traffic cannot be watched: it has to be tried.
const trafficPause = 200 * time.Millisecond

// untilTraffic sends rounds of requests until ok, for as long as a proxy may take.
func (s *scenario) untilTraffic(ctx context.Context, b burst, expected string, ok func([]request) bool) error {
	begun := time.Now()
	seen := &history{begun: begun}
	ticker := time.NewTicker(trafficPause)
	defer ticker.Stop()
	for {
		requests, err := s.send(ctx, b)
		if err != nil {
			return err
		}
		seen.add(told(requests))
		if ok(requests) {
			return nil
		}
		if waited := time.Since(begun); waited > boundTraffic.within(ctx) {
			return &Failure{What: b.String(), Expected: expected, Seen: seen.last, Waited: waited, At: time.Now(), Timeline: seen.lines}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func comesToBeAnsweredBy(ctx context.Context, client, target, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	pods := names(list)
	return s.untilTraffic(ctx, burst{client: client, target: target, count: balanceRequests}, "answered by exactly "+among(pods),
		func(requests []request) bool { return exactly(requests, pods) })
}

// datagramsAnsweredBy sends datagrams from one port. To the kernel they are one flow, which it keeps on the way of the first for as long
// as others follow: only who removes the flow leads it elsewhere.
func datagramsAnsweredBy(ctx context.Context, port int, client, address, pod string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.untilTraffic(ctx, burst{client: client, target: "udp://" + address, count: 1, port: port}, "answered by "+pod,
		func(requests []request) bool { return exactly(requests, []string{pod}) })
}

// refusedRequests are those that have to be refused, all of them, and refusedPause is between two. Proxies refuse by an ICMP message, of
// which a kernel sends one client six at once and then one a second (net.ipv4.icmp_ratelimit); the client that gets none goes on
// trying. One by one, at this distance, there is a message for each.
const (
	refusedRequests = 3
	refusedPause    = 1200 * time.Millisecond
)

// comesToBeRefused takes either error for a refusal that comes at once: which one a client sees is nowhere promised, and proxies that
// refuse in the client's own kernel say that the host is unreachable (Cilium's socket load balancing). It sends single requests until one is
// refused. It may have been an ended Pod that refused it, so that only then the requests are sent of which each has to be.
func comesToBeRefused(ctx context.Context, client, target string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	for _, b := range []burst{{client: client, target: target, count: 1}, {client: client, target: target, count: refusedRequests, every: refusedPause}} {
		err := s.untilTraffic(ctx, b, "every one of the requests is refused", allRefused)
		if err != nil {
			return err
		}
	}
	return nil
}

func allRefused(requests []request) bool {
	_, errors := tally(requests)
	return len(requests) > 0 && errors["refused"]+errors["unreachable"] == len(requests)
}

// comesToBeAnsweredByNone does not say how requests fail, or whether: of a port that a Service does not have, upstream's
// proxies let packets pass to wherever the node's routes lead, and somebody out there may answer.
func comesToBeAnsweredByNone(ctx context.Context, client, target, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	pods := names(list)
	return s.untilTraffic(ctx, burst{client: client, target: target, count: 8}, "answered by none of "+among(pods), func(requests []request) bool {
		return !slices.ContainsFunc(requests, func(r request) bool { return slices.Contains(pods, r.Who) })
	})
}
