package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sentences that give each selector of a truth table to what chooses Pods by itself: ReplicaSets and Services.

func choiceSentences(sc vocabulary) {
	sc.Step(`^of Pods with the labels in each way, every ReplicaSet takes exactly those that its selector means$`, setsChoose)
	sc.Step(`^of Pods with the labels in each way, every Service comes to lead exactly to those that its selector means$`, servicesChoose)
}

const (
	ownCase = "case"          // a label of whose value only one chooser's Pods have
	settle  = 2 * time.Second // how long what was chosen rightly has to stay so

	nobody = "example.com/nobody" // a scheduler that there is not
)

// chooser is one ReplicaSet or Service, and the ways in which the Pods before it have their labels.
type chooser struct {
	name     string
	selector selection
	ways     []way
}

func (c chooser) pod(w way) string { return c.name + "-" + w.name }

// sets are the selectors that ReplicaSets have, each with Pods of its own: of one requirement, with a Pod for each state of that label,
// and of two about different labels, with a Pod for each of the four ways in which these hold or do not. Of the latter there are some only:
// each requirement is in two of them.
func (t *table) sets() []chooser {
	var all []chooser
	add := func(selector selection, ways []way) {
		all = append(all, chooser{fmt.Sprintf("set-%02d", len(all)+1), selector, ways})
	}
	inSets := []string{formEqual, formIn, formNotIn, formExists, formNot}
	first := &table{keys: t.keys[:1], states: t.states}
	for _, form := range inSets {
		for _, selector := range first.of(form) {
			// A set of one value says what an equality says.
			if form != formIn && form != formNotIn || len(selector[0].values) > 1 {
				add(selector, first.ways())
			}
		}
	}
	others := t.some(t.keys[1], inSets...)
	for i, one := range t.some(t.keys[0], inSets...) {
		for j, other := range others {
			if (i+j)%(len(others)/2) != 0 {
				continue
			}
			held := map[[2]bool]way{}
			for _, w := range t.ways() {
				held[[2]bool{one.means(w.labels), other.means(w.labels)}] = w
			}
			ways := slices.Collect(maps.Values(held))
			slices.SortFunc(ways, func(a, b way) int { return strings.Compare(a.name, b.name) })
			add(selection{one, other}, ways)
		}
	}
	return all
}

// labelSelector writes a selector as ReplicaSets have it, restricted to the chooser's own Pods.
func (c chooser) labelSelector() map[string]any {
	operators := map[string]string{formIn: "In", formNotIn: "NotIn", formExists: "Exists", formNot: "DoesNotExist"}
	matched, expressions := map[string]any{ownCase: c.name}, []any{}
	for _, r := range c.selector {
		if r.form == formEqual {
			matched[r.key] = r.values[0]
			continue
		}
		expression := map[string]any{"key": r.key, "operator": operators[r.form]}
		if len(r.values) > 0 {
			expression["values"] = anys(r.values)
		}
		expressions = append(expressions, expression)
	}
	return map[string]any{"matchLabels": matched, "matchExpressions": expressions}
}

func anys(values []string) []any {
	var all []any
	for _, value := range values {
		all = append(all, value)
	}
	return all
}

// meant are labels that the selector means, for the template of a set.
func (c chooser) meant(t *table) (map[string]string, error) {
	wider := &table{keys: t.keys, states: map[string][]state{}}
	for _, key := range t.keys {
		wider.states[key] = append(slices.Clone(t.states[key]), state{there: true, value: nobodys})
	}
	for _, w := range wider.ways() {
		if c.selector.means(w.labels) {
			return w.labels, nil
		}
	}
	return nil, fmt.Errorf("no labels are meant by the selector %q", c.selector)
}

// podOf is a Pod with the labels of one way, for the chooser of that name and no other. Scheduler is empty for the usual one.
func (s *scenario) podOf(name, chooser string, labels map[string]string, scheduler string) *unstructured.Unstructured {
	spec := map[string]any{
		"terminationGracePeriodSeconds": int64(1),
		"containers":                    []any{map[string]any{"name": "app", "image": s.cluster.WorkloadImage(), "command": []any{"/workload", "wait"}}},
	}
	if scheduler != "" {
		spec["schedulerName"] = scheduler
	}
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": spec}}
	labels = maps.Clone(labels)
	labels[ownCase] = chooser
	object.SetName(name)
	object.SetLabels(labels)
	return object
}

// setOf is a ReplicaSet whose template is a Pod.
func setOf(name string, replicas int64, selector map[string]any, pod *unstructured.Unstructured) *unstructured.Unstructured {
	labels := map[string]any{}
	for key, value := range pod.GetLabels() {
		labels[key] = value
	}
	set := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": map[string]any{
		"replicas": replicas, "selector": selector,
		"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": pod.Object["spec"]},
	}}}
	set.SetName(name)
	return set
}

// setsChoose gives each selector to a ReplicaSet of no replicas. It adopts the Pods that its selector means, and deletes them because
// none is wanted, however late it hears of them; the others stay, with nobody to control them. Nobody schedules the Pods: so they cost a
// cluster nothing, and go as soon as they are deleted.
func setsChoose(ctx context.Context) error {
	s, t, err := tabled(ctx)
	if err != nil {
		return err
	}
	choosers := t.sets()
	var pods, sets []*unstructured.Unstructured
	for _, c := range choosers {
		for _, w := range c.ways {
			pods = append(pods, s.podOf(c.pod(w), c.name, w.labels, nobody))
		}
		labels, err := c.meant(t)
		if err != nil {
			return err
		}
		set := setOf(c.name, 0, c.labelSelector(), s.podOf("", c.name, labels, nobody))
		sets = append(sets, set)
	}
	if err := s.createAll(ctx, pods); err != nil {
		return err
	}
	if err := s.createAll(ctx, sets); err != nil {
		return err
	}
	taken := func(found objects, c chooser) func(way) bool {
		return func(w way) bool {
			pod := found[c.pod(w)]
			return pod == nil || pod.GetDeletionTimestamp() != nil || controllerOf(pod).Name != ""
		}
	}
	return s.awaitChoices(ctx, "Pod", ownCase, "ReplicaSets", choosers, 2*boundController.within(ctx), taken)
}

// servicesChoose gives each map of labels to a Service without an address, whose slices tell what it has chosen.
func servicesChoose(ctx context.Context) error {
	s, t, err := tabled(ctx)
	if err != nil {
		return err
	}
	var pods, services []*unstructured.Unstructured
	var called []string
	for _, w := range t.ways() {
		pods, called = append(pods, s.podOf(w.name, "services", w.labels, "")), append(called, w.name)
	}
	if err := s.createAll(ctx, pods); err != nil {
		return err
	}
	if err := podsReady(ctx, strings.Join(called, ", ")); err != nil {
		return err
	}
	choosers := t.services()
	for _, c := range choosers {
		selector := map[string]any{}
		for _, r := range c.selector {
			selector[r.key] = r.values[0]
		}
		service := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Service", "spec": map[string]any{
			"clusterIP": "None", "selector": selector, "ports": []any{map[string]any{"port": int64(80)}},
		}}}
		service.SetName(c.name)
		services = append(services, service)
	}
	if err := s.createAll(ctx, services); err != nil {
		return err
	}
	leads := func(found objects, c chooser) func(way) bool {
		of := objects{}
		for name, slice := range found {
			if slice.GetLabels()[discoveryv1.LabelServiceName] == c.name {
				of[name] = slice
			}
		}
		entries, err := endpoints(of)
		return func(w way) bool {
			_, there := entries[w.name]
			return err == nil && there
		}
	}
	return s.awaitChoices(ctx, "EndpointSlice", discoveryv1.LabelServiceName, "Services", choosers, boundPodStart.within(ctx), leads)
}

// services are the selectors that Services have: a value of one label, or of each of two.
func (t *table) services() []chooser {
	var all []chooser
	add := func(selector selection) {
		all = append(all, chooser{fmt.Sprintf("service-%02d", len(all)+1), selector, t.ways()})
	}
	var earlier []selection
	for _, key := range t.keys {
		of := (&table{keys: []string{key}, states: t.states}).of(formEqual)
		for _, selector := range of {
			add(selector)
			for _, other := range earlier {
				add(slices.Concat(other, selector))
			}
		}
		earlier = of
	}
	return all
}

// awaitChoices waits until each chooser has chosen what its selector means, and wants it to stay so for a while.
func (s *scenario) awaitChoices(ctx context.Context, kind, label, whose string, choosers []chooser, limit time.Duration, chosen func(objects, chooser) func(way) bool) error {
	var wrong []string
	w := wait{
		kind: kind, options: metav1.ListOptions{LabelSelector: label}, limit: limit,
		what: fmt.Sprintf("what the selectors of %d %s choose", len(choosers), whose), expected: "exactly what they mean",
	}
	w.judge = func(found objects) (bool, string, error) {
		wrong = nil
		for _, c := range choosers {
			for _, mistake := range c.selector.mistakes(c.ways, chosen(found, c)) {
				wrong = append(wrong, fmt.Sprintf("the selector %q of %s: %s", c.selector, c.name, mistake))
			}
		}
		// A ReplicaSet does not let go of what it chose wrongly: it deletes it. Waiting mends nothing.
		if kind == "Pod" && slices.ContainsFunc(wrong, func(line string) bool { return strings.Contains(line, chosenWrongly) }) {
			return false, "", failed(w.what, w.expected, firstOf(wrong))
		}
		return len(wrong) == 0, fmt.Sprintf("%d Pods are not yet, or no longer, chosen as they shall be", len(wrong)), nil
	}
	err := s.await(ctx, w)
	if err == nil {
		w.hold, w.limit, w.expected = true, settle, fmt.Sprintf("exactly what they mean, for %s", settle)
		err = s.await(ctx, w)
	}
	var failure *Failure
	if errors.As(err, &failure) {
		failure.Seen = firstOf(wrong)
	}
	return err
}
