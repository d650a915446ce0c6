package steps

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sentences about ReplicaSets and the Pods that they control.

func replicaSetSentences(sc vocabulary) {
	sc.Step(`^ReplicaSet "([^"]*)" comes to have (\d+) Pods?$`, comesToHave)
	sc.Step(`^ReplicaSet "([^"]*)" comes to have (\d+) Ready Pods?$`, comesToHaveReady)
	sc.Step(`^ReplicaSet "([^"]*)" keeps exactly (\d+) Pods? for (\d+) seconds$`, keeps)
	sc.Step(`^ReplicaSet "([^"]*)" grows to exactly (\d+) Ready Pods, and never has more$`, growsTo)
	sc.Step(`^ReplicaSet "([^"]*)" shrinks to exactly (\d+) Pods, and never has fewer$`, shrinksTo)
	sc.Step(`^ReplicaSet "([^"]*)" comes to count (\d+) Pods? as available, and none before it has been Ready for (\d+) seconds$`, countsAvailable)
	sc.Step(`^the Pods of ReplicaSet "([^"]*)" are remembered as "([^"]*)"$`, podsRemembered)
	sc.Step(`^ReplicaSet "([^"]*)" still has the same Pods as "([^"]*)"$`, samePods)
	sc.Step(`^the Pods of ReplicaSet "([^"]*)" and their ages are remembered as "([^"]*)"$`, agesRemembered)
	sc.Step(`^ReplicaSet "([^"]*)" does not have the same Pods as "([^"]*)", if "([^"]*)" were of about one age$`, otherPods)
	sc.Step(`^the controller of ReplicaSets has seen all sets and Pods$`, podsSeen)
	sc.Step(`^the garbage collector has seen all (Pod|ReplicaSet)s$`, collectorSees)
	sc.Step(`^ReplicaSet "([^"]*)" comes to control Pod "([^"]*)"$`, comesToControl)
	sc.Step(`^ReplicaSet "([^"]*)" comes to control exactly the Pods "([^"]*)"$`, comesToControlExactly)
	sc.Step(`^Pod "([^"]*)" comes to have no controller$`, noController)
	sc.Step(`^Pod "([^"]*)" has no controller for (\d+) seconds$`, noControllerFor)
	sc.Step(`^the Pods "([^"]*)" still run, without a controller and with no restart$`, runOrphaned)
	sc.Step(`^there come to be no (\w+)s with the selector "([^"]*)"$`, noneLeft)
	sc.Step(`^there come to be exactly (\d+) Pods with the selector "([^"]*)"$`, somePods)
	sc.Step(`^nothing of ReplicaSet "([^"]*)" and its Pods is written for (\d+) seconds$`, settled)
	sc.Step(`^ReplicaSet "([^"]*)" goes only after the Pods "([^"]*)"$`, goesAfter)
	sc.Step(`^one Pod of ReplicaSet "([^"]*)" is remembered as "([^"]*)"$`, onePodRemembered)
}

// controllerOf is the name and uid of an object's controller; empty without one.
func controllerOf(object *unstructured.Unstructured) metav1.OwnerReference {
	if reference := metav1.GetControllerOf(object); reference != nil {
		return *reference
	}
	return metav1.OwnerReference{}
}

// podsOf are the Pods that a set controls and that are neither being deleted nor finished.
func podsOf(found objects, set string) []string {
	pods := []string{}
	for _, pod := range found.sorted() {
		phase, _, _ := valueOf(pod, "status.phase")
		if controllerOf(pod).Name == set && controllerOf(pod).Kind == "ReplicaSet" && pod.GetDeletionTimestamp() == nil && phase != "Failed" && phase != "Succeeded" {
			pods = append(pods, pod.GetName())
		}
	}
	return pods
}

// awaitPods waits for a state of the namespace's Pods.
func awaitPods(ctx context.Context, what, expected string, limit time.Duration, hold bool, options metav1.ListOptions, judge func(objects) (bool, string, error)) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{kind: "Pod", options: options, what: what, expected: expected, limit: limit, hold: hold, judge: judge})
}

func comesToHave(ctx context.Context, set string, count int) error {
	return awaitPods(ctx, fmt.Sprintf("the Pods of ReplicaSet %q", set), fmt.Sprintf("exactly %d", count), boundPodStart.within(ctx), false, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			pods := podsOf(found, set)
			return len(pods) == count, fmt.Sprintf("%d: %s", len(pods), among(pods)), nil
		})
}

func comesToHaveReady(ctx context.Context, set string, count int) error {
	return awaitPods(ctx, fmt.Sprintf("the Pods of ReplicaSet %q", set), fmt.Sprintf("exactly %d, all Ready", count), 2*boundPodStart.within(ctx), false, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			pods := podsOf(found, set)
			var seen []string
			all := len(pods) == count
			for _, name := range pods {
				is, how := ready(found[name])
				all = all && is
				seen = append(seen, name+": "+how)
			}
			return all, fmt.Sprintf("%d: %s", len(pods), strings.Join(seen, " | ")), nil
		})
}

func keeps(ctx context.Context, set string, count, seconds int) error {
	return awaitPods(ctx, fmt.Sprintf("the Pods of ReplicaSet %q", set), fmt.Sprintf("exactly %d, for %d s", count, seconds), time.Duration(seconds)*time.Second, true, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			pods := podsOf(found, set)
			return len(pods) == count, fmt.Sprintf("%d: %s", len(pods), among(pods)), nil
		})
}

// growsTo and shrinksTo are for large sets. A number that was passed is no matter of time: Pods that were created or deleted beyond it
// were so by mistake.
func growsTo(ctx context.Context, set string, count int) error {
	what := fmt.Sprintf("the Pods of ReplicaSet %q", set)
	return awaitPods(ctx, what, fmt.Sprintf("exactly %d, all Ready", count), boundLargeSet.within(ctx), false, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			pods, isReady := podsOf(found, set), 0
			for _, name := range pods {
				if is, _ := ready(found[name]); is {
					isReady++
				}
			}
			seen := fmt.Sprintf("%d, of which %d are Ready", len(pods), isReady)
			if len(pods) > count {
				return false, seen, failed(what, fmt.Sprintf("at most %d", count), seen)
			}
			return isReady == count, seen, nil
		})
}

// shrinksTo wants the Pods that go to be gone, too.
func shrinksTo(ctx context.Context, set string, count int) error {
	what := fmt.Sprintf("the Pods of ReplicaSet %q", set)
	return awaitPods(ctx, what, fmt.Sprintf("exactly %d", count), boundLargeSet.within(ctx), false, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			pods := podsOf(found, set)
			seen := fmt.Sprintf("%d, and %d more that are on their way out", len(pods), len(found)-len(pods))
			if len(pods) < count {
				return false, seen, failed(what, fmt.Sprintf("at least %d", count), seen)
			}
			return len(found) == count, seen, nil
		})
}

// countsAvailable takes the time when the status told of a Pod that it is available, and compares it with the last moment from which on
// the Pods were Ready. That is told in whole seconds, which are cut off, by the node's clock.
func countsAvailable(ctx context.Context, set string, count, seconds int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	theirs, err := s.clusterClock(ctx)
	if err != nil {
		return err
	}
	what, needed := fmt.Sprintf("\"status.availableReplicas\" of ReplicaSet %q", set), time.Duration(seconds)*time.Second
	expected := fmt.Sprintf("%d, each when a Pod has been Ready for %s", count, needed)
	return s.await(ctx, wait{
		kind: "ReplicaSet", options: named(set), what: what, expected: expected, limit: 2*boundPodStart.within(ctx) + needed,
		judge: func(found objects) (bool, string, error) {
			now := time.Now().Add(theirs.most)
			value, _, err := valueOf(found[set], "status.availableReplicas")
			if err != nil || value == "" || value == "0" {
				return false, "none", err
			}
			available, err := strconv.Atoi(value)
			if err != nil {
				return false, value, failed(what, expected, value)
			}
			old, seen, err := s.readyFor(ctx, set, now, needed-clockSkew)
			if err == nil && old < available {
				err = failed(what, expected, fmt.Sprintf("%d, and the Pods: %s", available, seen))
			}
			return available == count, value, err
		},
	})
}

// readyFor counts a set's Pods that have been Ready for so long now, and says of each since when it is.
func (s *scenario) readyFor(ctx context.Context, set string, now time.Time, least time.Duration) (int, string, error) {
	list, err := s.list(ctx, "Pod", "")
	if err != nil {
		return 0, "", err
	}
	count, seen := 0, []string{}
	for i := range list.Items {
		pod := &list.Items[i]
		since, there, err := valueOf(pod, "status.conditions[type=Ready].lastTransitionTime")
		if is, _ := ready(pod); err != nil || !there || !is || controllerOf(pod).Name != set {
			continue
		}
		begun, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return 0, "", failed("the time since when Pod "+pod.GetName()+" is Ready", "a time", since)
		}
		seen = append(seen, fmt.Sprintf("%s Ready for %.1f s", pod.GetName(), now.Sub(begun).Seconds()))
		if now.Sub(begun) >= least {
			count++
		}
	}
	return count, among(seen), nil
}

// currentPods are the Pods that a set controls now.
func (s *scenario) currentPods(ctx context.Context, set string) ([]string, error) {
	found, err := s.presentPods(ctx)
	if err != nil {
		return nil, err
	}
	return podsOf(found, set), nil
}

// presentPods are all Pods of the namespace, by name.
func (s *scenario) presentPods(ctx context.Context) (objects, error) {
	list, err := s.list(ctx, "Pod", "")
	if err != nil {
		return nil, err
	}
	found := objects{}
	for i := range list.Items {
		found[list.Items[i].GetName()] = &list.Items[i]
	}
	return found, nil
}

func podsRemembered(ctx context.Context, set, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	pods, err := s.currentPods(ctx, set)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember[as] = strings.Join(pods, ", ")
	return nil
}

// witnessName is the set by which podsSeen tells what a controller has seen.
const witnessName = "witness"

// podsSeen waits until whoever controls sets knows of every set and every Pod as they are by now. Kubernetes promises no order between its
// watches of sets and of Pods: a set that is seen before an orphan gets a Pod of its own, and the orphan may be the one too many. The step
// makes a set whose only Pod is the youngest of all; when the set counts it, all changes before it have been seen, too.
func podsSeen(ctx context.Context) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	pod := s.podOf("", witnessName, map[string]string{}, nobody)
	selector := map[string]any{"matchLabels": map[string]any{ownCase: witnessName}}
	if err := s.createAll(ctx, []*unstructured.Unstructured{setOf(witnessName, 1, selector, pod)}); err != nil {
		return err
	}
	err = s.await(ctx, wait{
		kind: "ReplicaSet", options: named(witnessName), limit: boundController.within(ctx),
		what: fmt.Sprintf(`"status.replicas" of ReplicaSet %q`, witnessName), expected: `becomes "1"`,
		judge: func(found objects) (bool, string, error) {
			if found[witnessName] == nil {
				return false, "no such ReplicaSet", nil
			}
			counted, _, err := valueOf(found[witnessName], "status.replicas")
			return counted == "1", counted, err
		},
	})
	if err != nil {
		return err
	}
	sets, err := s.resource("ReplicaSet")
	if err != nil {
		return err
	}
	return answered(fmt.Sprintf("delete ReplicaSet %q", witnessName), sets.Delete(ctx, witnessName, metav1.DeleteOptions{}))
}

// collectorSees waits until the garbage collector knows of every object of a kind that there is by now. It hears of each kind by another
// watch, and of what owns them by yet another: who deletes an owner before the collector has heard of what it owns has nothing collected with
// it, or nothing let go. The step makes an object whose owner there is not; when that has been collected, those before it are known.
func collectorSees(ctx context.Context, kind string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	const name = "foundling"
	object := s.podOf(name, name, map[string]string{}, nobody)
	if kind == "ReplicaSet" {
		object = setOf(name, 0, map[string]any{"matchLabels": map[string]any{ownCase: name}}, s.podOf("", name, map[string]string{}, nobody))
	}
	object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "nobody", UID: "5d0ab9a2-7c11-4f0e-9a55-3f6c1d2b7e80"}})
	if err := s.createAll(ctx, []*unstructured.Unstructured{object}); err != nil {
		return err
	}
	return gone(ctx, kind, name)
}

func onePodRemembered(ctx context.Context, set, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	pods, err := s.currentPods(ctx, set)
	if err != nil {
		return err
	}
	if len(pods) == 0 {
		return failed(fmt.Sprintf("the Pods of ReplicaSet %q", set), "at least one", "none")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember[as] = pods[0]
	return nil
}

func samePods(ctx context.Context, set, as string) error {
	before, now, err := podsThenAndNow(ctx, set, as)
	if err == nil && !slices.Equal(before, now) {
		return failed(fmt.Sprintf("the Pods of ReplicaSet %q", set), among(before), among(now))
	}
	return err
}

// ages are the first and the last times at which some Pods were created, and when they were looked at.
type ages struct{ first, last, at time.Time }

func agesRemembered(ctx context.Context, set, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	found, err := s.presentPods(ctx)
	if err != nil {
		return err
	}
	seen := ages{at: time.Now()}
	for _, name := range podsOf(found, set) {
		created := found[name].GetCreationTimestamp().Time
		if seen.first.IsZero() || created.Before(seen.first) {
			seen.first = created
		}
		if created.After(seen.last) {
			seen.last = created
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ages[as] = seen
	return nil
}

// alike says whether the Pods' ages were of one power of two, in nanoseconds, at every moment from when they were looked at until then,
// by clocks that keep time.
func (a ages) alike(until time.Time) bool {
	least, most := a.at.Sub(a.last)-clockSkew, until.Sub(a.first)+clockSkew
	return least > 0 && bits.Len64(uint64(least)) == bits.Len64(uint64(most))
}

// otherPods judges only what ages do not explain: on a slow cluster they may come to differ by a power of two.
func otherPods(ctx context.Context, set, as, all string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	then, known := s.ages[all]
	if !known {
		return fmt.Errorf("the ages of the Pods %q were not remembered", all)
	}
	before, now, err := podsThenAndNow(ctx, set, as)
	if err != nil || !slices.Equal(before, now) {
		return err
	}
	if judged := time.Now(); !then.alike(judged) {
		return &Inconclusive{Why: fmt.Sprintf("the Pods may have been of different ages, as Kubernetes compares them: the youngest was %s old before the set shrank, the oldest would be %s now, and a power of two of nanoseconds may lie between",
			then.at.Sub(then.last).Round(time.Second), judged.Sub(then.first).Round(time.Second))}
	}
	return failed(fmt.Sprintf("the Pods of ReplicaSet %q", set), "not exactly "+among(before), among(now))
}

// podsThenAndNow are the names of a set's Pods that were remembered, and those of the present ones.
func podsThenAndNow(ctx context.Context, set, as string) (before, now []string, err error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	remembered, err := s.expand("${" + as + "}")
	if err != nil {
		return nil, nil, err
	}
	now, err = s.currentPods(ctx, set)
	return names(remembered), now, err
}

// awaitController waits for what controls one Pod.
func awaitController(ctx context.Context, pod, expected string, limit time.Duration, hold bool, ok func(metav1.OwnerReference) bool) error {
	return awaitPods(ctx, fmt.Sprintf("the controller of Pod %q", pod), expected, limit, hold, named(pod), func(found objects) (bool, string, error) {
		if found[pod] == nil {
			return false, "the Pod does not exist", nil
		}
		owner := controllerOf(found[pod])
		if owner.Name == "" {
			return ok(owner), "none", nil
		}
		return ok(owner), fmt.Sprintf("%s %q", owner.Kind, owner.Name), nil
	})
}

func comesToControl(ctx context.Context, set, pod string) error {
	return awaitController(ctx, pod, fmt.Sprintf("ReplicaSet %q", set), boundController.within(ctx), false,
		func(owner metav1.OwnerReference) bool { return owner.Kind == "ReplicaSet" && owner.Name == set })
}

func comesToControlExactly(ctx context.Context, set, list string) error {
	want := names(list)
	slices.Sort(want)
	return awaitPods(ctx, fmt.Sprintf("the Pods of ReplicaSet %q", set), "exactly "+among(want), boundController.within(ctx), false, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			pods := podsOf(found, set)
			slices.Sort(pods)
			return slices.Equal(pods, want), among(pods), nil
		})
}

func noController(ctx context.Context, pod string) error {
	return awaitController(ctx, pod, "none", boundController.within(ctx), false, func(owner metav1.OwnerReference) bool { return owner.Name == "" })
}

func noControllerFor(ctx context.Context, pod string, seconds int) error {
	return awaitController(ctx, pod, fmt.Sprintf("none, for %d s", seconds), time.Duration(seconds)*time.Second, true,
		func(owner metav1.OwnerReference) bool { return owner.Name == "" })
}

func runOrphaned(ctx context.Context, list string) error {
	for _, name := range names(list) {
		if err := noController(ctx, name); err != nil {
			return err
		}
		if err := podsReady(ctx, name); err != nil {
			return err
		}
		if err := fieldIs(ctx, "status.containerStatuses[0].restartCount", "Pod", name, "0"); err != nil {
			return err
		}
		if err := fieldIsAbsent(ctx, "metadata.deletionTimestamp", "Pod", name); err != nil {
			return err
		}
	}
	return nil
}

func somePods(ctx context.Context, count int, selector string) error {
	return comeToBe(ctx, "Pod", count, selector)
}

func noneLeft(ctx context.Context, kind, selector string) error {
	return comeToBe(ctx, kind, 0, selector)
}

func comeToBe(ctx context.Context, kind string, count int, selector string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{
		kind: kind, options: metav1.ListOptions{LabelSelector: selector}, limit: boundPodStart.within(ctx),
		what: fmt.Sprintf("the %ss with the selector %q", kind, selector), expected: fmt.Sprintf("exactly %d", count),
		judge: func(found objects) (bool, string, error) {
			var seen []string
			for _, object := range found.sorted() {
				seen = append(seen, object.GetName())
			}
			return len(found) == count, fmt.Sprintf("%d: %s", len(found), among(seen)), nil
		},
	})
}

// settled wants the resource versions of a set and of its Pods to stand still.
func settled(ctx context.Context, set string, seconds int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, kind := range []string{"Pod", "ReplicaSet"} {
		group.Go(func() error { return s.standsStill(ctx, kind, set, time.Duration(seconds)*time.Second) })
	}
	return group.Wait()
}

// standsStill watches that nothing of a set is written: the set itself, or what it controls.
func (s *scenario) standsStill(ctx context.Context, kind, set string, limit time.Duration) error {
	first, begun := "", false
	return s.await(ctx, wait{
		kind: kind, limit: limit, hold: true,
		what: fmt.Sprintf("the resource versions of the %ss of %q", kind, set), expected: fmt.Sprintf("they stand still for %s", limit),
		judge: func(found objects) (bool, string, error) {
			var seen []string
			for _, object := range found.sorted() {
				if object.GetName() == set || controllerOf(object).Name == set {
					seen = append(seen, object.GetName()+" at "+object.GetResourceVersion())
				}
			}
			now := among(seen)
			if !begun {
				first, begun = now, true
			}
			return now == first, now, nil
		},
	})
}

// goesAfter waits for the set's end and then wants its Pods to be gone already: they cannot have gone in between for good.
func goesAfter(ctx context.Context, set, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if err := gone(ctx, "ReplicaSet", set); err != nil {
		return err
	}
	for _, name := range names(list) {
		pod, err := s.get(ctx, "Pod", name)
		if err != nil {
			return err
		}
		if pod != nil {
			_, seen := ready(pod)
			return failed(fmt.Sprintf("Pod %q, when ReplicaSet %q had gone", name, set), "gone before it", seen)
		}
	}
	return nil
}
