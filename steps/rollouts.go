package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sentences about Deployments: their ReplicaSets, by revision, and what becomes of Pods while one template takes the place of another.

func rolloutSentences(sc vocabulary) {
	sc.Step(`^the ReplicaSet of Deployment "([^"]*)" with the revision "(\d+)" is remembered as "([^"]*)"$`, revisionRemembered)
	sc.Step(`^Deployment "([^"]*)" comes to have exactly the revisions "([^"]*)"$`, comesToHaveRevisions)
	sc.Step(`^Deployment "([^"]*)" has exactly the revisions "([^"]*)" for (\d+) seconds$`, keepsRevisions)
	sc.Step(`^Deployment "([^"]*)" comes to have (\d+) Ready Pods of the version "([^"]*)", and no others$`, comesToRun)
	sc.Step(`^Deployment "([^"]*)" is rolled out to the version "([^"]*)", with at most (\d+) Pods and at least (\d+) Ready ones at any time$`, rolledOutWithin)
	sc.Step(`^Deployment "([^"]*)" is rolled out to the version "([^"]*)", with Pods of one version at any time$`, rolledOutApart)
}

// revision is the annotation in which a Deployment and its ReplicaSets tell their number.
const revision = "deployment.kubernetes.io/revision"

// setsOf are the ReplicaSets that a Deployment controls, by revision.
func setsOf(found objects, deployment string) map[string]string {
	sets := map[string]string{}
	for _, set := range found.sorted() {
		if controlledBy(set, deployment) {
			sets[set.GetAnnotations()[revision]] = set.GetName()
		}
	}
	return sets
}

func controlledBy(set *unstructured.Unstructured, deployment string) bool {
	owner := controllerOf(set)
	return owner.Kind == "Deployment" && owner.Name == deployment
}

// byRevision lists revisions, in their order, with the names of their sets.
func byRevision(sets map[string]string) string {
	numbers := make([]string, 0, len(sets))
	for number := range sets {
		numbers = append(numbers, number)
	}
	slices.SortFunc(numbers, func(a, b string) int {
		m, _ := strconv.Atoi(a)
		n, _ := strconv.Atoi(b)
		return m - n
	})
	for i, number := range numbers {
		numbers[i] = fmt.Sprintf("%q is %s", number, sets[number])
	}
	return among(numbers)
}

// awaitSets waits for a state of a Deployment's ReplicaSets.
func awaitSets(ctx context.Context, deployment string, w wait, judge func(sets map[string]string) bool) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	w.kind, w.what = "ReplicaSet", fmt.Sprintf("the ReplicaSets of Deployment %q, by revision", deployment)
	w.judge = func(found objects) (bool, string, error) {
		sets := setsOf(found, deployment)
		return judge(sets), byRevision(sets), nil
	}
	return s.await(ctx, w)
}

func revisionRemembered(ctx context.Context, deployment, number, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	name := ""
	err = awaitSets(ctx, deployment, wait{expected: fmt.Sprintf("one with the revision %q", number), limit: boundController.within(ctx)}, func(sets map[string]string) bool {
		name = sets[number]
		return name != ""
	})
	if err == nil {
		s.store(as, name)
	}
	return err
}

// exactlyRevisions says whether the sets have those revisions, and there are no others.
func exactlyRevisions(list string) func(map[string]string) bool {
	wanted := names(list)
	return func(sets map[string]string) bool {
		return len(sets) == len(wanted) && !slices.ContainsFunc(wanted, func(number string) bool { return sets[number] == "" })
	}
}

func comesToHaveRevisions(ctx context.Context, deployment, list string) error {
	return awaitSets(ctx, deployment, wait{expected: "exactly " + list, limit: boundController.within(ctx)}, exactlyRevisions(list))
}

func keepsRevisions(ctx context.Context, deployment, list string, seconds int) error {
	return awaitSets(ctx, deployment, wait{expected: fmt.Sprintf("exactly %s, for %d s", list, seconds), limit: time.Duration(seconds) * time.Second, hold: true}, exactlyRevisions(list))
}

// version is the label by which Pods of a Deployment tell the template that they are of.
const version = "version"

// generation is a Pod of a Deployment as a rollout looks at it.
type generation struct {
	name, version  string
	set            string // name of the ReplicaSet that controls it; empty if none does
	ready, leaving bool
}

func (g generation) String() string {
	words := []string{g.name, "of", strconv.Quote(g.version)}
	if g.ready {
		words = append(words, "Ready")
	}
	if g.leaving {
		words = append(words, "leaving")
	}
	return strings.Join(words, " ")
}

// generationsOf are the Pods of a Deployment that have not finished: those that its selector finds.
func generationsOf(found objects) []generation {
	var pods []generation
	for _, pod := range found.sorted() {
		if phase, _, _ := valueOf(pod, "status.phase"); phase == "Failed" || phase == "Succeeded" {
			continue
		}
		is, _ := ready(pod)
		set := ""
		if owner := controllerOf(pod); owner.Kind == "ReplicaSet" {
			set = owner.Name
		}
		pods = append(pods, generation{pod.GetName(), pod.GetLabels()[version], set, is, pod.GetDeletionTimestamp() != nil})
	}
	return pods
}

// awaitGenerations waits until the Deployment runs what it should, all Ready and nothing else. meanwhile says what must never be.
func awaitGenerations(ctx context.Context, deployment, wanted string, count int, expected string, begun func(), meanwhile func([]generation) (wrong string, err error)) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.mustGet(ctx, "Deployment", deployment)
	if err != nil {
		return err
	}
	labels, _, err := unstructured.NestedStringMap(object.Object, "spec", "selector", "matchLabels")
	if err != nil {
		return fmt.Errorf("read the selector of Deployment %q: %w", deployment, err)
	}
	what := fmt.Sprintf("the Pods of Deployment %q", deployment)
	return s.await(ctx, wait{
		kind: "Pod", options: metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: labels})},
		what: what, expected: expected, limit: 2 * boundPodStart.within(ctx),
		judge: func(found objects) (bool, string, error) {
			begun()
			pods := generationsOf(found)
			seen := make([]string, len(pods))
			done := len(pods) == count
			for i, pod := range pods {
				seen[i] = pod.String()
				done = done && pod.version == wanted && pod.ready && !pod.leaving
			}
			wrong, err := meanwhile(pods)
			if err != nil {
				return false, among(seen), err
			}
			if wrong != "" {
				return false, among(seen), failed(what+" during the rollout", expected, wrong+": "+among(seen))
			}
			return done, among(seen), nil
		},
	})
}

func comesToRun(ctx context.Context, deployment string, count int, wanted string) error {
	return awaitGenerations(ctx, deployment, wanted, count, fmt.Sprintf("%d of the version %q, all Ready", count, wanted), func() {}, func([]generation) (string, error) { return "", nil })
}

// rollOut changes the version in the template once the Pods are watched, and waits until the Deployment runs that.
func rollOut(ctx context.Context, deployment, to, expected string, meanwhile func([]generation) (string, error)) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.mustGet(ctx, "Deployment", deployment)
	if err != nil {
		return err
	}
	replicas, _, err := unstructured.NestedInt64(object.Object, "spec", "replicas")
	if err != nil {
		return fmt.Errorf("read the replicas of Deployment %q: %w", deployment, err)
	}
	change := map[string]any{}
	if err := assign(change, "spec.template.metadata.labels."+version, to); err != nil {
		return err
	}
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	watched, ended := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		ended <- awaitGenerations(watching, deployment, to, int(replicas), expected, func() { once.Do(func() { close(watched) }) }, meanwhile)
	}()
	select {
	case <-watched:
	case err := <-ended:
		return err
	}
	if err := merged(ctx, "Deployment", deployment, change); err != nil {
		return errors.Join(err, stop(cancel, ended))
	}
	if err := accepted(ctx); err != nil {
		return errors.Join(err, stop(cancel, ended))
	}
	return <-ended
}

// stop ends a wait that is not to be judged any more.
func stop(cancel context.CancelFunc, ended <-chan error) error {
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func rolledOutWithin(ctx context.Context, deployment, to string, most, least int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &promise{scenario: s, deployment: deployment, most: most, least: least, told: map[string]int64{}}
	watched, ended := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		err := s.await(within, p.setsPromise(within, func() { once.Do(func() { close(watched) }) }))
		if err != nil {
			cancel() // the rollout needs no further look
		}
		ended <- err
	}()
	select {
	case <-watched:
	case err := <-ended:
		return err
	}
	rolled := rollOut(within, deployment, to, fmt.Sprintf("at most %d Pods that are to stay, at least %d of them Ready, until all are of the version %q", most, least, to),
		func(pods []generation) (string, error) { return p.broken(within, pods) })
	if err := stop(cancel, ended); err != nil {
		return err
	}
	return rolled
}

// promise is what a Deployment keeps during a rollout. It counts what its sets are told to have, and tells an old one to have fewer before it
// tells the new one to have more; a set may take a while to do what it is told. So the sum of what the sets are told never is more
// than the most, and Pods may be more than that only as long as a set has not given up yet what it once was told to have.
type promise struct {
	scenario    *scenario
	deployment  string
	most, least int

	surplus time.Time // since when there have been too many Pods; zero while there are not

	mu   sync.Mutex
	told map[string]int64 // the most that each set ever was told to have, by name
}

// setsPromise is the wait in which the sets are never told to have too much.
func (p *promise) setsPromise(ctx context.Context, begun func()) wait {
	what, expected := fmt.Sprintf("the ReplicaSets of Deployment %q during the rollout", p.deployment), fmt.Sprintf("told to have at most %d Pods together", p.most)
	return wait{
		kind: "ReplicaSet", what: what, expected: expected, limit: 2 * boundPodStart.within(ctx), hold: true,
		judge: func(found objects) (bool, string, error) {
			var all []string
			sum := int64(0)
			for _, set := range found.sorted() {
				if !controlledBy(set, p.deployment) {
					continue
				}
				count, err := p.tell(set)
				if err != nil {
					return false, "", err
				}
				sum += count
				all = append(all, fmt.Sprintf("%s %d", set.GetName(), count))
			}
			if sum > int64(p.most) {
				return false, among(all), failed(what, expected, fmt.Sprintf("told to have %d Pods: %s", sum, among(all)))
			}
			begun()
			return true, among(all), nil
		},
	}
}

// tell notes what a set is told to have now.
func (p *promise) tell(set *unstructured.Unstructured) (int64, error) {
	count, _, err := unstructured.NestedInt64(set.Object, "spec", "replicas")
	if err != nil {
		return 0, fmt.Errorf("read the replicas of ReplicaSet %q: %w", set.GetName(), err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told[set.GetName()] = max(p.told[set.GetName()], count)
	return count, nil
}

// mostOf is the most that a set was ever told to have. Its Pods may be seen before what it was told, so one that has more is asked for.
func (p *promise) mostOf(ctx context.Context, set string, pods int) (int64, error) {
	known := func() int64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.told[set]
	}
	if int64(pods) <= known() || set == "" {
		return known(), nil
	}
	object, err := p.scenario.get(ctx, "ReplicaSet", set)
	if err != nil {
		return 0, environment(err)
	}
	if object != nil {
		if _, err := p.tell(object); err != nil {
			return 0, err
		}
	}
	return known(), nil
}

// broken says what is wrong with the Pods that there are, or nothing.
func (p *promise) broken(ctx context.Context, pods []generation) (string, error) {
	staying, ready := 0, 0
	bySet := map[string]int{}
	for _, pod := range pods {
		if pod.leaving {
			continue
		}
		staying++
		bySet[pod.set]++
		if pod.ready {
			ready++
		}
	}
	if ready < p.least {
		return fmt.Sprintf("%d Ready Pods", ready), nil
	}
	if staying <= p.most {
		p.surplus = time.Time{}
		return "", nil
	}
	for set, count := range bySet {
		told, err := p.mostOf(ctx, set, count)
		if err != nil {
			return "", err
		}
		if int64(count) > told {
			return fmt.Sprintf("%d Pods, %d of them of ReplicaSet %q, which never was told to have more than %d", staying, count, set, told), nil
		}
	}
	if p.surplus.IsZero() {
		p.surplus = time.Now()
	}
	if patience := boundController.within(ctx); time.Since(p.surplus) > patience {
		return fmt.Sprintf("%d Pods, for longer than %s", staying, patience), nil
	}
	return "", nil
}

func rolledOutApart(ctx context.Context, deployment, to string) error {
	expected := fmt.Sprintf("Pods of one version at a time, until all are of the version %q", to)
	return rollOut(ctx, deployment, to, expected, func(pods []generation) (string, error) {
		for _, pod := range pods {
			if pod.version != pods[0].version {
				return "Pods of two versions", nil
			}
		}
		return "", nil
	})
}
