package steps

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	resourcehelper "k8s.io/component-helpers/resource"
)

// Sentences about where Pods are placed: what nodes have, what of it is free, and how Pods lie over the nodes.

func placementSentences(sc vocabulary) {
	sc.Step(`^the (cpu|memory) of the largest node is remembered as "([^"]*)"$`, largestRemembered)
	sc.Step(`^a node and its free (cpu|memory) are remembered as "([^"]*)" and "([^"]*)"$`, roomRemembered)
	sc.Step(`^(\d+)% of "([^"]*)" is remembered as "([^"]*)"$`, shareRemembered)
	sc.Step(`^what "([^"]*)" leaves of "([^"]*)" of memory is remembered as "([^"]*)"$`, restRemembered)
	sc.Step(`^one more than the CPUs of node "([^"]*)" is remembered as "([^"]*)"$`, threadsRemembered)
	sc.Step(`^exactly (\d+) Pods of ReplicaSet "([^"]*)" come to be Ready, and the others to wait for (cpu|memory)$`, packed)
	sc.Step(`^the Pods of ReplicaSet "([^"]*)" lie over the nodes no less evenly than by chance$`, spreadByChance)
	sc.Step(`^the Pods of ReplicaSet "([^"]*)" come to lie over the nodes with a difference of at most (\d+)$`, spreadEvenly)
}

// openNodes opens a sentence about the nodes that take Pods which tolerate nothing.
func openNodes(ctx context.Context) (*scenario, []corev1.Node, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	nodes, err := s.openNodes(ctx)
	return s, nodes, err
}

// openNodes are the nodes that take Pods which tolerate nothing.
func (s *scenario) openNodes(ctx context.Context) ([]corev1.Node, error) {
	list, err := s.settledNodes(ctx)
	if err != nil {
		return nil, err
	}
	var open []corev1.Node
	for _, node := range list {
		closed := slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule })
		if isReady(&node) && !closed && !node.Spec.Unschedulable {
			open = append(open, node)
		}
	}
	if len(open) == 0 {
		return nil, &Inconclusive{Why: "no node is Ready and takes any Pod"}
	}
	return open, nil
}

func isReady(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// settledNodes lists the nodes once they have settled. One that is Ready loses the taint of one that is not a moment later, by a
// controller: until then it is neither to be counted nor to be left out. A taint that stays for longer counts.
func (s *scenario) settledNodes(ctx context.Context) ([]corev1.Node, error) {
	var nodes []corev1.Node
	err := s.await(ctx, wait{
		kind: "Node", what: "the nodes", expected: "those that are Ready have lost the taint of those that are not", limit: boundController.within(ctx),
		judge: func(found objects) (bool, string, error) {
			nodes = nil
			var changing []string
			for _, object := range found.sorted() {
				var node corev1.Node
				if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &node); err != nil {
					return false, "", fmt.Errorf("read node %q: %w", object.GetName(), err)
				}
				nodes = append(nodes, node)
				if isReady(&node) && slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeNotReady }) {
					changing = append(changing, node.Name)
				}
			}
			return len(changing) == 0, "Ready, and tainted as if not: " + among(changing), nil
		},
	})
	if late := (*Failure)(nil); err != nil && !errors.As(err, &late) {
		return nil, err
	}
	return nodes, nil
}

// store keeps what a sentence remembers.
func (s *scenario) store(as, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember[as] = value
}

// amount is a quantity of a resource as the scheduler counts: thousandths of a CPU, bytes.
func amount(list corev1.ResourceList, name corev1.ResourceName) int64 {
	quantity := list[name]
	if name == corev1.ResourceCPU {
		return quantity.MilliValue()
	}
	return quantity.Value()
}

// quantityOf writes an amount as manifests do.
func quantityOf(amount int64, name corev1.ResourceName) string {
	if name == corev1.ResourceCPU {
		return resource.NewMilliQuantity(amount, resource.DecimalSI).String()
	}
	return resource.NewQuantity(amount, resource.BinarySI).String()
}

func largestRemembered(ctx context.Context, of, as string) error {
	s, nodes, err := openNodes(ctx)
	if err != nil {
		return err
	}
	name, most := corev1.ResourceName(of), int64(0)
	for _, node := range nodes {
		most = max(most, amount(node.Status.Allocatable, name))
	}
	s.store(as, quantityOf(most, name))
	return nil
}

// roomRemembered finds the node with the most room. What is free on a node is what it can give less what the Pods there
// request; it stands only once none of those that request any is ending, so that the sentence waits for that. Scenarios
// that count on it are @serial.
func roomRemembered(ctx context.Context, of, asNode, as string) error {
	s, nodes, err := openNodes(ctx)
	if err != nil {
		return err
	}
	name := corev1.ResourceName(of)
	taken, err := s.awaitTaken(ctx, name)
	if err != nil {
		return err
	}
	chosen, most := "", int64(math.MinInt64)
	for _, node := range nodes {
		if free := amount(node.Status.Allocatable, name) - taken[node.Name]; free > most {
			chosen, most = node.Name, free
		}
	}
	if most <= 0 {
		return &Inconclusive{Why: "no node has any " + of + " free"}
	}
	s.observe("node "+chosen, fmt.Sprintf("has %s %s free", quantityOf(most, name), of))
	s.store(asNode, chosen)
	s.store(as, quantityOf(most, name))
	return nil
}

// awaitTaken is what the Pods on each node request of a resource, once none of them is ending.
func (s *scenario) awaitTaken(ctx context.Context, of corev1.ResourceName) (taken map[string]int64, err error) {
	limited, cancel := context.WithTimeout(ctx, boundOthersEnd.within(ctx))
	defer cancel()
	mapping, err := s.mappingOf("Pod")
	if err != nil {
		return nil, err
	}
	state, ending := objects{}, ""
	_, err = s.followCollection(limited, s.dynamic.Resource(mapping.Resource), metav1.ListOptions{}, state, func() (bool, error) {
		var endingNow []string
		taken = map[string]int64{}
		for key, object := range state {
			var pod corev1.Pod
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod); err != nil {
				return false, fmt.Errorf("read Pod %s: %w", key, err)
			}
			requests := amount(resourcehelper.PodRequests(&pod, resourcehelper.PodResourcesOptions{}), of)
			if pod.Spec.NodeName == "" || requests == 0 || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
				continue
			}
			taken[pod.Spec.NodeName] += requests
			if pod.DeletionTimestamp != nil {
				endingNow = append(endingNow, key)
			}
		}
		if slices.Sort(endingNow); len(endingNow) > 0 && among(endingNow) != ending {
			ending = among(endingNow)
			s.observe("Pods that request "+string(of), "are ending: "+ending)
		}
		return len(endingNow) == 0, nil
	})
	if limited.Err() != nil && ctx.Err() == nil {
		return nil, &Inconclusive{Why: fmt.Sprintf("Pods of other namespaces were still ending after %s: %s", boundOthersEnd.within(ctx), ending)}
	}
	return taken, err
}

// shareRemembered rounds down, to thousandths of a CPU or to bytes.
func shareRemembered(ctx context.Context, percent int, of, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	text, err := s.expand("${" + of + "}")
	if err != nil {
		return err
	}
	whole, err := resource.ParseQuantity(text)
	if err != nil {
		return fmt.Errorf("what is remembered as %q is no quantity: %w", of, err)
	}
	name := corev1.ResourceMemory
	if whole.Format == resource.DecimalSI {
		name = corev1.ResourceCPU
	}
	s.store(as, quantityOf(amount(corev1.ResourceList{name: whole}, name)*int64(percent)/100, name))
	return nil
}

// restRemembered is one quantity without another: memory in bytes.
func restRemembered(ctx context.Context, part, of, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	var sizes [2]resource.Quantity
	for i, name := range []string{of, part} {
		text, err := s.expand("${" + name + "}")
		if err != nil {
			return err
		}
		if sizes[i], err = resource.ParseQuantity(text); err != nil {
			return fmt.Errorf("what is remembered as %q is no quantity: %w", name, err)
		}
	}
	s.store(as, quantityOf(sizes[0].Value()-sizes[1].Value(), corev1.ResourceMemory))
	return nil
}

func threadsRemembered(ctx context.Context, node, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.typed.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read node %q: %w", node, err)
	}
	s.store(as, strconv.FormatInt(object.Status.Capacity.Cpu().Value()+1, 10))
	return nil
}

// packed wants every Pod of a set to be either Ready or refused by the scheduler for want of a resource.
func packed(ctx context.Context, count int, set, of string) error {
	return awaitPods(ctx, fmt.Sprintf("the Pods of ReplicaSet %q", set), fmt.Sprintf("%d Ready, every other unscheduled for want of %s", count, of),
		boundPodStart.within(ctx), false, metav1.ListOptions{}, func(found objects) (bool, string, error) {
			var isReady, waiting int
			var others []string
			pods := podsOf(found, set)
			for _, name := range pods {
				is, seen := ready(found[name])
				why, _, err := valueOf(found[name], "status.conditions[type=PodScheduled].message")
				if err != nil {
					return false, "", err
				}
				switch {
				case is:
					isReady++
				case strings.Contains(strings.ToLower(why), of):
					waiting++
				default:
					others = append(others, name+": "+seen)
				}
			}
			return isReady == count && isReady+waiting == len(pods) && waiting > 0,
				fmt.Sprintf("%d Ready, %d waiting for %s, others: %s", isReady, waiting, of, among(others)), nil
		})
}

// falseAlarm is how often a statistical sentence may fail a conforming implementation.
const falseAlarm = 1e-6

// mostByChance is the largest number of Pods that one of so many nodes may have if a million schedulers, each of which
// throws every Pod on a node at random, are to show a fuller node less than once: the smallest m for which
// n × P(X > m) < 1e-6, where X is binomial with the chance 1/n for each Pod (the union bound over the nodes).
func mostByChance(pods, nodes int) int {
	chance := 1 / float64(nodes)
	tail := 0.0
	for m := pods; m > 0; m-- {
		// P(X = m), by logarithms: the factorials are large.
		all, _ := math.Lgamma(float64(pods + 1))
		in, _ := math.Lgamma(float64(m + 1))
		out, _ := math.Lgamma(float64(pods - m + 1))
		tail += math.Exp(all - in - out + float64(m)*math.Log(chance) + float64(pods-m)*math.Log1p(-chance))
		if float64(nodes)*tail >= falseAlarm {
			return m
		}
	}
	return 0
}

// lying counts a set's Pods by their nodes, once all are placed.
func lying(found objects, set string) (counts map[string]int, placed bool) {
	counts, placed = map[string]int{}, true
	for _, name := range podsOf(found, set) {
		node, _, _ := valueOf(found[name], "spec.nodeName")
		counts[node]++
		placed = placed && node != ""
	}
	return counts, placed
}

func written(counts map[string]int) string {
	var out []string
	for node, count := range counts {
		if node == "" {
			node = "no node"
		}
		out = append(out, fmt.Sprintf("%d on %s", count, node))
	}
	slices.Sort(out)
	return among(out)
}

// replicasOf is how many Pods a set declares.
func (s *scenario) replicasOf(ctx context.Context, set string) (int, error) {
	object, err := s.mustGet(ctx, "ReplicaSet", set)
	if err != nil {
		return 0, err
	}
	text, _, err := valueOf(object, "spec.replicas")
	if err != nil {
		return 0, err
	}
	replicas, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("the replicas of %q: %w", set, err)
	}
	return replicas, nil
}

// spreadByChance holds the scheduler to no particular arithmetic: only to be no worse than dice.
func spreadByChance(ctx context.Context, set string) error {
	s, nodes, err := openNodes(ctx)
	if err != nil {
		return err
	}
	if len(nodes) < 2 {
		return &Unsupported{Why: "only one node takes Pods"}
	}
	replicas, err := s.replicasOf(ctx, set)
	if err != nil {
		return err
	}
	most := mostByChance(replicas, len(nodes))
	if most >= replicas {
		return fmt.Errorf("%d Pods over %d nodes are too few to tell anything", replicas, len(nodes))
	}
	what := fmt.Sprintf("the Pods of ReplicaSet %q", set)
	var counts map[string]int
	err = awaitPods(ctx, what, fmt.Sprintf("all %d placed", replicas), boundPodStart.within(ctx), false, metav1.ListOptions{}, func(found objects) (bool, string, error) {
		var placed bool
		counts, placed = lying(found, set)
		return placed && len(podsOf(found, set)) == replicas, written(counts), nil
	})
	if err != nil {
		return err
	}
	for _, count := range counts {
		if count > most {
			return failed(what, fmt.Sprintf("at most %d of %d on one of %d nodes (chance alone exceeds that less than once in a million times)", most, replicas, len(nodes)), written(counts))
		}
	}
	return nil
}

func spreadEvenly(ctx context.Context, set string, most int) error {
	s, nodes, err := openNodes(ctx)
	if err != nil {
		return err
	}
	// The first Pod of a set is alone, and as evenly spread as can be.
	replicas, err := s.replicasOf(ctx, set)
	if err != nil {
		return err
	}
	return awaitPods(ctx, fmt.Sprintf("the Pods of ReplicaSet %q", set), fmt.Sprintf("all %d placed, and on no node over %d more than on another", replicas, most), boundPodStart.within(ctx), false, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			counts, placed := lying(found, set)
			fewest, fullest := math.MaxInt, 0
			for _, node := range nodes {
				fewest, fullest = min(fewest, counts[node.Name]), max(fullest, counts[node.Name])
			}
			return placed && len(podsOf(found, set)) == replicas && fullest-fewest <= most, written(counts), nil
		})
}
