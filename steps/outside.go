package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/cucumber/godog"
)

// Sentences about a machine outside of the cluster, on the network of its nodes, and about load balancers, which bring its
// requests in.

func outsideSentences(sc vocabulary) {
	sc.Step(`^the address of a machine outside of the cluster is remembered as "([^"]*)"$`, outsideRemembered)
	sc.Step(`^the name of a machine outside of the cluster, which Pod "([^"]*)" can resolve, is remembered as "([^"]*)"$`, outsideNameRemembered)
	sc.Step(`^requests from outside of the cluster to "([^"]*)" come to be answered by exactly the Pods "([^"]*)"$`, outsideAnsweredBy)
	sc.Step(`^requests from outside of the cluster to "([^"]*)" come to be answered by none of the Pods "([^"]*)"$`, outsideAnsweredByNone)
	sc.Step(`^requests from outside of the cluster to "([^"]*)" come to be refused$`, outsideRefused)
	sc.Step(`^requests from outside of the cluster to the port "([^"]*)" of every node come to be answered by exactly the Pods "([^"]*)"$`, outsideAsksEveryNode)
	sc.Step(`^a machine outside of the cluster begins "([^"]*)"$`, outsideBegins)
	sc.Step(`^as many Services "([^"]*)" of type LoadBalancer exist as the provider has addresses$`, balancersExist)
}

// noSurroundings is why a scenario cannot have a machine outside of the cluster.
const noSurroundings = "the scenario needs a machine on the network of the cluster's nodes that is none of them, and this target provides none"

// surrounded is the cluster, if the run has a machine on its nodes' network.
func surrounded(ctx context.Context) (*scenario, Surrounded, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	cluster, able := s.cluster.(Surrounded)
	if !able {
		return nil, nil, &Unsupported{Why: noSurroundings}
	}
	return s, cluster, nil
}

func outsideRemembered(ctx context.Context, as string) error {
	s, cluster, err := surrounded(ctx)
	if err != nil {
		return err
	}
	address, err := cluster.OutsideAddress(ctx)
	if err != nil {
		return err
	}
	s.store(as, address.String())
	return nil
}

// outsideNameRemembered leaves out clusters whose nodes, for which the Pod speaks, do not know the machine by its name.
func outsideNameRemembered(ctx context.Context, pod, as string) error {
	s, cluster, err := surrounded(ctx)
	if err != nil {
		return err
	}
	name, err := cluster.OutsideName(ctx)
	if err != nil {
		return err
	}
	address, err := cluster.OutsideAddress(ctx)
	if err != nil {
		return err
	}
	q := question{client: pod, name: name + ".", kind: addressType([]string{address.String()})}
	found, err := s.askName(ctx, q, 1)
	if err != nil {
		return err
	}
	if told := found[0].values(q.kind); len(told) != 1 || told[0] != address.String() {
		return &Unsupported{Why: fmt.Sprintf("the cluster's nodes do not know a machine on their network by its name: %s", found[0])}
	}
	s.store(as, name)
	return nil
}

// executeOutside runs a program outside of the cluster, and makes its end the one to judge.
func (s *scenario) executeOutside(ctx context.Context, command ...string) (*outcome, error) {
	o, err := s.executeOutsideAside(ctx, command...)
	if err == nil {
		s.command = o
	}
	return o, err
}

func (s *scenario) executeOutsideAside(ctx context.Context, command ...string) (*outcome, error) {
	cluster, able := s.cluster.(Surrounded)
	if !able {
		return nil, &Unsupported{Why: noSurroundings}
	}
	limited, cancel := context.WithTimeout(ctx, boundProgram.within(ctx))
	defer cancel()
	o := &outcome{asked: fmt.Sprintf("%q outside of the cluster", strings.Join(command, " "))}
	var err error
	if o.stdout, o.stderr, o.exit, err = cluster.Outside(limited, command...); err != nil {
		return nil, err
	}
	s.observe(o.asked, o.String())
	return o, nil
}

func outsideBegins(ctx context.Context, command string) error {
	s, _, err := surrounded(ctx)
	if err != nil {
		return err
	}
	s.begin(ctx, func(running context.Context) (*outcome, error) {
		return s.executeOutsideAside(running, words(command)...)
	})
	return nil
}

// noPod is a client outside of the cluster; see burst.
const noPod = ""

func outsideAnsweredBy(ctx context.Context, target, list string) error {
	return comesToBeAnsweredBy(ctx, noPod, target, list)
}

func outsideAnsweredByNone(ctx context.Context, target, list string) error {
	return comesToBeAnsweredByNone(ctx, noPod, target, list)
}

func outsideRefused(ctx context.Context, target string) error {
	return comesToBeRefused(ctx, noPod, target)
}

func outsideAsksEveryNode(ctx context.Context, port, list string) error {
	s, targets, err := everyNode(ctx, port)
	if err != nil {
		return err
	}
	return s.asksAll(ctx, noPod, targets, names(list))
}

// balancersExist makes the Services PREFIX-1, PREFIX-2, … and wants each to get an address that no other has.
func balancersExist(ctx context.Context, prefix string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	cluster, able := s.cluster.(Balanced)
	if !able || cluster.LoadBalancerAddresses() == 0 {
		return &Unsupported{Why: "the scenario needs a provider of load balancers with addresses of a known number, and this target declares none"}
	}
	const address = "status.loadBalancer.ingress[0].ip"
	var made []string
	for i := range cluster.LoadBalancerAddresses() {
		name := fmt.Sprintf("%s-%d", prefix, i+1)
		made = append(made, name)
		manifest := fmt.Sprintf("{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 80}]}}", name)
		if err := objectsExist(ctx, &godog.DocString{Content: manifest}); err != nil {
			return err
		}
		if err := fieldComesToBe(ctx, address, "Service", name); err != nil {
			return err
		}
	}
	return s.servicesDiffer(ctx, "the load balancer's address", address, made)
}
