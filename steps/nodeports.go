package steps

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sentences about the ports of nodes that Services get.

func nodePortSentences(sc vocabulary) {
	sc.Step(`^the node ports of the Services "([^"]*)" differ$`, nodePortsDiffer)
	sc.Step(`^a node port that is free is remembered as "([^"]*)"$`, freeNodePortRemembered)
	sc.Step(`^NodePort Services are created until one is refused, (\d+) at most$`, nodePortsUntilRefused)
	sc.Step(`^the Services' node ports are all those from (\d+) to (\d+)$`, nodePortsUsedUp)
}

// nodePorts are those of a Service, in the order of its ports; 0 for a port that has none.
func nodePorts(service *unstructured.Unstructured) ([]int, error) {
	ports, _, err := unstructured.NestedSlice(service.Object, "spec", "ports")
	if err != nil {
		return nil, failed(fmt.Sprintf("the ports of Service %q", service.GetName()), "a list", err.Error())
	}
	var out []int
	for i := range ports {
		value, _, err := lookup(ports[i], "nodePort")
		if err != nil {
			return nil, err
		}
		port, _ := strconv.Atoi(show(value))
		out = append(out, port)
	}
	return out, nil
}

func nodePortsDiffer(ctx context.Context, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	owners := map[int]string{}
	for _, name := range names(list) {
		service, err := s.mustGet(ctx, "Service", name)
		if err != nil {
			return err
		}
		ports, err := nodePorts(service)
		if err != nil {
			return err
		}
		for i, port := range ports {
			owner, taken := owners[port]
			if taken || port == 0 {
				return failed(fmt.Sprintf("the node port of port %d of Service %q", i+1, name), "a port that no other has", fmt.Sprintf("%d, as %s", port, owner))
			}
			owners[port] = fmt.Sprintf("port %d of Service %q", i+1, name)
		}
	}
	return nil
}

// freeNodePortRemembered finds a port as freeAddressRemembered does an address.
func freeNodePortRemembered(ctx context.Context, as string) error {
	return chosenRemembered(ctx, map[string]any{"type": "NodePort"}, "spec.ports[0].nodePort", as)
}

func nodePortsUntilRefused(ctx context.Context, most int) error {
	return createdUntilRefused(ctx, most, map[string]any{"type": "NodePort"})
}

// nodePortsUsedUp looks at the Services of all namespaces: the cluster may have some of its own.
func nodePortsUsedUp(ctx context.Context, first, last int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	services, err := s.typed.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return environment(fmt.Errorf("list all Services: %w", err))
	}
	var want, found []int
	for port := first; port <= last; port++ {
		want = append(want, port)
	}
	for _, service := range services.Items {
		for _, port := range service.Spec.Ports {
			if port.NodePort != 0 {
				found = append(found, int(port.NodePort))
			}
		}
	}
	slices.Sort(found)
	if !slices.Equal(want, found) {
		return failed("the node ports of all Services", fmt.Sprint(want), fmt.Sprint(found))
	}
	return nil
}
