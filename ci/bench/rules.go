package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	ruleServices  = 1000
	ruleEndpoints = 2 // of each Service
	ruleSamples   = 20
	rulePort      = 9000
	// rulePace is how often the client connects, and so how finely a change is seen.
	rulePace = 5 * time.Millisecond
	// ruleQuiet lies between changes, so that none waits for the one before it: a proxy may write once in a second only.
	ruleQuiet    = 1200 * time.Millisecond
	rulePatience = 5 * time.Minute
)

// ruleChanges moves a Service among a thousand, all of two endpoints, from two Pods to two others and back. A client in a fifth Pod
// connects all the time; a change takes from the beginning of the call that changes the EndpointSlice to the beginning of the first
// connection that one of the other two answers. It is judged by traffic, because that is what rules are for.
func ruleChanges(ctx context.Context, t *trial) error {
	ctx, cancel := context.WithTimeout(ctx, rulePatience)
	defer cancel()
	if err := t.warmUp(ctx); err != nil {
		return err
	}
	backends := []string{"left", "right"}
	addresses := map[string][]string{}
	for _, side := range backends {
		for i := range ruleEndpoints {
			name := fmt.Sprintf("%s-%d", side, i)
			pod := t.pod(name, "serve", fmt.Sprintf("--tcp=%d", rulePort), "--name="+side)
			if _, err := t.startPod(ctx, pod); err != nil {
				return err
			}
			seen, err := t.clients.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return fmt.Errorf("read Pod %s: %w", name, err)
			}
			addresses[side] = append(addresses[side], seen.Status.PodIP)
		}
	}
	begun := time.Now()
	_, _, err := calls(ctx, ruleServices, apiClients, func(ctx context.Context, i int) error {
		return t.makeService(ctx, fmt.Sprintf("service-%04d", i), addresses[backends[0]])
	})
	if err != nil {
		return err
	}
	moved := "service-0500" // in the middle of whatever order a proxy has
	service, err := t.clients.CoreV1().Services(namespace).Get(ctx, moved, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read Service %s: %w", moved, err)
	}
	target := fmt.Sprintf("%s:%d", service.Spec.ClusterIP, rulePort)
	client := t.pod("client", "tcp", target, "--interval="+rulePace.String(), "--timeout=1s", "--for="+rulePatience.String())
	if _, err := t.startPod(ctx, client); err != nil {
		return err
	}
	answers, err := t.follow(ctx, client.Name)
	if err != nil {
		return err
	}
	defer answers.Close()
	if _, err := answers.from(backends[0], time.Time{}); err != nil {
		return err
	}
	t.say("%d Services made, traffic flows after %s s", ruleServices, short(time.Since(begun).Seconds()))
	var took []float64
	for i := range ruleSamples {
		if err := answers.quiet(ruleQuiet + rand.N(ruleQuiet/4)); err != nil {
			return err
		}
		to := backends[(i+1)%2]
		changed, err := t.lead(ctx, moved, addresses[to])
		if err != nil {
			return err
		}
		first, err := answers.from(to, changed)
		if err != nil {
			return err
		}
		took = append(took, first.At.Sub(changed).Seconds()*1000)
	}
	t.round.record("rule-p50", quantile(took, 0.5))
	t.round.record("rule-max", quantile(took, 1))
	t.say("endpoint change to traffic: p50 %s ms, slowest %s ms", short(quantile(took, 0.5)), short(quantile(took, 1)))
	return t.removePods(ctx)
}

// makeService makes a Service without a selector and its one EndpointSlice, so that nobody but us changes it.
func (t *trial) makeService(ctx context.Context, name string, addresses []string) error {
	port := int32(rulePort)
	tcp := corev1.ProtocolTCP
	_, err := t.clients.CoreV1().Services(namespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: port, Protocol: tcp}}},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create Service %s: %w", name, err)
	}
	unnamed := ""
	_, err = t.clients.DiscoveryV1().EndpointSlices(namespace).Create(ctx, &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: name, discoveryv1.LabelManagedBy: "plumbline-bench"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   readyAt(addresses),
		Ports:       []discoveryv1.EndpointPort{{Name: &unnamed, Port: &port, Protocol: &tcp}},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create EndpointSlice %s: %w", name, err)
	}
	return nil
}

func readyAt(addresses []string) []discoveryv1.Endpoint {
	ready, endpoints := true, []discoveryv1.Endpoint{}
	for _, address := range addresses {
		endpoints = append(endpoints, discoveryv1.Endpoint{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}})
	}
	return endpoints
}

// lead makes addresses the only endpoints of a Service, and says when it began to.
func (t *trial) lead(ctx context.Context, service string, addresses []string) (time.Time, error) {
	slices := t.clients.DiscoveryV1().EndpointSlices(namespace)
	slice, err := slices.Get(ctx, service, metav1.GetOptions{})
	if err != nil {
		return time.Time{}, fmt.Errorf("read EndpointSlice %s: %w", service, err)
	}
	slice.Endpoints = readyAt(addresses)
	begun := time.Now()
	if _, err := slices.Update(ctx, slice, metav1.UpdateOptions{}); err != nil {
		return time.Time{}, fmt.Errorf("change EndpointSlice %s: %w", service, err)
	}
	return begun, nil
}

// follow reads a client's output from its beginning.
func (t *trial) follow(ctx context.Context, pod string) (*attempts, error) {
	stream, err := t.clients.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("follow the output of Pod %s: %w", pod, err)
	}
	return &attempts{close: stream.Close, decoder: json.NewDecoder(stream)}, nil
}

// from is the first connection begun after a moment that somebody answered.
func (a *attempts) from(who string, after time.Time) (attempt, error) {
	for {
		one, err := a.next()
		if err != nil {
			return attempt{}, fmt.Errorf("wait for an answer of %s: %w", who, err)
		}
		if one.Who == who && one.At.After(after) {
			return one, nil
		}
	}
}

// quiet lets some time pass, by the clock of the client.
func (a *attempts) quiet(d time.Duration) error {
	first, err := a.next()
	if err != nil {
		return err
	}
	for {
		one, err := a.next()
		if err != nil {
			return err
		}
		if one.At.Sub(first.At) > d {
			return nil
		}
	}
}
