package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Sentences about nodes: that they are lost and come back, and what they say of themselves.

func nodeSentences(sc vocabulary) {
	sc.Step(`^a cluster of its own with (\d+) nodes? and the server flags "([^"]*)"$`, ownNodesWithFlags)
	sc.Step(`^a cluster of its own with (\d+) nodes, of which those besides the server's have (\w+) of memory$`, ownSmallNodes)
	sc.Step(`^Pod "([^"]*)" is evicted or killed for its memory$`, podOutOfMemory)
	sc.Step(`^node "([^"]*)" is stopped$`, nodeStopped)
	sc.Step(`^node "([^"]*)" is started again$`, nodeStarted)
	sc.Step(`^one more node joins, whose name is remembered as "([^"]*)"$`, nodeJoins)
	sc.Step(`^Node "([^"]*)" becomes (Ready|not Ready)$`, nodeReady)
}

func ownNodesWithFlags(ctx context.Context, nodes int, flags string) error {
	return startOwn(ctx, ClusterSpec{Nodes: nodes, ServerFlags: strings.Fields(flags)})
}

func ownSmallNodes(ctx context.Context, nodes int, size string) error {
	bytes, err := bytesOf(size)
	if err != nil {
		return err
	}
	return startOwn(ctx, ClusterSpec{Nodes: nodes, NodeMemory: int64(bytes)})
}

// podOutOfMemory takes either end: the node agent looks at memory now and then, and the kernel may be faster. Of an evicted
// Pod whose container obeys SIGTERM upstream now and then tells that it succeeded; the condition says what it was.
func podOutOfMemory(ctx context.Context, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{
		kind: "Pod", options: named(name), limit: boundEviction.within(ctx),
		what: fmt.Sprintf("Pod %q", name), expected: "it has ended, evicted for want of memory or with an OOMKilled container",
		judge: func(found objects) (bool, string, error) {
			var status [6]string
			for i, field := range []string{"phase", "reason", "message", "containerStatuses[0].state.terminated.reason",
				"conditions[type=DisruptionTarget].reason", "conditions[type=DisruptionTarget].message"} {
				var err error
				if status[i], _, err = valueOf(found[name], "status."+field); err != nil {
					return false, "", err
				}
			}
			evicted := status[1] == "Evicted" && strings.Contains(status[2], "memory")
			disrupted := status[4] == corev1.PodReasonTerminationByKubelet && strings.Contains(status[5], "memory")
			ended := status[0] == "Failed" || status[0] == "Succeeded" && disrupted
			return ended && (evicted || disrupted || status[3] == "OOMKilled"),
				fmt.Sprintf("phase %s, reason %q, message %q, container %q, disruption %q", status[0], status[1], status[2], status[3], status[4]), nil
		},
	})
}

// ownedMachine is a node of a cluster that the scenario may stop.
func ownedMachine(ctx context.Context, node string) (*scenario, Machine, error) {
	s, m, err := machine(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.shared == nil {
		return nil, nil, fmt.Errorf("node %s is everybody's: a scenario stops nodes of a cluster of its own only", node)
	}
	if !slices.Contains(m.Nodes(), node) {
		return nil, nil, fmt.Errorf("the cluster's nodes are %s, and not %q", strings.Join(m.Nodes(), ", "), node)
	}
	return s, m, nil
}

func nodeStopped(ctx context.Context, node string) error {
	s, m, err := ownedMachine(ctx, node)
	if err != nil {
		return err
	}
	s.observe("node "+node, "is being stopped")
	return m.StopNode(ctx, node)
}

func nodeStarted(ctx context.Context, node string) error {
	s, m, err := ownedMachine(ctx, node)
	if err != nil {
		return err
	}
	s.observe("node "+node, "is being started")
	return m.StartNode(ctx, node)
}

func nodeJoins(ctx context.Context, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if s.shared == nil {
		return errors.New("a node joins a cluster of the scenario's own only")
	}
	cluster, able := s.cluster.(Growing)
	if !able {
		return &Unsupported{Why: "the scenario needs a node to join a cluster that runs, and this target adds none"}
	}
	name, err := cluster.AddNode(ctx)
	if err != nil {
		return err
	}
	s.observe("node "+name, "is being added")
	s.store(as, name)
	return nil
}

// nodeReady has a bound of its own: a lost node is noticed late, and one that comes back has to boot.
func nodeReady(ctx context.Context, name, which string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{
		kind: "Node", options: named(name), limit: boundCluster.within(ctx),
		what: fmt.Sprintf("Node %q", name), expected: which,
		judge: func(found objects) (bool, string, error) {
			if found[name] == nil {
				return false, "there is no such Node", nil
			}
			var node corev1.Node
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found[name].Object, &node); err != nil {
				return false, "", failed("Node "+name, "a Node", err.Error())
			}
			var seen []string
			for _, condition := range node.Status.Conditions {
				seen = append(seen, fmt.Sprintf("%s=%s (%s)", condition.Type, condition.Status, condition.Reason))
			}
			for _, taint := range node.Spec.Taints {
				seen = append(seen, "taint "+taint.ToString())
			}
			return isReady(&node) == (which == "Ready"), among(seen), nil
		},
	})
}
