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
		if owner := controllerOf(set); owner.Kind == "Deployment" && owner.Name == deployment {
			sets[set.GetAnnotations()[revision]] = set.GetName()
		}
	}
	return sets
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
	set            string // name of its controller
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
		pods = append(pods, generation{pod.GetName(), pod.GetLabels()[version], controllerOf(pod).Name, is, pod.GetDeletionTimestamp() != nil})
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
	expected := fmt.Sprintf("at most %d Pods that are to stay, at least %d of them Ready, until all are of the version %q", most, least, to)
	return rollOut(ctx, deployment, to, expected, func(pods []generation) (string, error) {
		ready := 0
		staying := map[string]int{} // by set
		for _, pod := range pods {
			if pod.leaving {
				continue
			}
			staying[pod.set]++
			if pod.ready {
				ready++
			}
		}
		if ready < least {
			return fmt.Sprintf("%d Ready Pods", ready), nil
		}
		if count := total(staying); count <= most {
			return "", nil
		}
		// A Deployment counts what its sets are told to have, and a new Pod may come before an old one's set has done what it was told.
		if err := s.atMostAsTold(ctx, staying); err != nil {
			return "", err
		}
		if count := total(staying); count > most {
			return fmt.Sprintf("%d Pods", count), nil
		}
		return "", nil
	})
}

func total(counts map[string]int) int {
	sum := 0
	for _, count := range counts {
		sum += count
	}
	return sum
}

// atMostAsTold reduces counts of Pods by set to the numbers that the sets are told to have.
func (s *scenario) atMostAsTold(ctx context.Context, counts map[string]int) error {
	for name, count := range counts {
		set, err := s.get(ctx, "ReplicaSet", name)
		if err != nil {
			return err
		}
		told := int64(0)
		if set != nil {
			if told, _, err = unstructured.NestedInt64(set.Object, "spec", "replicas"); err != nil {
				return fmt.Errorf("read the replicas of ReplicaSet %q: %w", name, err)
			}
		}
		counts[name] = min(count, int(told))
	}
	return nil
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
