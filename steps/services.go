package steps

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Sentences about Services' addresses and endpoints.

func serviceSentences(sc vocabulary) {
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is an address within "([^"]*)"$`, addressWithin)
	sc.Step(`^the cluster IPs of the Services "([^"]*)" differ$`, addressesDiffer)
	sc.Step(`^the ready endpoints of Service "([^"]*)" come to be exactly the Pods "([^"]*)"$`, readyEndpoints)
	sc.Step(`^the endpoint of Pod "([^"]*)" in Service "([^"]*)" comes to be "([^"]*)"$`, endpointState)
	sc.Step(`^the Endpoints "([^"]*)" come to list exactly the Pods "([^"]*)"$`, endpointsList)
	sc.Step(`^Services are created until one is refused, (\d+) at most$`, servicesUntilRefused)
	sc.Step(`^the Services' addresses are all those of "([^"]*)" but the first and the last$`, rangeUsedUp)
	sc.Step(`^an address of the range that is free is remembered as "([^"]*)"$`, freeAddressRemembered)
}

func addressWithin(ctx context.Context, path, kind, name, prefix string) error {
	within, err := netip.ParsePrefix(prefix)
	if err != nil {
		return fmt.Errorf("the range %q: %w", prefix, err)
	}
	return judgeField(ctx, path, kind, name, "an address within "+prefix, func(value string, _ bool) bool {
		address, err := netip.ParseAddr(value)
		return err == nil && within.Contains(address)
	})
}

func addressesDiffer(ctx context.Context, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.servicesDiffer(ctx, "the cluster IP", "spec.clusterIP", names(list))
}

// servicesDiffer wants each of the Services to have an address in a field, and no two the same.
func (s *scenario) servicesDiffer(ctx context.Context, what, path string, services []string) error {
	owners := map[string]string{}
	for _, name := range services {
		service, err := s.mustGet(ctx, "Service", name)
		if err != nil {
			return err
		}
		address, _, err := valueOf(service, path)
		if err != nil {
			return err
		}
		if other, taken := owners[address]; taken || address == "" {
			return failed(fmt.Sprintf("%s of Service %q", what, name), "an address that no other Service has", fmt.Sprintf("%q, as Service %q", address, other))
		}
		owners[address] = name
	}
	return nil
}

// endpoints are the entries of a Service's slices, by the Pod that they lead to.
func endpoints(found objects) (map[string]discoveryv1.Endpoint, error) {
	entries := map[string]discoveryv1.Endpoint{}
	for _, object := range found.sorted() {
		var slice discoveryv1.EndpointSlice
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &slice); err != nil {
			return nil, failed("EndpointSlice "+object.GetName(), "a slice", err.Error())
		}
		for _, endpoint := range slice.Endpoints {
			name := strings.Join(endpoint.Addresses, "+")
			if endpoint.TargetRef != nil {
				name = endpoint.TargetRef.Name
			}
			entries[name] = endpoint
		}
	}
	return entries, nil
}

func condition(value *bool) string {
	if value == nil {
		return "unset"
	}
	return fmt.Sprint(*value)
}

// conditions writes an endpoint's conditions as the features do.
func conditions(endpoint discoveryv1.Endpoint) string {
	c := endpoint.Conditions
	return fmt.Sprintf("ready=%s, serving=%s, terminating=%s", condition(c.Ready), condition(c.Serving), condition(c.Terminating))
}

func (s *scenario) awaitEndpoints(ctx context.Context, service, what, expected string, judge func(map[string]discoveryv1.Endpoint) (bool, string)) error {
	return s.await(ctx, wait{
		kind: "EndpointSlice", options: metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service},
		what: what, expected: expected, limit: boundPodStart.within(ctx),
		judge: func(found objects) (bool, string, error) {
			entries, err := endpoints(found)
			if err != nil {
				return false, "", err
			}
			done, seen := judge(entries)
			return done, seen, nil
		},
	})
}

func readyEndpoints(ctx context.Context, service, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	want := names(list)
	slices.Sort(want)
	return s.awaitEndpoints(ctx, service, fmt.Sprintf("the ready endpoints of Service %q", service), among(want),
		func(entries map[string]discoveryv1.Endpoint) (bool, string) {
			ready := []string{}
			for name, endpoint := range entries {
				if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
					ready = append(ready, name)
				}
			}
			slices.Sort(ready)
			return slices.Equal(ready, want), among(ready)
		})
}

func endpointState(ctx context.Context, pod, service, want string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.awaitEndpoints(ctx, service, fmt.Sprintf("the endpoint of Pod %q in Service %q", pod, service), want,
		func(entries map[string]discoveryv1.Endpoint) (bool, string) {
			endpoint, there := entries[pod]
			if !there {
				return want == "absent", "absent"
			}
			seen := conditions(endpoint)
			return seen == want, seen
		})
}

func endpointsList(ctx context.Context, service, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	want := names(list)
	slices.Sort(want)
	return s.await(ctx, wait{
		kind: "Endpoints", options: named(service), limit: boundPodStart.within(ctx),
		what: fmt.Sprintf("the addresses of Endpoints %q", service), expected: among(want),
		judge: func(found objects) (bool, string, error) {
			pods := []string{}
			if object := found[service]; object != nil {
				subsets, _, err := unstructured.NestedSlice(object.Object, "subsets")
				if err != nil {
					return false, "", failed("Endpoints "+service, "subsets", err.Error())
				}
				for i := range subsets {
					addresses, _, err := lookup(subsets[i], "addresses")
					if err != nil {
						return false, "", err
					}
					list, _ := addresses.([]any)
					for _, address := range list {
						name, _, err := lookup(address, "targetRef.name")
						if err != nil {
							return false, "", err
						}
						pods = append(pods, show(name))
					}
				}
			}
			slices.Sort(pods)
			return slices.Equal(pods, want), among(pods), nil
		},
	})
}

// freeAddressRemembered finds an address by letting the API server choose one and giving it back. A Service that is made
// in between may be handed it: scenarios that then want it for themselves are @serial.
func freeAddressRemembered(ctx context.Context, as string) error {
	return chosenRemembered(ctx, map[string]any{}, "spec.clusterIP", as)
}

// chosenRemembered has the API server choose the value of a field of a Service, and gives it back at once.
func chosenRemembered(ctx context.Context, spec map[string]any, path, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	a, err := s.create(ctx, serviceOf(map[string]any{"generateName": "probe-"}, spec), nil)
	if err != nil {
		return err
	}
	if a.code >= 300 {
		return failed(a.asked, "accepted", a.String())
	}
	value, _, err := valueOf(a.object, path)
	if err != nil {
		return err
	}
	if err := s.typed.CoreV1().Services(s.namespace).Delete(ctx, a.object.GetName(), metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("delete the probing Service: %w", err)
	}
	s.store(as, value)
	return nil
}

// serviceOf is a Service with one port.
func serviceOf(metadata, spec map[string]any) *unstructured.Unstructured {
	spec["ports"] = []any{map[string]any{"port": int64(80)}}
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}}
}

func servicesUntilRefused(ctx context.Context, most int) error {
	return createdUntilRefused(ctx, most, nil)
}

// createdUntilRefused leaves the refusal as the answer to judge, or the last acceptance if there was none.
func createdUntilRefused(ctx context.Context, most int, spec map[string]any) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	for i := 1; i <= most; i++ {
		filled := map[string]any{}
		maps.Copy(filled, spec)
		a, err := s.create(ctx, serviceOf(map[string]any{"name": fmt.Sprintf("filler-%d", i)}, filled), nil)
		if err != nil || a.code >= 300 {
			return err
		}
	}
	return nil
}

// rangeUsedUp looks at the Services of all namespaces: the cluster has some of its own.
func rangeUsedUp(ctx context.Context, text string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return fmt.Errorf("the range %q: %w", text, err)
	}
	var want []string
	for address := prefix.Masked().Addr().Next(); prefix.Contains(address.Next()); address = address.Next() {
		want = append(want, address.String())
	}
	services, err := s.typed.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return environment(fmt.Errorf("list all Services: %w", err))
	}
	var found []string
	for _, service := range services.Items {
		if address := service.Spec.ClusterIP; address != "" && address != "None" {
			found = append(found, address)
		}
	}
	slices.Sort(want)
	slices.Sort(found)
	if !slices.Equal(want, found) {
		return failed("the addresses of all Services", among(want), among(found))
	}
	return nil
}
