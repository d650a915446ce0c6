package steps

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Sentences about the ways into a Service: who asks, at which node, and how the answers lie over its Pods.

func waySentences(sc vocabulary) {
	sc.Step(`^the number of nodes that take Pods is remembered as "([^"]*)"$`, nodesCounted)
	sc.Step(`^the address of the node of Pod "([^"]*)" is remembered as "([^"]*)"$`, nodeAddressRemembered)
	sc.Step(`^ReplicaSet "([^"]*)" comes to have a Ready Pod on every node that takes Pods$`, readyEverywhere)
	sc.Step(`^requests from every Pod of ReplicaSet "([^"]*)" to "([^"]*)" come to be answered by exactly the Pods "([^"]*)"$`, everyPodAsks)
	sc.Step(`^requests from every Pod of ReplicaSet "([^"]*)" to the port "([^"]*)" of every node come to be answered by exactly the Pods "([^"]*)"$`, everyPodAsksEveryNode)
	sc.Step(`^requests from the Pods of ReplicaSet "([^"]*)" on the node of Pod "([^"]*)" to "([^"]*)" come to be answered by exactly the Pods "([^"]*)"$`, nearPodsAsk)
	sc.Step(`^requests from the Pods of ReplicaSet "([^"]*)" on other nodes than Pod "([^"]*)" to "([^"]*)" come to be answered by exactly the Pods "([^"]*)"$`, farPodsAsk)
	sc.Step(`^requests from the Pods of ReplicaSet "([^"]*)" on other nodes than Pod "([^"]*)" to "([^"]*)" come to be answered by none of the Pods "([^"]*)"$`, farPodsAskInVain)
	sc.Step(`^requests from Pod "([^"]*)" to "([^"]*)" come to be answered with the status (\d+)$`, comesToHaveStatus)
	sc.Step(`^requests from Pod "([^"]*)" to "([^"]*)" come to be answered by one of the Pods "([^"]*)"$`, comesToBeAnsweredByOne)
	sc.Step(`^Pod "([^"]*)" sends (\d+) requests to "([^"]*)", one every (\d+) seconds$`, requestsSentSlowly)
	sc.Step(`^Pod "([^"]*)" sends (\d+) requests to every port of Service "([^"]*)"$`, requestsSentToPorts)
	sc.Step(`^requests from Pod "([^"]*)" to every port of Service "([^"]*)" come to be answered by exactly the Pods "([^"]*)"$`, everyPortAnswers)
	sc.Step(`^they are all answered by one of the Pods "([^"]*)"$`, answeredByOne)
	sc.Step(`^they are answered by more than one of the Pods "([^"]*)"$`, answeredBySeveral)
	sc.Step(`^they are spread over the Pods "([^"]*)" no less evenly than by chance$`, answersSpread)
}

func nodesCounted(ctx context.Context, as string) error {
	s, nodes, err := openNodes(ctx)
	if err != nil {
		return err
	}
	s.store(as, strconv.Itoa(len(nodes)))
	return nil
}

// internalAddress is where a node is reached from within the cluster's network.
func internalAddress(node *corev1.Node) (string, error) {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address, nil
		}
	}
	return "", failed(fmt.Sprintf("the addresses of node %q", node.Name), "one of the type InternalIP", fmt.Sprint(node.Status.Addresses))
}

func nodeAddressRemembered(ctx context.Context, pod, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.mustGet(ctx, "Pod", pod)
	if err != nil {
		return err
	}
	name, _, err := valueOf(object, "spec.nodeName")
	if err != nil {
		return err
	}
	node, err := s.typed.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read node %q: %w", name, err)
	}
	address, err := internalAddress(node)
	if err == nil {
		s.store(as, address)
	}
	return err
}

// manyNodes are so many that their Pods take longer to create than one takes to start.
const manyNodes = 20

func boundEverywhere(nodes int) bound {
	if nodes > manyNodes {
		return boundLargeSet
	}
	return boundPodStart
}

func readyEverywhere(ctx context.Context, set string) error {
	_, nodes, err := openNodes(ctx)
	if err != nil {
		return err
	}
	return awaitPods(ctx, fmt.Sprintf("the Pods of ReplicaSet %q", set), fmt.Sprintf("one on each of %d nodes, Ready", len(nodes)), boundEverywhere(len(nodes)).within(ctx), false, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			lies, _ := lying(found, set)
			all := true
			for _, name := range podsOf(found, set) {
				is, _ := ready(found[name])
				all = all && is
			}
			for _, node := range nodes {
				all = all && lies[node.Name] > 0
			}
			return all, written(lies), nil
		})
}

// fewRequests are enough where nobody but one Pod is to answer.
const fewRequests = 8

// requestsFor are so many that each of the Pods answers.
func requestsFor(pods []string) int {
	if len(pods) > 1 {
		return balanceRequests
	}
	return fewRequests
}

func everyPodAsks(ctx context.Context, set, target, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.everyPodAsks(ctx, set, []string{target}, names(list))
}

func everyPodAsksEveryNode(ctx context.Context, set, port, list string) error {
	s, targets, err := everyNode(ctx, port)
	if err != nil {
		return err
	}
	return s.everyPodAsks(ctx, set, targets, names(list))
}

// everyNode is where a port of every node that takes Pods is asked.
func everyNode(ctx context.Context, port string) (*scenario, []string, error) {
	s, nodes, err := openNodes(ctx)
	if err != nil {
		return nil, nil, err
	}
	var targets []string
	for i := range nodes {
		address, err := internalAddress(&nodes[i])
		if err != nil {
			return nil, nil, err
		}
		targets = append(targets, fmt.Sprintf("http://%s/", net.JoinHostPort(address, port)))
	}
	return s, targets, nil
}

// mostAsking is how many of a large cluster's nodes ask and are asked. Whoever serves on some nodes and not on others is found by these, or
// by the next run, whose seed is another.
const mostAsking = 6

// some are all of a list, or so many: the first, the last, and others by the run's seed. Their order stays.
func some(all []string, most int, seed int64) []string {
	if len(all) <= most {
		return all
	}
	between := rand.New(rand.NewPCG(uint64(seed), 0)).Perm(len(all) - 2)[:most-2]
	slices.Sort(between)
	chosen := []string{all[0]}
	for _, i := range between {
		chosen = append(chosen, all[i+1])
	}
	return append(chosen, all[len(all)-1])
}

// chosen says so where it leaves some out.
func (s *scenario) chosen(what string, all []string) []string {
	few := some(all, mostAsking, s.env.Seed)
	if len(few) < len(all) {
		s.observe(what, fmt.Sprintf("%d of %d: %s", len(few), len(all), among(few)))
	}
	return few
}

func (s *scenario) everyPodAsks(ctx context.Context, set string, targets, pods []string) error {
	clients, err := s.currentPods(ctx, set)
	if err != nil {
		return err
	}
	if len(clients) == 0 {
		return fmt.Errorf("ReplicaSet %q has no Pods that could ask", set)
	}
	targets = s.chosen("who is asked", targets)
	for _, client := range s.chosen("who asks", clients) {
		if err := s.asksAll(ctx, client, targets, pods); err != nil {
			return err
		}
	}
	return nil
}

// asksAll has one client ask at each of the targets in turn.
func (s *scenario) asksAll(ctx context.Context, client string, targets, pods []string) error {
	for _, target := range targets {
		err := s.untilTraffic(ctx, burst{client: client, target: target, count: requestsFor(pods)}, "answered by exactly "+among(pods),
			func(requests []request) bool { return exactly(requests, pods) })
		if err != nil {
			return err
		}
	}
	return nil
}

// podsBeside are the Pods of a set on the node of a Pod, and those on other nodes.
func (s *scenario) podsBeside(ctx context.Context, set, pod string) (beside, elsewhere []string, err error) {
	object, err := s.mustGet(ctx, "Pod", pod)
	if err != nil {
		return nil, nil, err
	}
	node, _, err := valueOf(object, "spec.nodeName")
	if err != nil {
		return nil, nil, err
	}
	pods, err := s.currentPods(ctx, set)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range pods {
		other, err := s.mustGet(ctx, "Pod", name)
		if err != nil {
			return nil, nil, err
		}
		if at, _, _ := valueOf(other, "spec.nodeName"); at == node {
			beside = append(beside, name)
		} else {
			elsewhere = append(elsewhere, name)
		}
	}
	if len(beside) == 0 || len(elsewhere) == 0 {
		err = fmt.Errorf("ReplicaSet %q has %d Pods on the node of Pod %q, and %d on others; the sentence needs some of both", set, len(beside), pod, len(elsewhere))
	}
	return beside, elsewhere, err
}

func nearPodsAsk(ctx context.Context, set, pod, target, list string) error {
	return placedPodsAsk(ctx, set, pod, true, func(client string) error { return comesToBeAnsweredBy(ctx, client, target, list) })
}

func farPodsAsk(ctx context.Context, set, pod, target, list string) error {
	return placedPodsAsk(ctx, set, pod, false, func(client string) error { return comesToBeAnsweredBy(ctx, client, target, list) })
}

func farPodsAskInVain(ctx context.Context, set, pod, target, list string) error {
	return placedPodsAsk(ctx, set, pod, false, func(client string) error { return comesToBeAnsweredByNone(ctx, client, target, list) })
}

// placedPodsAsk has the Pods of a set ask, one after the other: those on the node of a Pod, or all others.
func placedPodsAsk(ctx context.Context, set, pod string, near bool, asks func(client string) error) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	clients, elsewhere, err := s.podsBeside(ctx, set, pod)
	if err != nil {
		return err
	}
	if !near {
		clients = elsewhere
	}
	for _, client := range s.chosen("who asks", clients) {
		if err := asks(client); err != nil {
			return err
		}
	}
	return nil
}

// comesToHaveStatus is for what answers without being a Pod.
func comesToHaveStatus(ctx context.Context, client, target string, status int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.untilTraffic(ctx, burst{client: client, target: target, count: fewRequests}, fmt.Sprintf("each answered with the status %d", status),
		func(requests []request) bool {
			return !slices.ContainsFunc(requests, func(r request) bool { return r.Class != "" || r.Status != status })
		})
}

// oneOf is the only Pod that has answered, if it is one of those, and nothing failed.
func oneOf(requests []request, pods []string) bool {
	answers, errors := tally(requests)
	for name := range answers {
		if !slices.Contains(pods, name) {
			return false
		}
	}
	return len(answers) == 1 && len(errors) == 0
}

func comesToBeAnsweredByOne(ctx context.Context, client, target, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	pods := names(list)
	// So many that who chooses anew for each is told from who keeps to one: a few may fall on the same Pod by chance.
	return s.untilTraffic(ctx, burst{client: client, target: target, count: balanceRequests}, "all answered by one of "+among(pods),
		func(requests []request) bool { return oneOf(requests, pods) })
}

func requestsSentSlowly(ctx context.Context, client string, count int, target string, seconds int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	_, err = s.send(ctx, burst{client: client, target: target, count: count, every: time.Duration(seconds) * time.Second})
	return err
}

// portsOf are the URLs of the ports of a Service of the scenario at its cluster IP.
func portsOf(ctx context.Context, name string) (*scenario, []string, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	service, err := s.typed.CoreV1().Services(s.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, nil, answered(fmt.Sprintf("read Service %q", name), err)
	}
	var targets []string
	for _, port := range service.Spec.Ports {
		targets = append(targets, fmt.Sprintf("http://%s/", net.JoinHostPort(service.Spec.ClusterIP, strconv.Itoa(int(port.Port)))))
	}
	return s, targets, nil
}

func requestsSentToPorts(ctx context.Context, client string, count int, service string) error {
	s, targets, err := portsOf(ctx, service)
	if err != nil {
		return err
	}
	var all []request
	for _, target := range targets {
		requests, err := s.send(ctx, burst{client: client, target: target, count: count})
		if err != nil {
			return err
		}
		all = append(all, requests...)
	}
	s.traffic = all
	return nil
}

func everyPortAnswers(ctx context.Context, client, service, list string) error {
	s, targets, err := portsOf(ctx, service)
	if err != nil {
		return err
	}
	return s.asksAll(ctx, client, targets, names(list))
}

// sent are the requests that the last sentence has sent.
func sent(ctx context.Context) ([]request, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, err
	}
	if len(s.traffic) == 0 {
		return nil, errors.New("no requests have been sent before they are judged")
	}
	return s.traffic, nil
}

func answeredByOne(ctx context.Context, list string) error {
	requests, err := sent(ctx)
	if err != nil {
		return err
	}
	if pods := names(list); !oneOf(requests, pods) {
		return failed("who answered the requests", "all of them one and the same of "+among(pods), told(requests))
	}
	return nil
}

func answeredBySeveral(ctx context.Context, list string) error {
	requests, err := sent(ctx)
	if err != nil {
		return err
	}
	pods := names(list)
	answers, failures := tally(requests)
	known := 0
	for name := range answers {
		if slices.Contains(pods, name) {
			known++
		}
	}
	if known < 2 || known != len(answers) || len(failures) > 0 {
		return failed("who answered the requests", "more than one of "+among(pods)+", and nobody else", told(requests))
	}
	return nil
}

// answersSpread holds a proxy to no order, only to be no worse than dice: as spreadByChance does for nodes.
func answersSpread(ctx context.Context, list string) error {
	requests, err := sent(ctx)
	if err != nil {
		return err
	}
	pods := names(list)
	if !exactly(requests, pods) {
		return failed("who answered the requests", "exactly "+among(pods), told(requests))
	}
	most := mostByChance(len(requests), len(pods))
	answers, _ := tally(requests)
	for _, count := range answers {
		if count > most {
			return failed("who answered the requests",
				fmt.Sprintf("at most %d of %d by one of %d Pods (chance alone exceeds that less than once in a million times)", most, len(requests), len(pods)), told(requests))
		}
	}
	return nil
}
